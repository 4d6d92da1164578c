//! The test vectors, read back: the public interface must make what they state
//! out of their inputs alone. The second implementation checks them too
//! (`tests/tests/interop/vectors.rs`); `crypto/src/vectors.rs` makes them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at its first surprise"
)]

mod card;
mod case;
mod draws;
mod file;
mod first_message;
mod frames;
mod handshake;
mod ids;
mod links;
mod messages;
mod party;
mod password;
mod prekeys;
mod primitives;
mod ratchet;
mod safety;
mod sizes;
mod store;
