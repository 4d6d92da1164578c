//! What an adversary computes who follows `crypto/SPEC.md`, and no code of the
//! product but its primitives: with a stolen state, with leaked private keys, or
//! as a peer who is who he says and sends what he likes.
//!
//! - [`State`]: a session's state, read from its archive.
//! - [`Eavesdropper`]: follows a session on the wire from a stolen state on.
//! - [`Rogue`]: seals as a valid peer, with header values of its choice.
//! - [`Forger`]: makes first flights with values of its choice.

pub mod eavesdropper;
pub mod forger;
pub mod notation;
pub mod rogue;
pub mod state;
pub mod wire;

pub use eavesdropper::{Eavesdropper, Keyring};
pub use forger::Forger;
pub use rogue::{Choice, Rogue};
pub use state::State;
