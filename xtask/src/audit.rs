//! `cargo xtask audit`: what we depend on, by the rules of `deny.toml`.
//!
//! Licences, banned crates, sources and duplicates. Not the advisories of RUSTSEC:
//! their database has to be fetched, and this command works without a network
//! once its tool is installed.

use crate::{
    failure::Failure,
    step::Step,
    tool::{self, C_COMPILER},
};

const VERSION: &str = "0.20.2";

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    if let Some(word) = words.first() {
        return Err(Failure::Usage(format!("`audit` takes no argument, not `{word}`")));
    }
    tool::require(&[C_COMPILER])?;
    let deny = tool::registry_program("cargo-deny", VERSION, "--version")?;
    Step::cargo("fetch", "fetch --locked").run()?;
    Step::new("audit", deny)
        .words("--workspace --all-features --offline --locked check bans licenses sources")
        .run()
}
