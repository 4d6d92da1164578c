//! Mailboxes and the envelopes in them, in memory.

use std::collections::BTreeMap;

use msg_protocol::{
    envelope::Envelope,
    id::{AccountId, MailboxId},
    response::Row,
};

use super::{Memory, State, is_over};
use crate::store::{
    Mailboxes, Nodes as _, RelayTime, Result, Word,
    mailbox::{
        Acknowledged, Appended, ENVELOPE_OVERHEAD_BYTES, Entry, MailboxLimits, NewEnvelope,
        RowPage, Waiting,
    },
    right::RightKind,
};

/// A device's queue.
pub(super) struct Mailbox {
    pub(super) account: AccountId,
    /// In the order of their sequence numbers.
    pub(super) rows: BTreeMap<u64, StoredRow>,
}

pub(super) struct StoredRow {
    pub(super) row: Row,
    pub(super) expires: RelayTime,
}

impl StoredRow {
    pub(super) fn body_bytes(&self) -> usize {
        self.row.envelope.body.as_bytes().len()
    }
}

/// What an envelope counts for.
fn bytes_of(envelope: &Envelope) -> u64 {
    envelope.body.as_bytes().len() as u64 + ENVELOPE_OVERHEAD_BYTES
}

impl Mailbox {
    pub(super) fn of(account: AccountId) -> Self {
        Self { account, rows: BTreeMap::new() }
    }

    pub(super) fn waiting(&self) -> Waiting {
        let rows = self.rows.values().map(|stored| &stored.row);
        rows.fold(Waiting::default(), |waiting, row| Waiting {
            envelopes: waiting.envelopes + 1,
            bytes: waiting.bytes + bytes_of(&row.envelope),
            knocks: waiting.knocks + u32::from(row.knock),
        })
    }

    /// What forbids one more envelope, if anything does.
    fn refusal(
        &self,
        envelope: &Envelope,
        knock: Option<RightKind>,
        limits: MailboxLimits,
    ) -> Option<Appended> {
        let waiting = self.waiting();
        if waiting.envelopes >= limits.envelopes
            || waiting.bytes + bytes_of(envelope) > limits.bytes
        {
            return Some(Appended::MailboxFull);
        }
        let knocks = match knock {
            None => return None,
            Some(RightKind::Token) => limits.knocks,
            Some(RightKind::Ticket) => limits.knocks.min(limits.ticket_knocks),
        };
        (waiting.knocks >= knocks).then_some(Appended::KnocksFull)
    }
}

impl State {
    fn append(&mut self, new: NewEnvelope) -> Appended {
        let Some(mailbox) = self.mailboxes.get_mut(&new.envelope.mailbox) else {
            return Appended::NotFound;
        };
        if mailbox.rows.values().any(|stored| stored.row.envelope.id == new.envelope.id) {
            return Appended::Duplicate;
        }
        let holder = self.accounts.get_mut(&mailbox.account);
        let right = match new.entry {
            Entry::Door => None,
            Entry::Knock(id) => {
                let right = holder.and_then(|holder| holder.rights.get_mut(&id));
                let Some(right) = right.filter(|right| right.knocks > 0) else {
                    return Appended::RightSpent;
                };
                Some(right)
            }
        };
        let kind = right.as_ref().map(|right| right.kind);
        if let Some(refusal) = mailbox.refusal(&new.envelope, kind, new.limits) {
            return refusal;
        }
        if let Some(right) = right {
            right.knocks -= 1;
        }
        self.sequence += 1;
        let row = Row { sequence: self.sequence, knock: kind.is_some(), envelope: new.envelope };
        mailbox.rows.insert(row.sequence, StoredRow { row, expires: new.expires });
        Appended::Stored
    }
}

impl Mailboxes for Memory {
    async fn append(&self, new: NewEnvelope) -> Result<Appended> {
        let mailbox = new.envelope.mailbox;
        let appended = self.change().append(new);
        if appended == Appended::Stored {
            self.wake.wake(mailbox);
            self.tell(Word::Arrived(mailbox));
        }
        Ok(appended)
    }

    async fn collect(
        &self,
        mailbox: MailboxId,
        after: u64,
        envelopes: usize,
        bytes: usize,
        now: RelayTime,
    ) -> Result<RowPage> {
        let state = self.state();
        let Some(mailbox) = state.mailboxes.get(&mailbox) else { return Ok(RowPage::default()) };
        let mut page = RowPage::default();
        let mut given = 0;
        for (sequence, stored) in &mailbox.rows {
            if *sequence <= after || is_over(stored.expires, now) {
                continue;
            }
            given += stored.body_bytes();
            if !page.rows.is_empty() && (page.rows.len() >= envelopes || given > bytes) {
                page.more = true;
                break;
            }
            page.rows.push(stored.row.clone());
        }
        Ok(page)
    }

    async fn acknowledge(&self, mailbox: MailboxId, which: Acknowledged) -> Result<()> {
        let mut state = self.change();
        if let Some(mailbox) = state.mailboxes.get_mut(&mailbox) {
            mailbox.rows.retain(|sequence, _| match which {
                Acknowledged::UpTo(last) => *sequence > last,
                Acknowledged::One(one) => *sequence != one,
            });
        }
        Ok(())
    }

    async fn waiting(&self, mailbox: MailboxId) -> Result<Waiting> {
        let state = self.state();
        Ok(state.mailboxes.get(&mailbox).map_or_else(Waiting::default, Mailbox::waiting))
    }
}
