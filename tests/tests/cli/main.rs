//! `msg` as people and scripts meet it: the real program, a real relay, and the
//! files that both leave.

#![cfg(test)]

mod admin;
mod damage;
mod due;
mod hygiene;
mod kills;
mod pair;
mod parallel;
mod pipes;
mod prompts;
mod relays;
mod rollbacks;
mod setbacks;
mod settings;
mod shutdowns;
mod stories;
mod traces;
mod unattended;

use msg_tests::{
    msg::{self, Person},
    relay::{RelayBuilder, RelayProcess},
};

const MSG: &str = env!("CARGO_BIN_EXE_msg");
const PASSWORD: &str = "correct horse battery 4711\n";

fn relay() -> RelayProcess {
    RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).start()
}

/// A relay where nobody registers without an invitation.
fn invited() -> RelayProcess {
    RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).arg("--registration").arg("invited").start()
}

fn friends(relay: &RelayProcess) -> [Person; 2] {
    msg::friends(MSG, relay, ["alice", "bob"])
}
