//! One relay of several: its process, and the port at which a balancer asks after it.

use std::{net::SocketAddr, ops::Deref, path::Path};

use super::{balancer, free_address};
use crate::relay::{RelayBuilder, RelayProcess};

/// A relay of a cluster.
#[derive(Debug)]
pub struct Node {
    process: RelayProcess,
    health: SocketAddr,
    metrics: SocketAddr,
}

impl Node {
    /// Starts it with a folder of its own in that one.
    pub(super) fn start(builder: RelayBuilder, folder: &Path, number: usize) -> Self {
        let (health, metrics) = (free_address(), free_address());
        let builder = builder
            .env("MSG_RELAY_HEALTH", health.to_string())
            .env("MSG_RELAY_METRICS", metrics.to_string());
        let mut own = tempfile::Builder::new();
        let own = own.prefix(&format!("r{number}")).rand_bytes(0).tempdir_in(folder).unwrap();
        Self { process: builder.start_in(own), health, metrics }
    }

    /// Where its health is told.
    pub fn health(&self) -> SocketAddr {
        self.health
    }

    /// Where its figures are told.
    pub fn metrics(&self) -> SocketAddr {
        self.metrics
    }

    /// Whether it says that it takes links.
    pub fn is_well(&self) -> bool {
        balancer::is_well_now(self.health)
    }

    /// The process, to be ended or started again.
    pub fn process(&mut self) -> &mut RelayProcess {
        &mut self.process
    }
}

impl Deref for Node {
    type Target = RelayProcess;

    fn deref(&self) -> &RelayProcess {
        &self.process
    }
}
