//! What a relay says unasked, to a device that is signed in. SPEC §"Pushes".

use serde::{Deserialize, Serialize};

use crate::{
    envelope::Envelope, error::Refusal, kinded::kinded, limits::MAX_FRAME_BYTES, response::Row,
};

kinded! {
    /// What a relay says unasked. A client ignores kinds from later.
    pub enum Push[MAX_FRAME_BYTES] {
        /// An envelope has come, or a knock. Costs one credit.
        1 Arrived,
        /// An envelope that nobody stores. Costs one credit.
        2 Passing,
        /// One-time prekeys run out.
        3 PrekeysLow,
        /// The relay closes the link.
        4 Closing,
    }
}

impl Push {
    /// Whether a relay needs a client's leave for it.
    pub const fn costs_credit(&self) -> bool {
        matches!(self, Self::Arrived(_) | Self::Passing(_))
    }
}

/// An envelope has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// The envelope and its place.
    pub row: Row,
}

/// An ephemeral envelope: not stored, so never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passing {
    /// The envelope.
    pub envelope: Envelope,
}

/// One-time prekeys run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrekeysLow {
    /// How many are left.
    pub one_time: u16,
}

/// The relay closes the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Why, and when to come back.
    pub reason: Refusal,
}
