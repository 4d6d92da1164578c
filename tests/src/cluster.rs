//! Several relays on one PostgreSQL cluster, with a load balancer before them, on
//! loopback. They show one key, keep the pieces of blobs in one folder, and end with
//! the process that has started them, however it ends.

mod balancer;
mod key;
mod node;

use std::{fs::DirBuilder, net::SocketAddr, os::unix::fs::DirBuilderExt as _, thread};

use msg_protocol::address::{Pin, RelayLink};

pub use self::{balancer::Balancer, node::Node};
use crate::{
    postgres::{Cluster, free_port},
    relay::{Endpoint, RelayBuilder},
};

/// Relays that run. They are numbered from 1.
#[derive(Debug)]
pub struct Relays {
    // What comes first needs what comes later.
    balancer: Balancer,
    nodes: Vec<Node>,
    builder: RelayBuilder,
    /// The database. Its nodes are numbered from 1 as well.
    pub database: Cluster,
}

impl Relays {
    /// Starts so many relays on that database, all at once, as the builder says.
    pub fn start(database: Cluster, builder: RelayBuilder, count: usize) -> Self {
        let builder = on_database(builder, &database);
        let mut relays = Self { balancer: Balancer::start(), nodes: Vec::new(), builder, database };
        let starting = |number| {
            let (builder, folder) = (relays.builder.clone(), relays.database.folder().to_owned());
            thread::spawn(move || Node::start(builder, &folder, number))
        };
        let started: Vec<_> = (1..=count).map(starting).collect();
        for node in started {
            relays.take(node.join().unwrap());
        }
        relays
    }

    /// Starts one more, and has the balancer send links to it; gives its number.
    pub fn add(&mut self) -> usize {
        let number = self.nodes.len() + 1;
        let node = Node::start(self.builder.clone(), self.database.folder(), number);
        self.take(node);
        number
    }

    fn take(&mut self, node: Node) {
        self.balancer.add(node.endpoint().address, node.health());
        self.nodes.push(node);
    }

    /// All relays, whether they run or not.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One of them.
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number - 1]
    }

    /// One of them, to be ended or started.
    pub fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number - 1]
    }

    /// What stands before them.
    pub fn balancer(&self) -> &Balancer {
        &self.balancer
    }

    /// Whichever of them the balancer chooses.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { address: self.balancer.address(), pin: self.pin(), from: None }
    }

    /// The link by which clients find all of them.
    pub fn link(&self) -> RelayLink {
        let link = format!("msg-relay://{}/?pin={}", self.balancer.address(), self.pin());
        link.parse().expect("a link")
    }

    fn pin(&self) -> Pin {
        self.node(1).endpoint().pin
    }
}

/// A relay that keeps its store in that database, and shows the key that lies beside it.
pub fn on_database(builder: RelayBuilder, database: &Cluster) -> RelayBuilder {
    let folder = database.folder();
    let (chain, key) = key::open_or_make(folder);
    let blobs = folder.join("blobs");
    DirBuilder::new().recursive(true).mode(0o700).create(&blobs).unwrap();
    builder
        .within(folder)
        .env("MSG_RELAY_STORE", "postgres")
        .env("MSG_RELAY_POSTGRES_DSN", database.dsn())
        .env("MSG_RELAY_BLOBS", format!("file://{}", blobs.display()))
        .env("MSG_RELAY_TLS_CERTIFICATE", chain.display().to_string())
        .env("MSG_RELAY_TLS_KEY", key.display().to_string())
        .env("MSG_RELAY_REGISTRATION", "open")
}

/// An address on loopback at which nobody listens.
fn free_address() -> SocketAddr {
    ([127, 0, 0, 1], free_port()).into()
}
