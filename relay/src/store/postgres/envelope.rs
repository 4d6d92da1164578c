//! How an envelope lies in its row: what SQL must see in columns of its own, the
//! rest in `head`, with a checksum over everything but the sequence number, which
//! the database gives.
//!
//! ```text
//! head: checksum 32 | kind 1 | expires, as the sender says, 8
//! ```

use msg_protocol::{
    envelope::{Body, Envelope, EnvelopeKind},
    id::{EnvelopeId, MailboxId},
    response,
    time::UnixSeconds,
};
use sha2::{Digest as _, Sha256};
use tokio_postgres::Row;

use super::{
    failure::Failure,
    value::{column, id_in, number, number_in},
};
use crate::store::{RelayTime, mailbox::NewEnvelope};

const LABEL: &[u8] = b"msg-relay envelope";

/// The columns that [`open`] reads, in their order.
macro_rules! columns {
    () => {
        "seq, msgid, expires, knock, head, body"
    };
}
pub(super) use columns;

/// The columns of an envelope that is to be written.
pub(super) struct Columns {
    pub(super) mailbox: MailboxId,
    pub(super) id: EnvelopeId,
    pub(super) forgotten: i64,
    pub(super) knock: i16,
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Columns {
    pub(super) fn of(new: &NewEnvelope, is_knock: bool) -> Self {
        Self::new(&new.envelope, new.expires, is_knock)
    }

    pub(super) fn new(envelope: &Envelope, forgotten: RelayTime, is_knock: bool) -> Self {
        let knock = i16::from(is_knock);
        let meta = meta(envelope.kind, envelope.expires);
        let forgotten = number(forgotten.0);
        let body = envelope.body.as_bytes();
        let checksum = checksum(envelope.mailbox, envelope.id, forgotten, knock, &meta, body);
        Self {
            mailbox: envelope.mailbox,
            id: envelope.id,
            forgotten,
            knock,
            head: [checksum.as_slice(), &meta].concat(),
            body: body.to_vec(),
        }
    }
}

/// What a row is.
pub(super) enum Opened {
    /// What was written.
    Whole(response::Row),
    /// Something else, under that sequence number.
    Damaged(i64),
}

/// Opens a row of a mailbox with the columns of [`columns!`].
pub(super) fn open(mailbox: MailboxId, row: &Row) -> Result<Opened, Failure> {
    let sequence = number_in(row, 0)?;
    let whole = whole(mailbox, row, sequence);
    Ok(whole.map_or_else(|| Opened::Damaged(number(sequence)), Opened::Whole))
}

fn whole(mailbox: MailboxId, row: &Row, sequence: u64) -> Option<response::Row> {
    let id = EnvelopeId(id_in(row, 1).ok()?);
    let (forgotten, knock) = (column::<i64>(row, 2).ok()?, column::<i16>(row, 3).ok()?);
    let (found, meta) = column::<&[u8]>(row, 4).ok()?.split_first_chunk::<32>()?;
    let body: &[u8] = column(row, 5).ok()?;
    if checksum(mailbox, id, forgotten, knock, meta, body) != *found {
        return None;
    }
    let (kind, expires) = meta.split_first()?;
    let kind = match kind {
        0 => EnvelopeKind::Session,
        1 => EnvelopeKind::Handshake,
        _ => return None,
    };
    let expires = UnixSeconds(u64::from_be_bytes(expires.try_into().ok()?));
    let body = Body::new(body.to_vec()).ok()?;
    let envelope = Envelope { mailbox, id, kind, expires, body };
    Some(response::Row { sequence, knock: knock != 0, envelope })
}

fn meta(kind: EnvelopeKind, expires: UnixSeconds) -> Vec<u8> {
    let kind = match kind {
        EnvelopeKind::Session => 0,
        EnvelopeKind::Handshake => 1,
    };
    [&[kind], expires.0.to_be_bytes().as_slice()].concat()
}

fn checksum(
    mailbox: MailboxId,
    id: EnvelopeId,
    forgotten: i64,
    knock: i16,
    meta: &[u8],
    body: &[u8],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(LABEL);
    hash.update(mailbox.as_bytes());
    hash.update(id.as_bytes());
    hash.update(forgotten.to_be_bytes());
    hash.update(knock.to_be_bytes());
    hash.update((meta.len() as u64).to_be_bytes());
    hash.update(meta);
    hash.update(body);
    hash.finalize().into()
}
