//! Connections to relays: TCP, through a proxy where one is set, and TLS 1.3 on
//! top, with a pinned key or the system's certificate authorities. SPEC
//! §"Addresses and links", §"Opening a link".
//!
//! A relay that cannot be trusted is refused for good: there is no second try
//! with less. What is deliberately absent: the resumption of TLS sessions, whose
//! tickets would tell a relay that two links are one client's.

mod dial;
mod error;
mod proxy;
mod socks;
mod tls;

use std::{sync::Arc, time::Duration};

use msg_protocol::address::{Pin, RelayAddress};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use self::tls::Authorities;
pub use self::{
    error::{DialError, Distrust, SocksFault, TlsFault},
    proxy::{Proxy, ProxyError},
};

/// How relays are reached.
#[derive(Debug, Clone)]
pub struct DialSettings {
    /// The proxy that everything goes through, if any.
    pub proxy: Option<Proxy>,
    /// The authorities that a relay without a pin is checked by.
    pub roots: Roots,
    /// Time for finding and reaching the relay, or the proxy.
    pub connect_timeout: Duration,
    /// Time for the proxy to reach the relay: Tor builds a circuit first.
    pub proxy_timeout: Duration,
    /// Time for the TLS handshake.
    pub tls_timeout: Duration,
}

impl Default for DialSettings {
    fn default() -> Self {
        Self {
            proxy: None,
            roots: Roots::System,
            connect_timeout: Duration::from_secs(10),
            proxy_timeout: Duration::from_mins(1),
            tls_timeout: Duration::from_secs(10),
        }
    }
}

/// Certificate authorities.
#[derive(Debug, Clone, Default)]
pub enum Roots {
    /// The system's. Read when the first relay without a pin is dialled.
    #[default]
    System,
    /// These and no others.
    Given(Vec<CertificateDer<'static>>),
}

/// A connection to a relay that is the one.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Dials relays. Cheap to clone; clones share the authorities that were read.
#[derive(Debug, Clone)]
pub struct Dialer(Arc<Inner>);

/// Another way to relays than through the system's network.
#[cfg(feature = "simulation")]
pub trait Network: std::fmt::Debug + Send + Sync {
    /// Connects to a relay.
    fn dial(&self, relay: &RelayAddress) -> Dialling;
}

/// A connection that is being made.
#[cfg(feature = "simulation")]
pub type Dialling =
    std::pin::Pin<Box<dyn Future<Output = Result<Box<dyn Stream>, DialError>> + Send>>;

#[derive(Debug)]
struct Inner {
    settings: DialSettings,
    authorities: OnceCell<Authorities>,
    #[cfg(feature = "simulation")]
    network: Option<Box<dyn Network>>,
}

impl Dialer {
    /// A dialer with these settings.
    pub fn new(settings: DialSettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            authorities: OnceCell::new(),
            #[cfg(feature = "simulation")]
            network: None,
        }))
    }

    /// A dialer that goes another way, where no relay has to show a key.
    #[cfg(feature = "simulation")]
    pub fn through(network: Box<dyn Network>) -> Self {
        let (settings, authorities) = (DialSettings::default(), OnceCell::new());
        Self(Arc::new(Inner { settings, authorities, network: Some(network) }))
    }

    /// Connects to a relay and makes sure that it is the one.
    ///
    /// With a pin exactly that key is trusted, whatever name and dates its
    /// certificate has; without one, what the authorities vouch for. Dials with
    /// different `isolation` share no stream of a proxy that isolates by login,
    /// as Tor does.
    pub async fn dial(
        &self,
        relay: &RelayAddress,
        pin: Option<Pin>,
        isolation: &str,
    ) -> Result<Box<dyn Stream>, DialError> {
        #[cfg(feature = "simulation")]
        if let Some(network) = &self.0.network {
            let dialled = timeout(self.0.settings.connect_timeout, network.dial(relay));
            return dialled.await.map_err(|_| DialError::ConnectTimeout)?;
        }
        Ok(Box::new(self.secured(relay, pin, isolation).await?))
    }

    async fn secured(
        &self,
        relay: &RelayAddress,
        pin: Option<Pin>,
        isolation: &str,
    ) -> Result<TlsStream<TcpStream>, DialError> {
        let config = match pin {
            Some(pin) => tls::pinned(pin)?,
            None => self.authorities().await?.config(),
        };
        let name = relay.host.to_dial_text();
        let name = ServerName::try_from(name).map_err(|_| DialError::Resolve)?;
        let tcp = dial::connect(&self.0.settings, relay, isolation).await?;
        let handshake = TlsConnector::from(config).connect(name, tcp);
        let stream = timeout(self.0.settings.tls_timeout, handshake)
            .await
            .map_err(|_| DialError::TlsTimeout)?
            .map_err(|error| tls::fault(&error))?;
        tls::check_protocol(&stream)?;
        Ok(stream)
    }

    async fn authorities(&self) -> Result<&Authorities, DialError> {
        let read = || Authorities::read(self.0.settings.roots.clone());
        self.0.authorities.get_or_try_init(read).await
    }
}

impl Default for Dialer {
    fn default() -> Self {
        Self::new(DialSettings::default())
    }
}

#[cfg(test)]
pub(crate) mod tests;
