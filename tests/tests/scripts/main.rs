//! What scripts do with `msg`: the real program, a real relay, real children.

#![cfg(test)]

mod archive;
mod ask;
mod exec;
mod keys;
mod lines;
mod marks;
mod presence;
mod run;

use msg_tests::{
    msg::{self, Person},
    relay::{RelayBuilder, RelayProcess},
};
use serde_json::Value;

const MSG: &str = env!("CARGO_BIN_EXE_msg");

fn relay() -> RelayProcess {
    RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).start()
}

fn friends(relay: &RelayProcess) -> [Person; 2] {
    msg::friends(MSG, relay, ["alice", "bob"])
}

/// A field of a line of JSON.
fn field<'a>(line: &'a Value, name: &str) -> &'a str {
    line.get(name).and_then(Value::as_str).unwrap_or("")
}
