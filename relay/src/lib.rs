//! `msg-relay`: authenticates, stores, forwards, forgets.
//!
//! It links no code that could open an envelope. What it keeps stands behind
//! the seam of [`store`]; what it grants, in [`limits`]; what it does for whoever
//! asks, in [`service`]; and who asks comes through `serve` and [`connection`].
//! What an operator sets is [`config`]; a relay as a process is `startup` and
//! `run`.

mod admin;
mod args;
pub mod clock;
mod command;
pub mod config;
pub mod connection;
mod fail_point;
pub mod gate;
mod invitation;
pub mod limits;
mod migrate;
pub mod mutant;
mod output;
pub mod presence;
mod private;
pub mod quota;
mod random;
mod run;
mod selftest;
mod serve;
pub mod service;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
pub mod source;
mod startup;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod test_folder;
mod tls;

pub use command::{main_from, understands};
