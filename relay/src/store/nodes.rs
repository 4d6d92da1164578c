//! What relay nodes on one store are to each other: words that they pass, buckets
//! that hold for all of them together, and the key that all of them show.
//!
//! Nodes know of each other only through the store. A word is a hint: it may come
//! late, twice or not at all, and nothing that was promised hangs on it.

use core::future::Future;

use msg_protocol::{
    address::Pin,
    codec::{self, DecodeError},
    envelope::Envelope,
    error::Refusal,
    id::{DeviceId, MailboxId},
    limits::MAX_BODY_BYTES,
};
use serde::{Deserialize, Serialize};

use super::Result;
use crate::quota::{TooOften, bucket::Rate};

/// Bytes of an encoded word at most: an envelope's body, with all around it.
pub const MAX_WORD_BYTES: usize = MAX_BODY_BYTES + 128;

/// What one node tells the others about a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// Something may have arrived.
    Arrived(MailboxId),
    /// An ephemeral envelope, for the device if it is there.
    Pass(Envelope),
    /// The device's one-time pairs run out: so many are left.
    PrekeysLow(MailboxId, u16),
    /// The device's links are to be closed.
    Close(MailboxId, Refusal),
}

impl Word {
    /// Whose links it is for.
    pub const fn mailbox(&self) -> MailboxId {
        match self {
            Self::Arrived(mailbox) | Self::PrekeysLow(mailbox, _) | Self::Close(mailbox, _) => {
                *mailbox
            }
            Self::Pass(envelope) => envelope.mailbox,
        }
    }

    /// At most [`MAX_WORD_BYTES`].
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// What [`encode`](Self::encode) made; whatever else comes is refused.
    pub fn decode(bytes: &[u8]) -> core::result::Result<Self, DecodeError> {
        codec::decode(bytes, MAX_WORD_BYTES)
    }
}

/// What names a bucket that all nodes share: what is counted, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey([u8; 17]);

impl BucketKey {
    /// The bucket of a device, or of everybody together, for one kind of deed.
    pub const fn new(deed: u8, device: Option<DeviceId>) -> Self {
        let mut key = [0; 17];
        if let Some((first, rest)) = key.split_first_mut() {
            *first = deed;
            if let Some(device) = device {
                rest.copy_from_slice(&device.0);
            }
        }
        Self(key)
    }

    /// Its bytes, which differ from those of every other one.
    pub const fn as_bytes(&self) -> &[u8; 17] {
        &self.0
    }
}

/// A store as what connects nodes. One that a single process owns connects
/// nobody: it is not [`shared`](Self::shared), and no more is asked of it.
pub trait Nodes {
    /// Whether there may be other nodes on this store.
    fn shared(&self) -> bool;

    /// Tells the other nodes, and not this one. Arrivals the engine tells by
    /// itself. Never blocks; a word that is too
    /// large for the engine, or comes too fast, may be left out.
    fn tell(&self, word: Word);

    /// Takes `amount` out of a bucket that is one for all nodes, or says when it
    /// will be there. It need not outlive a crash of the store, and is forgotten
    /// when it is full again.
    fn take_shared(
        &self,
        bucket: BucketKey,
        rate: Rate,
        amount: u64,
    ) -> impl Future<Output = Result<core::result::Result<(), TooOften>>> + Send;

    /// The pin of the key that all nodes show: that of the first call, on
    /// whichever node, for good.
    fn pin(&self, own: Pin) -> impl Future<Output = Result<Pin>> + Send;
}

#[cfg(test)]
mod tests {
    use msg_protocol::{
        envelope::{Body, EnvelopeKind},
        error::Code,
        id::EnvelopeId,
        time::UnixSeconds,
    };

    use super::*;

    const MAILBOX: MailboxId = MailboxId([7; 16]);

    fn words() -> [Word; 4] {
        [
            Word::Arrived(MAILBOX),
            Word::Pass(Envelope {
                mailbox: MAILBOX,
                id: EnvelopeId([2; 16]),
                kind: EnvelopeKind::Handshake,
                expires: UnixSeconds(u64::MAX),
                body: Body::new(vec![9; MAX_BODY_BYTES]).unwrap(),
            }),
            Word::PrekeysLow(MAILBOX, u16::MAX),
            Word::Close(MAILBOX, Refusal::for_now(Code::SUSPENDED, u32::MAX)),
        ]
    }

    #[test]
    fn a_word_is_what_was_said_and_fits() {
        for word in words() {
            let bytes = word.encode();
            assert!(bytes.len() <= MAX_WORD_BYTES);
            assert_eq!(word.mailbox(), MAILBOX);
            assert_eq!(Word::decode(&bytes), Ok(word));
        }
        assert_eq!(Word::Arrived(MAILBOX).encode().len(), 17);
    }

    #[test]
    fn garbage_is_refused() {
        for word in words() {
            let bytes = word.encode();
            assert!(Word::decode(bytes.get(..bytes.len() - 1).unwrap()).is_err(), "cut");
            assert!(Word::decode(&[bytes.as_slice(), &[0]].concat()).is_err(), "longer");
        }
        for first in 0..=u8::MAX {
            for length in 0..64 {
                // Whatever it is, it is what it encodes to, or nothing.
                let bytes = vec![first; length];
                if let Ok(word) = Word::decode(&bytes) {
                    assert_eq!(word.encode(), bytes);
                }
            }
        }
        assert!(Word::decode(&vec![0; MAX_WORD_BYTES + 1]).is_err());
    }

    #[test]
    fn buckets_are_told_apart() {
        let device = |number| Some(DeviceId([number; 16]));
        let keys = [(0, None), (1, None), (0, device(1)), (1, device(1)), (1, device(2))];
        let keys: std::collections::BTreeSet<_> =
            keys.map(|(deed, device)| BucketKey::new(deed, device)).into();
        assert_eq!(keys.len(), 5);
    }
}
