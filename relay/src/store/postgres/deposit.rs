//! An envelope on its way into its mailbox.
//!
//! Most come by the door into a mailbox that has room: one statement, and many
//! share a commit. Whatever that statement does not store is looked at under the
//! mailbox's lock, in a transaction of its own.

use msg_protocol::id::MailboxId;

use super::{
    envelope::Columns,
    failure::Failure,
    line::Line,
    pool::Change,
    value::{column, id_in, number, number_in},
};
use crate::store::{
    StoreError,
    mailbox::{Appended, ENVELOPE_OVERHEAD_BYTES, Entry, NewEnvelope},
    right::{RightId, RightKind},
};

/// The next sequence number. Those of an idle mailbox follow the database's clock,
/// one for all nodes, so that those after a restore lie above those before.
macro_rules! next_sequence {
    () => {
        "GREATEST(last_seq + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
    };
}

/// What an envelope counts for.
fn bytes_of(new: &NewEnvelope) -> u64 {
    u64::try_from(new.envelope.body.as_bytes().len()).unwrap_or(u64::MAX) + ENVELOPE_OVERHEAD_BYTES
}

/// Stores an envelope that comes by the door, if nothing speaks against it.
pub(super) const APPEND: &str = concat!(
    "WITH m AS (UPDATE mailbox SET last_seq = ",
    next_sequence!(),
    ", cnt = cnt + 1, bytes = bytes + $6 \
     WHERE id = $1 AND cnt < $7 AND bytes + $6 <= $8 \
     AND NOT EXISTS (SELECT 1 FROM envelope e WHERE e.mbx = $1 AND e.msgid = $2) \
     RETURNING last_seq) \
     INSERT INTO envelope (mbx, seq, msgid, expires, knock, head, body) \
     SELECT $1, last_seq, $2, $3, 0::smallint, $4, $5 FROM m RETURNING seq"
);

/// Whether the envelope was stored by that statement.
pub(super) async fn append(line: &Line, new: &NewEnvelope) -> Result<bool, Failure> {
    let columns = Columns::of(new, false);
    let row = line
        .row(
            APPEND,
            &[
                &columns.mailbox.as_bytes().as_slice(),
                &columns.id.as_bytes().as_slice(),
                &columns.forgotten,
                &columns.head,
                &columns.body,
                &number(bytes_of(new)),
                &i64::from(new.limits.envelopes),
                &number(new.limits.bytes),
            ],
        )
        .await?;
    Ok(row.is_some())
}

/// An envelope that is looked at under the lock of its mailbox.
pub(super) struct Deposit(pub(super) NewEnvelope);

/// A mailbox as its row says.
struct Filling {
    account: [u8; 16],
    envelopes: u64,
    bytes: u64,
    knocks: u64,
}

impl Change for Deposit {
    type Outcome = Appended;

    async fn run(&self, line: &Line) -> Result<Appended, Failure> {
        const KNOWN: &str = "SELECT 1 FROM envelope WHERE mbx = $1 AND msgid = $2";
        let new = &self.0;
        let mailbox = new.envelope.mailbox;
        let Some(filling) = lock(line, mailbox).await? else { return Ok(Appended::NotFound) };
        let (place, id) = (mailbox.as_bytes().as_slice(), new.envelope.id.as_bytes().as_slice());
        if line.row(KNOWN, &[&place, &id]).await?.is_some() {
            return Ok(Appended::Duplicate);
        }
        let kind = match new.entry {
            Entry::Door => None,
            Entry::Knock(right) => match lock_right(line, &filling, right).await? {
                Some(kind) => Some(kind),
                None => return Ok(Appended::RightSpent),
            },
        };
        if let Some(refusal) = refusal(new, &filling, kind) {
            return Ok(refusal);
        }
        if let Entry::Knock(right) = new.entry {
            spend(line, &filling, right).await?;
        }
        store(line, new).await?;
        Ok(Appended::Stored)
    }
}

