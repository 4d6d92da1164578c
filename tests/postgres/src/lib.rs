//! PostgreSQL for tests: a database for each test on one server ([`Database`]), and
//! clusters of up to three nodes that are killed, promoted and brought back
//! ([`Cluster`]). The programs are Debian's; every server has a folder and a
//! loopback port of its own, and `fsync` on.
//!
//! Nothing stays: a watchdog ends every server and removes its folder when the
//! [`Cluster`] is dropped or its process has ended, however it has.
//!
//! Left out on purpose: a driver. What tests ask of a server by themselves goes
//! through [`Session`], which knows text and no types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "a test stops at its first surprise"
)]

mod certificates;
mod cluster;
mod database;
mod ground;
mod node;
mod ports;
mod programs;
mod session;

pub use self::{
    certificates::{Certificates, PASSWORD},
    cluster::{Builder, Cluster, ROLE},
    database::Database,
    ground::{Ground, working_in},
    node::Stop,
    ports::free_port,
    programs::{Absent, Programs, are_there},
    session::{Row, Session},
};
