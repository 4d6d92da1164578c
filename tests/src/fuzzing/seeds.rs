//! Where each corpus starts from: valid inputs, always the same, so that a fuzzer
//! need not find out by itself what a card or a handshake looks like.

mod messages;
mod protocol;
mod scripts;
mod texts;
mod words;

/// One input of a corpus.
pub struct Seed {
    /// The target's name.
    pub target: &'static str,
    /// The file's name in the corpus.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// The seeds of all targets.
pub fn all() -> Vec<Seed> {
    let parts = [protocol::seeds(), scripts::seeds(), texts::seeds(), words::seeds()];
    parts.into_iter().flatten().collect()
}

fn seed(target: &'static str, name: &str, bytes: impl Into<Vec<u8>>) -> Seed {
    Seed { target, name: format!("seed-{name}"), bytes: bytes.into() }
}