async fn lock(line: &Line, mailbox: MailboxId) -> Result<Option<Filling>, Failure> {
    const LOCK: &str = "UPDATE mailbox SET last_seq = last_seq WHERE id = $1 \
         RETURNING acct, cnt, bytes, knocks";
    let Some(row) = line.row(LOCK, &[&mailbox.as_bytes().as_slice()]).await? else {
        return Ok(None);
    };
    Ok(Some(Filling {
        account: id_in(&row, 0)?,
        envelopes: number_in(&row, 1)?,
        bytes: number_in(&row, 2)?,
        knocks: number_in(&row, 3)?,
    }))
}

/// The kind of a right that has a knock left, which nobody else spends meanwhile.
async fn lock_right(
    line: &Line,
    filling: &Filling,
    right: RightId,
) -> Result<Option<RightKind>, Failure> {
    const LOCK: &str = "SELECT kind FROM knock_right \
         WHERE acct = $1 AND id = $2 AND knocks > 0 FOR UPDATE";
    let row = line.row(LOCK, &[&filling.account.as_slice(), &right.0.as_slice()]).await?;
    let Some(row) = row else { return Ok(None) };
    let kind = kind_of(column(&row, 0)?).ok_or(StoreError::Damaged)?;
    Ok(Some(kind))
}

/// The kind of right that a column means.
pub(super) const fn kind_of(column: i16) -> Option<RightKind> {
    match column {
        0 => Some(RightKind::Ticket),
        1 => Some(RightKind::Token),
        _ => None,
    }
}

/// What a column says of a kind of right.
pub(super) const fn column_of(kind: RightKind) -> i16 {
    match kind {
        RightKind::Ticket => 0,
        RightKind::Token => 1,
    }
}

async fn spend(line: &Line, filling: &Filling, right: RightId) -> Result<(), Failure> {
    const SPEND: &str = "UPDATE knock_right SET knocks = knocks - 1 WHERE acct = $1 AND id = $2";
    line.execute(SPEND, &[&filling.account.as_slice(), &right.0.as_slice()]).await?;
    Ok(())
}

/// What forbids one more envelope, if anything does.
fn refusal(new: &NewEnvelope, filling: &Filling, kind: Option<RightKind>) -> Option<Appended> {
    let limits = new.limits;
    let is_full = filling.envelopes >= u64::from(limits.envelopes)
        || filling.bytes.saturating_add(bytes_of(new)) > limits.bytes;
    if is_full {
        return Some(Appended::MailboxFull);
    }
    let knocks = match kind? {
        RightKind::Token => limits.knocks,
        RightKind::Ticket => limits.knocks.min(limits.ticket_knocks),
    };
    (filling.knocks >= u64::from(knocks)).then_some(Appended::KnocksFull)
}

async fn store(line: &Line, new: &NewEnvelope) -> Result<(), Failure> {
    const COUNT: &str = concat!(
        "UPDATE mailbox SET last_seq = ",
        next_sequence!(),
        ", cnt = cnt + 1, bytes = bytes + $2, knocks = knocks + $3 WHERE id = $1 RETURNING last_seq"
    );
    const STORE: &str = "INSERT INTO envelope (mbx, seq, msgid, expires, knock, head, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let columns = Columns::of(new, new.entry != Entry::Door);
    let place = columns.mailbox.as_bytes().as_slice();
    let knocks = i64::from(columns.knock);
    let row = line.row(COUNT, &[&place, &number(bytes_of(new)), &knocks]).await?;
    let sequence: i64 = column(&row.ok_or(Failure::Again)?, 0)?;
    let id = columns.id.as_bytes().as_slice();
    let parameters: super::line::Parameters<'_> =
        &[&place, &sequence, &id, &columns.forgotten, &columns.knock, &columns.head, &columns.body];
    line.execute(STORE, parameters).await?;
    Ok(())
}
