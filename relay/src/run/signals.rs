//! What the operator says to a relay that runs.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that a relay hears.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// What a signal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Finish what is in flight and stop; said twice, stop at once.
    Stop,
    /// Read certificate and configuration again.
    Reload,
}

impl Signals {
    /// Hears from now on. In a runtime only.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The first that says to stop.
    pub(super) async fn stop(&mut self) {
        while self.next().await != Said::Stop {}
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Said {
        tokio::select! {
            _ = self.terminate.recv() => Said::Stop,
            _ = self.interrupt.recv() => Said::Stop,
            _ = self.hang_up.recv() => Said::Reload,
        }
    }
}
