//! The handshake: one flight from the initiator, to a device that may be away.
//!
//! ```text
//!   initiator                                       responder
//!   card, prekeys ──▶ initiate() ──▶ Session        prekeys at the relay
//!   Session::seal ──▶ block ‖ wire ───────────────▶ accept() ──▶ Session, content
//!                     (block again, until the first answer)
//! ```
//!
//! SPEC §4.

pub mod initiator;
pub mod responder;

mod block;
mod schedule;

use msg_protocol::{
    hash::{Label, hash},
    key::AgreementKey,
};

pub(crate) use block::{Block, Flight};

use crate::kem::KemCiphertext;

/// Name of a handshake: what a second copy of its first flight is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandshakeName(pub [u8; 32]);

impl HandshakeName {
    pub(crate) fn of(ek: &AgreementKey, ct: &KemCiphertext) -> Self {
        Self(hash(Label::new("hs-id"), &[ek.as_bytes(), ct.as_bytes()]))
    }
}
