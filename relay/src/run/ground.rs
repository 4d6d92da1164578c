//! What a relay stands on before its store is open: ports, names and its key.

use std::{net::SocketAddr, sync::Arc};

use msg_protocol::address::RelayAddress;
use tokio::net::TcpListener;
use tracing::{info, warn};

use super::{RunError, Signals, source};
use crate::{
    config::{Config, Metrics},
    presence::Presence,
    startup::{self, DataLock},
    telemetry::log::Logging,
    tls::Tls,
};

/// Descriptors beside those of links: the store, the log, other sockets.
const OTHER_DESCRIPTORS: u64 = 64;

/// What stands before the store is open.
pub(super) struct Ground<'a> {
    pub(super) config: Config,
    pub(super) logging: &'a Logging,
    pub(super) lock: &'a DataLock,
    pub(super) signals: Signals,
    pub(super) listener: TcpListener,
    pub(super) bound: SocketAddr,
    pub(super) public: RelayAddress,
    pub(super) tls: Tls,
    pub(super) tls_names: Vec<String>,
    pub(super) presence: Arc<Presence>,
    pub(super) metrics: Option<TcpListener>,
    pub(super) health: Option<TcpListener>,
}

impl<'a> Ground<'a> {
    /// Takes what only one relay can have: ports, and the key that links pin.
    pub(super) fn lay(
        config: Config,
        logging: &'a Logging,
        lock: &'a DataLock,
    ) -> Result<Self, RunError> {
        let signals = Signals::listen().map_err(RunError::Process)?;
        let (listener, bound) = listen(&config)?;
        let metrics = metrics_port(&config)?;
        let health = health_port(&config)?;
        let public = public_address(&config, bound)?;
        let tls_names = certificate_names(&public, bound);
        let tls = Tls::open(&source(&config, &tls_names))?;
        let presence = Arc::new(Presence::default());
        Ok(Self {
            config,
            logging,
            lock,
            signals,
            listener,
            bound,
            public,
            tls,
            tls_names,
            presence,
            metrics,
            health,
        })
    }
}

/// Listens, and warns if there are fewer descriptors than links may come.
fn listen(config: &Config) -> Result<(TcpListener, SocketAddr), RunError> {
    let enough = config.limits.links + OTHER_DESCRIPTORS;
    if let Some(descriptors) = startup::descriptors().filter(|count| *count < enough) {
        warn!(count = descriptors, "fewer descriptors than the limit `links` needs");
    }
    let listener = startup::listen(config.listen, config.limits.backlog)?;
    let bound = listener.local_addr().map_err(RunError::Process)?;
    Ok((listener, bound))
}

/// Where Prometheus is answered, if anywhere.
fn metrics_port(config: &Config) -> Result<Option<TcpListener>, RunError> {
    let listen = |address| startup::listen(address, config.limits.backlog);
    match config.metrics {
        Metrics::Off => Ok(None),
        Metrics::At(address) => Ok(Some(listen(address)?)),
        Metrics::Auto => {
            let listening = listen(Metrics::USUAL);
            if let Err(error) = &listening {
                warn!(error = %error, "no metrics; `metrics` sets another port, or off");
            }
            Ok(listening.ok())
        }
    }
}

/// Where balancers ask, if anywhere.
fn health_port(config: &Config) -> Result<Option<TcpListener>, RunError> {
    let Some(address) = config.health else { return Ok(None) };
    let listener = startup::listen(address, config.limits.backlog)?;
    let bound = listener.local_addr().map_err(RunError::Process)?;
    info!(address = %bound, "balancers are answered");
    Ok(Some(listener))
}

/// What links show; warns where nobody has said it.
pub(super) fn public_address(config: &Config, bound: SocketAddr) -> Result<RelayAddress, RunError> {
    let (public, known) = startup::public_address(config, bound);
    if !known {
        warn!("links show this machine's own name; `public` sets another one");
    }
    public.ok_or(RunError::NoPublicAddress)
}

/// What the relay's own certificate is for. Whoever has the pin does not ask.
pub(super) fn certificate_names(public: &RelayAddress, bound: SocketAddr) -> Vec<String> {
    let mut names = vec![public.host.to_dial_text()];
    if !bound.ip().is_unspecified() {
        names.push(bound.ip().to_string());
    }
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}
