//! The end-to-end cryptography of `msg`: keys in, bytes out.
//!
//! `crypto/SPEC.md` is normative for every byte made here. Randomness and time
//! are always arguments; there is no clock, file, socket or global state.
//! Secrets are wiped when dropped, and have no `Debug`, `Clone` or serde.
//!
//! What is deliberately absent: negotiation of algorithms, a mode without the
//! KEM, a key that a login secret could be, and any text that names a peer.
#![no_std]

extern crate alloc;

mod aead;
pub mod agreement;
pub mod archive;
mod argon2id;
pub mod at_rest;
pub mod error;
pub mod file;
pub mod handshake;
pub mod identity;
mod kdf;
pub mod kem;
pub mod limits;
pub mod padding;
pub mod password;
pub mod prekey;
mod ratchet;
pub mod safety;
pub mod secret;
pub mod session;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod wycheproof;

pub use argon2id::{Cost, CostError, Costs, OutOfMemory};
pub use handshake::{
    initiator::{InitiateError, initiate},
    responder::{AcceptError, Accepted, CardHistory, accept, handshake_name},
};
pub use ratchet::{OpenError, SealError};
pub use session::{Sealed, Session};
