//! `relay`: durable deposits beside other systems that keep messages, and what a
//! relay costs by itself: the way of an envelope to a device that is there, idle
//! links, a full store, a start after a crash.
//!
//! Every server is a process on loopback that speaks TLS 1.3, and the same loop in
//! this program keeps the same number of deposits in flight on as many connections.

mod certificate;
pub(crate) mod connection;
mod deposits;
pub(crate) mod folder;
mod growth;
mod idle;
mod latency;
pub(crate) mod letters;
mod pushes;
pub(crate) mod server;
pub(crate) mod wire;

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    machine,
    output::{line, talk},
};

/// What can be measured by itself.
const PARTS: [&str; 4] = ["deposits", "pushes", "idle", "growth"];

/// Measures and prints what is asked for, without words everything; `--full` asks
/// for a store of a million envelopes, `--store postgres` for deposits on each of our
/// stores alone. `None` if the words make no sense.
pub(crate) fn run(words: &[&str]) -> Option<io::Result<()>> {
    if words == ["--store", "postgres"] {
        return Some(start(&["stores"], false));
    }
    let full = words.contains(&"--full");
    let asked: Vec<&str> = words.iter().copied().filter(|word| *word != "--full").collect();
    if !asked.iter().all(|word| PARTS.contains(word)) {
        return None;
    }
    Some(start(if asked.is_empty() { &PARTS } else { &asked }, full))
}

fn start(parts: &[&str], full: bool) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    line(format!("machine: {}", machine::describe()));
    line("each server a process on loopback, TLS 1.3, its files on the disk of the build folder");
    line("");
    runtime.block_on(async {
        tokio::select! {
            result = measure(parts, full) => result,
            // Whoever interrupts does not want servers to be left running.
            word = interruption() => word.and(Err(io::ErrorKind::Interrupted.into())),
        }
    })
}

async fn measure(parts: &[&str], full: bool) -> io::Result<()> {
    for part in parts {
        match *part {
            "deposits" => {
                let left_out = |name: &str, error: &io::Error| {
                    talk(&format!("{name} is left out: {error}"));
                };
                deposits::run(left_out).await?;
            }
            "stores" => deposits::run_stores().await?,
            "pushes" => pushes::run().await?,
            "idle" => idle::run().await?,
            _ => growth::run(full).await?,
        }
    }
    Ok(())
}

async fn interruption() -> io::Result<()> {
    let mut end = signal(SignalKind::terminate())?;
    tokio::select! {
        word = tokio::signal::ctrl_c() => word,
        _ = end.recv() => Ok(()),
    }
}
