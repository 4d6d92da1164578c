//! `cargo xtask cluster`: three PostgreSQL nodes and three relays on this machine,
//! until Ctrl-C.

use crate::{
    failure::Failure,
    step::Step,
    tool::{self, C_COMPILER, POSTGRESQL},
};

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    if let Some(word) = words.first() {
        return Err(Failure::Usage(format!("`cluster` takes no argument, not `{word}`")));
    }
    tool::require(&[C_COMPILER])?;
    tool::require_server(POSTGRESQL)?;
    Step::cargo("programs", "build --locked --package msg-relay --package msg-cli").run()?;
    let cluster = "run --quiet --locked --package msg-tests --bin cluster";
    Err(Step::cargo("cluster", cluster).run_in_our_place())
}
