//! How an envelope lies in the store: two rows under its sequence number and
//! its mailbox, so that new ones come at the end of both tables. The number
//! alone may be another mailbox's too, in a store that was moved here.
//!
//! The head has what the envelope is, a checksum over everything, and the first
//! [`HEAD_BODY_BYTES`] of the body; the rest of a body of any of the fixed sizes
//! then fits a page of that size. The checksum covers mailbox and sequence: a
//! row that turns up at another place is damaged.
//!
//! ```text
//! checksum 32 | mailbox 16 | id 16 | kind 1 | knock 1 | expires 8 | forgotten 8 | body bytes 4 | body …
//! ```

use msg_protocol::{
    envelope::{Body, Envelope, EnvelopeKind},
    id::{EnvelopeId, MailboxId},
    response::Row,
    time::UnixSeconds,
};
use sha2::{Digest as _, Sha256};

use super::table::{Table, View, key};
use crate::store::{RelayTime, Result};

/// Bytes of a body, or of a piece of a blob, that stand in the head.
pub(crate) const HEAD_BODY_BYTES: usize = 64;

const CHECKSUM_BYTES: usize = 32;
const META_BYTES: usize = 16 + 16 + 1 + 1 + 8 + 8 + 4;

/// An envelope as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredEnvelope {
    /// What collecting gives.
    pub(crate) row: Row,
    /// When the relay forgets it.
    pub(crate) forgotten: RelayTime,
}

/// The key of an envelope's two rows.
pub(crate) fn envelope_key(mailbox: MailboxId, sequence: u64) -> Vec<u8> {
    key(&[&sequence.to_be_bytes(), mailbox.as_bytes()])
}

fn meta(stored: &StoredEnvelope) -> Vec<u8> {
    let envelope = &stored.row.envelope;
    let kind = match envelope.kind {
        EnvelopeKind::Session => 0,
        EnvelopeKind::Handshake => 1,
    };
    [
        envelope.mailbox.as_bytes().as_slice(),
        envelope.id.as_bytes(),
        &[kind, u8::from(stored.row.knock)],
        &envelope.expires.0.to_be_bytes(),
        &stored.forgotten.0.to_be_bytes(),
        &u32::try_from(envelope.body.as_bytes().len()).unwrap_or(u32::MAX).to_be_bytes(),
    ]
    .concat()
}

/// The checksum of a row in two parts.
pub(crate) fn checksum(table: Table, key: &[u8], meta: &[u8], body: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(table.name());
    hash.update([0]);
    hash.update((key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update((meta.len() as u64).to_be_bytes());
    hash.update(meta);
    for part in body {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The head and the rest.
pub(crate) fn seal(stored: &StoredEnvelope) -> (Vec<u8>, &[u8]) {
    let meta = meta(stored);
    let key = envelope_key(stored.row.envelope.mailbox, stored.row.sequence);
    let body = stored.row.envelope.body.as_bytes();
    let (first, rest) = body.split_at(body.len().min(HEAD_BODY_BYTES));
    let checksum = checksum(Table::Heads, &key, &meta, &[body]);
    ([checksum.as_slice(), &meta, first].concat(), rest)
}

/// The envelope, if both rows are what was written for that mailbox and place.
pub(crate) fn open(
    mailbox: MailboxId,
    sequence: u64,
    head: &[u8],
    rest: &[u8],
) -> Option<StoredEnvelope> {
    let (found, head) = head.split_first_chunk::<CHECKSUM_BYTES>()?;
    let (meta, first) = head.split_first_chunk::<META_BYTES>()?;
    let key = envelope_key(mailbox, sequence);
    let expected = checksum(Table::Heads, &key, meta, &[first, rest]);
    if expected != *found {
        return None;
    }
    let (whose, meta) = meta.split_first_chunk::<16>()?;
    let (id, meta) = meta.split_first_chunk::<16>()?;
    let ([kind, knock], meta) = meta.split_first_chunk::<2>()?;
    let (expires, meta) = meta.split_first_chunk::<8>()?;
    let (forgotten, _) = meta.split_first_chunk::<8>()?;
    let kind = match kind {
        0 => EnvelopeKind::Session,
        1 => EnvelopeKind::Handshake,
        _ => return None,
    };
    let envelope = Envelope {
        mailbox: MailboxId(*whose),
        id: EnvelopeId(*id),
        kind,
        expires: UnixSeconds(u64::from_be_bytes(*expires)),
        body: Body::new([first, rest].concat()).ok()?,
    };
    (envelope.mailbox == mailbox).then_some(StoredEnvelope {
        row: Row { sequence, knock: *knock == 1, envelope },
        forgotten: RelayTime(u64::from_be_bytes(*forgotten)),
    })
}

/// Reads an envelope; `None` if it is not whole.
pub(crate) fn read(
    view: &impl View,
    mailbox: MailboxId,
    sequence: u64,
) -> Result<Option<StoredEnvelope>> {
    let key = envelope_key(mailbox, sequence);
    let Some(head) = view.stored(Table::Heads, &key)? else { return Ok(None) };
    let rest = view.stored(Table::Rests, &key)?.unwrap_or_default();
    Ok(open(mailbox, sequence, &head, &rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredEnvelope {
        let envelope = Envelope {
            mailbox: MailboxId([1; 16]),
            id: EnvelopeId([2; 16]),
            kind: EnvelopeKind::Handshake,
            expires: UnixSeconds(77),
            body: Body::new((0..4_096_u32).map(|byte| byte.to_le_bytes()[0]).collect()).unwrap(),
        };
        StoredEnvelope { row: Row { sequence: 9, knock: true, envelope }, forgotten: RelayTime(5) }
    }

    #[test]
    fn an_envelope_is_read_only_at_its_place_and_whole() {
        let stored = stored();
        let (head, rest) = seal(&stored);
        let mailbox = MailboxId([1; 16]);
        assert_eq!(open(mailbox, 9, &head, rest), Some(stored.clone()));
        assert_eq!(open(mailbox, 8, &head, rest), None);
        assert_eq!(open(MailboxId([3; 16]), 9, &head, rest), None);
        assert_eq!(open(mailbox, 9, &head, &[]), None);
        for bit in (0..head.len() * 8).step_by(7) {
            let mut flipped = head.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(mailbox, 9, &flipped, rest), None);
        }
        for bit in (0..rest.len() * 8).step_by(97) {
            let mut flipped = rest.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(mailbox, 9, &head, &flipped), None);
        }
    }

    #[test]
    fn the_rest_of_a_body_fits_a_page_of_the_body_s_size() {
        // Of a leaf with one row: its header, two offsets, and the key.
        const LEAF_BYTES: usize = 4 + 8 + 24;
        for size in msg_protocol::limits::BODY_SIZES {
            assert!(size - HEAD_BODY_BYTES + LEAF_BYTES <= size);
        }
    }
}
