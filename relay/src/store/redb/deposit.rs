//! How an envelope is taken in: judged by what is durable and what is pending, and given
//! its place, before the writer has it.

use msg_protocol::{id::MailboxId, response::Row};

use super::{
    engine::{Engine, read_at},
    envelope::StoredEnvelope,
    intake::Intake,
    mailboxes::{mailbox_key, place_key},
    pending::{self, SpentRight},
    queue::Work,
    rights::right_key,
    rows::{MailboxRow, PlaceRow, RightRow},
    table::{Snapshot, View as _},
};
use crate::store::{
    Result, StoreError,
    mailbox::{Appended, ENVELOPE_OVERHEAD_BYTES, Entry, NewEnvelope, Waiting},
};

/// What came of taking an envelope in.
pub(super) enum Taken {
    Refused(Appended),
    Waiting(tokio::sync::oneshot::Receiver<Result<Appended>>),
}

impl Engine {
    /// Gives an envelope its place, under one lock: what is checked stays true
    /// until it has it.
    pub(super) fn take_in(
        &self,
        database: &redb::Database,
        new: NewEnvelope,
        slot: tokio::sync::OwnedSemaphorePermit,
    ) -> Result<Taken> {
        let (mailbox, id) = (new.envelope.mailbox, new.envelope.id);
        let mut intake = self.intake();
        if intake.closing {
            return Err(StoreError::Unavailable);
        }
        if let Some(waiting) = intake.pending.join(mailbox, id) {
            return Ok(Taken::Waiting(waiting));
        }
        let (verdict, findings) = read_at(database, |view| judge(view, &intake, &new));
        let right = match verdict {
            Ok(Verdict::Taken(right)) => right,
            other => {
                drop(intake);
                self.report(findings);
                return other.map(|verdict| match verdict {
                    Verdict::Refused(appended) => Taken::Refused(appended),
                    Verdict::Taken(_) => Taken::Refused(Appended::NotFound),
                });
            }
        };
        let bytes = new.envelope.body.as_bytes().len();
        self.take_room(bytes as u64 + ENVELOPE_OVERHEAD_BYTES)?;
        let sequence = intake.next_sequence();
        let row = Row { sequence, knock: right.is_some(), envelope: new.envelope };
        let stored = StoredEnvelope { row, forgotten: new.expires };
        let waiting = intake.pending.push(pending::Envelope { stored, right });
        intake.submit(Work::Append(sequence, bytes, slot))?;
        Ok(Taken::Waiting(waiting))
    }
}

/// How an envelope is taken.
enum Verdict {
    Refused(Appended),
    Taken(Option<SpentRight>),
}

fn judge(view: &Snapshot, intake: &Intake, new: &NewEnvelope) -> Result<Verdict> {
    let mailbox = new.envelope.mailbox;
    let refused = |appended| Ok(Verdict::Refused(appended));
    let Some(row) = view.row::<MailboxRow>(&mailbox_key(mailbox))? else {
        return refused(Appended::NotFound);
    };
    if view.row::<PlaceRow>(&place_key(mailbox, new.envelope.id))?.is_some() {
        return refused(Appended::Duplicate);
    }
    let mut right = None;
    let mut most_knocks = None;
    if let Entry::Knock(id) = new.entry {
        let spent = (row.account, id);
        let Some(found) = view.row::<RightRow>(&right_key(row.account, id))? else {
            return refused(Appended::RightSpent);
        };
        if u32::from(found.knocks) <= intake.pending.knocks_beyond(spent, found.last) {
            return refused(Appended::RightSpent);
        }
        right = Some(spent);
        let ticket_knocks = new.limits.knocks.min(new.limits.ticket_knocks);
        most_knocks = Some(if found.token { new.limits.knocks } else { ticket_knocks });
    }
    let waiting = waiting(&row, intake);
    let bytes = new.envelope.body.as_bytes().len() as u64 + ENVELOPE_OVERHEAD_BYTES;
    if waiting.envelopes >= new.limits.envelopes
        || waiting.bytes.saturating_add(bytes) > new.limits.bytes
    {
        return refused(Appended::MailboxFull);
    }
    if most_knocks.is_some_and(|most| waiting.knocks >= most) {
        return refused(Appended::KnocksFull);
    }
    Ok(Verdict::Taken(right))
}

/// What waits in a mailbox, durable or not.
pub(super) fn waiting(row: &MailboxRow, intake: &Intake) -> Waiting {
    let beyond = intake.pending.beyond(MailboxId::of(row.account, row.device), row.last);
    Waiting {
        envelopes: row.envelopes.saturating_add(beyond.envelopes),
        bytes: row.bytes.saturating_add(beyond.bytes),
        knocks: row.knocks.saturating_add(beyond.knocks),
    }
}
