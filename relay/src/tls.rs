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

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use msg_protocol::address::Pin;
use rustls::ServerConfig;
use tokio::sync::watch;

pub(crate) use self::error::TlsError;
use self::files::Identity;
use crate::config::TlsFiles;

/// Where key and certificate come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The relay's own, in that folder, made there if it has none; with the names
    /// that the certificate shows.
    Own(PathBuf, Vec<String>),
    /// The operator's.
    Files(TlsFiles),
}

/// Removes the relay's own key and certificate from a folder; gives what is gone.
pub(crate) fn remove_own(folder: &Path) -> Result<Vec<PathBuf>, TlsError> {
    own::remove(folder)
}

/// Where the relay's own key and certificate lie in a folder.
pub(crate) fn own_files(folder: &Path) -> [PathBuf; 2] {
    own::files(folder)
}

/// The relay's side of TLS.
#[derive(Debug)]
pub(crate) struct Tls {
    config: watch::Sender<Arc<ServerConfig>>,
    pin: watch::Sender<Pin>,
}

impl Tls {
    /// Reads key and certificate, and makes the relay's own where there is none.
    pub(crate) fn open(source: &Source) -> Result<Self, TlsError> {
        let (config, pin) = read(source)?;
        Ok(Self { config: watch::Sender::new(config), pin: watch::Sender::new(pin) })
    }

    /// Reads them again; on an error those so far stay. Links that are open keep
    /// what they have.
    pub(crate) fn reload(&self, source: &Source) -> Result<(), TlsError> {
        let (config, pin) = read(source)?;
        self.config.send_replace(config);
        self.pin.send_replace(pin);
        Ok(())
    }

    /// The pin of the key that new links are shown.
    pub(crate) fn pin(&self) -> Pin {
        *self.pin.borrow()
    }

    /// The pin, whatever is read again in between.
    pub(crate) fn subscribe_pin(&self) -> watch::Receiver<Pin> {
        self.pin.subscribe()
    }

    /// What the next link is taken with, whatever is read again in between.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.config.subscribe()
    }
}

fn read(source: &Source) -> Result<(Arc<ServerConfig>, Pin), TlsError> {
    let identity = match source {
        Source::Own(folder, names) => own::open_or_make(folder, names)?,
        Source::Files(files) => Identity::provided(files)?,
    };
    Ok((Arc::new(server::config(identity.key)?), identity.pin))
}

#[cfg(test)]
mod tests;
