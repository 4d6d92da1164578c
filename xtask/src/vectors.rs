//! `cargo xtask vectors`: writes the test vectors in `tests/vectors` as the code
//! makes them. What they become is for the eye of whoever commits them.

use crate::{
    failure::Failure,
    step::Step,
    tool::{self, C_COMPILER},
};

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    if let Some(word) = words.first() {
        return Err(Failure::Usage(format!("`vectors` takes no argument, not `{word}`")));
    }
    tool::require(&[C_COMPILER])?;
    Step::cargo("vectors", "test --locked --package msg-crypto --lib vectors::")
        .env("MSG_VECTORS", "write")
        .run()?;
    Step::new("changes", "git").words("status --short tests/vectors").run()
}
