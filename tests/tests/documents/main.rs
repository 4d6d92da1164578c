//! Every document, as its reader would follow it: each command is run by a shell on
//! the real programs, what it shows is compared, each configuration is read by whom
//! it is for, and each word that names a command is understood by its program.
//!
//! A scenario takes a document's blocks in their order, and fails where one is
//! there that it does not know. What stands for the reader's machine is [`world`],
//! what stands for programs that a test has not is [`stand_ins`].

#![cfg(test)]

mod examples;
mod markdown;
mod mentions;
mod operations;
mod readme;
mod settings;
mod shown;
mod stand_ins;
mod world;

const MSG: &str = env!("CARGO_BIN_EXE_msg");
const RELAY: &str = env!("CARGO_BIN_EXE_relay");
