//! The relay's TLS: version 1.3, ALPN `msg/1`, X25519 with ML-KEM-768 preferred.
//!
//! The certificate is the operator's, or one that the relay has made itself: its
//! users trust the key, by the pin in a link, and not what a certificate says.
//! Files that are read again replace the certificate for new links only.
//! SPEC §"Addresses and links", §"Opening a link".

mod error;
mod files;
mod own;
mod server;

use std::{path::PathBuf, sync::Arc};

use msg_protocol::address::Pin;
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

pub use self::error::TlsError;
use self::files::Identity;
use crate::config::TlsFiles;

/// Where key and certificate come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The relay's own, in that folder, made there if it has none; with the names
    /// that the certificate shows.
    Own(PathBuf, Vec<String>),
    /// The operator's.
    Files(TlsFiles),
}

/// The relay's side of TLS. Copies share the certificate.
#[derive(Debug, Clone)]
pub struct Tls {
    current: Arc<watch::Sender<Current>>,
}

#[derive(Debug, Clone)]
struct Current {
    pin: Pin,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads key and certificate, and makes the relay's own where there is none.
    pub fn open(source: &Source) -> Result<Self, TlsError> {
        Ok(Self { current: Arc::new(watch::Sender::new(Current::read(source)?)) })
    }

    /// Reads them again; on an error those so far stay. Links that are open keep
    /// what they have. Gives the pin.
    pub fn reload(&self, source: &Source) -> Result<Pin, TlsError> {
        let current = Current::read(source)?;
        let pin = current.pin;
        self.current.send_replace(current);
        Ok(pin)
    }

    /// The pin of the key that new links are shown.
    pub fn pin(&self) -> Pin {
        self.current.borrow().pin
    }

    /// What takes the next link.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.borrow().config))
    }
}

impl Current {
    fn read(source: &Source) -> Result<Self, TlsError> {
        let identity = match source {
            Source::Own(folder, names) => own::open_or_make(folder, names)?,
            Source::Files(files) => Identity::provided(files)?,
        };
        Ok(Self { pin: identity.pin, config: Arc::new(server::config(identity.key)?) })
    }
}

#[cfg(test)]
mod tests;
