//! What a relay reads again while it runs, and what needs a restart.
//!
//! Whatever cannot be read leaves what is in force in force: a slip in a file
//! never takes a running relay down.

use tracing::{error, info, warn};

use crate::{
    config::{Config, ConfigError},
    limits::Limits,
    service::Service,
    store::Store,
    telemetry::log::Logging,
    tls::{self, Tls},
};

/// Limits that the store is opened with, and the port.
const OF_THE_START: [&str; 5] =
    ["backlog", "store-bytes", "floor-bytes", "floor-percent", "ballast-bytes"];

/// What can change while the relay runs.
pub(super) struct Reload<'a, S> {
    pub(super) tls: &'a Tls,
    pub(super) tls_names: &'a [String],
    pub(super) service: &'a Service<S>,
    pub(super) logging: &'a Logging,
}

impl<S: Store> Reload<'_, S> {
    /// Reads everything again. `running` is what is in force, before and after.
    pub(super) fn run(
        &self,
        running: &mut Config,
        read: impl FnOnce() -> Result<Config, ConfigError>,
    ) {
        match read() {
            Ok(read) => self.adopt(running, &read),
            Err(error) => {
                error!(error = %error, "configuration is wrong; the one so far stays");
                self.certificate(running, running.tls.clone());
            }
        }
    }

    fn adopt(&self, running: &mut Config, read: &Config) {
        self.certificate(running, read.tls.clone());
        running.limits = changeable(&running.limits, &read.limits);
        self.service.change_limits(running.limits.clone());
        running.log.level = read.log.level;
        self.logging.change_level(running.log.level);
        let waiting = running.changed(read);
        if waiting.is_empty() {
            info!("configuration is read again");
        } else {
            warn!(keys = %waiting.join(" "), "configuration is read again; these need a restart");
        }
    }

    fn certificate(&self, running: &mut Config, files: Option<crate::config::TlsFiles>) {
        let mut wanted = running.clone();
        wanted.tls = files;
        match self.tls.reload(&source(&wanted, self.tls_names)) {
            Ok(()) => {
                running.tls = wanted.tls;
                info!("certificate is read again");
            }
            Err(error) => error!(error = %error, "certificate is wrong; the one so far stays"),
        }
    }
}

/// Where the certificate comes from.
pub(super) fn source(config: &Config, names: &[String]) -> tls::Source {
    match &config.tls {
        Some(files) => tls::Source::Files(files.clone()),
        None => tls::Source::Own(config.data.clone(), names.to_vec()),
    }
}

/// The limits as read, but those that the store has been opened with.
fn changeable(running: &Limits, read: &Limits) -> Limits {
    let mut limits = read.clone();
    for name in OF_THE_START {
        if let Ok(value) = running.value(name) {
            // Cannot fail: the name has just been found.
            let _ = limits.set(name, value);
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_change_but_those_of_the_open_store() {
        let running = Limits::default();
        let read = Limits { knocks: 64, store_bytes: 1, ..Limits::default() };
        let limits = changeable(&running, &read);
        assert_eq!((limits.knocks, limits.store_bytes), (64, running.store_bytes));
        assert!(OF_THE_START.iter().all(|name| running.value(name).is_ok()));
    }
}
