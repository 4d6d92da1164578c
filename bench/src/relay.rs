//! `relay`: durable deposits beside other systems that keep messages, and what a
//! relay costs by itself: the way of an envelope to a device that is there, idle
//! links, a full store, a start after a crash.
//!
//! Every server is a process on loopback that speaks TLS 1.3, and the same loop in
//! this program keeps the same number of deposits in flight on as many connections.

mod certificate;
mod connection;
mod deposits;
mod folder;
mod growth;
mod idle;
mod latency;
mod letters;
mod pushes;
mod server;
mod wire;

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    machine,
    output::{line, talk},
};

/// Measures and prints everything. `full` asks for a store of a million envelopes.
pub(crate) fn run(full: bool) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    line(format!("machine: {}", machine::describe()));
    line("each server a process on loopback, TLS 1.3, its files on the disk of the build folder");
    line("");
    runtime.block_on(async {
        tokio::select! {
            result = measure(full) => result,
            // Whoever interrupts does not want servers to be left running.
            word = interruption() => word.and(Err(io::ErrorKind::Interrupted.into())),
        }
    })
}

async fn measure(full: bool) -> io::Result<()> {
    deposits::run(|name, error| talk(&format!("{name} is left out: {error}"))).await?;
    pushes::run().await?;
    idle::run().await?;
    growth::run(full).await
}

async fn interruption() -> io::Result<()> {
    let mut end = signal(SignalKind::terminate())?;
    tokio::select! {
        word = tokio::signal::ctrl_c() => word,
        _ = end.recv() => Ok(()),
    }
}
