//! The test vectors, read back: the public interface must make what they state
//! out of their inputs alone. The second implementation checks them too
//! (`tests/tests/interop/vectors.rs`); `crypto/src/vectors.rs` makes them.

#![cfg(test)]

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
