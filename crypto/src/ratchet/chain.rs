//! A chain key gives a message key and its own successor. SPEC §5 "Message".

use super::message_key::MessageKey;
use crate::{kdf::hmac, secret::Secret};

/// The key of a symmetric chain.
pub(crate) struct ChainKey(pub(crate) Secret<32>);

impl ChainKey {
    /// The message key at this place, and the chain key of the next.
    pub(crate) fn advance(&self) -> (MessageKey, Self) {
        let message = MessageKey(hmac(self.0.expose(), &[&[1]]));
        let next = Self(hmac(self.0.expose(), &[&[2]]));
        (message, next)
    }
}
