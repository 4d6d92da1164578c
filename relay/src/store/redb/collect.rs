//! Collecting from the embedded store: what is durable and what is pending, in
//! one order.

use core::ops::ControlFlow;
use std::sync::Arc;

use msg_protocol::id::MailboxId;

use super::{
    envelope::{self, StoredEnvelope, envelope_key},
    mailboxes::{index_key, index_prefix, sequence_of},
    pending,
    rows::IndexRow,
    table::{Snapshot, Table, View as _},
};
use crate::store::{RelayTime, Result, mailbox::RowPage};

/// A page in the making.
pub(super) struct Collecting {
    mailbox: MailboxId,
    envelopes: usize,
    bytes: usize,
    now: RelayTime,
    given: usize,
    page: RowPage,
}

impl Collecting {
    /// Of at most so many envelopes, and bodies of so many bytes.
    pub(super) fn new(mailbox: MailboxId, envelopes: usize, bytes: usize, now: RelayTime) -> Self {
        Self { mailbox, envelopes, bytes, now, given: 0, page: RowPage::default() }
    }

    /// Rows after a sequence number, durable ones and pending ones in one order.
    pub(super) fn run(
        mut self,
        view: &Snapshot,
        pending: &[Arc<pending::Envelope>],
        after: u64,
    ) -> Result<RowPage> {
        let Some(first) = after.checked_add(1) else { return Ok(self.page) };
        let mut pending = pending.iter().map(|envelope| &envelope.stored).peekable();
        let mut failed = Ok(());
        let prefix = index_prefix(self.mailbox);
        let from = index_key(self.mailbox, first);
        view.scan(Table::Mailboxes, &prefix, &from, &mut |key, stored| {
            let Some(sequence) = sequence_of(key) else { return ControlFlow::Continue(()) };
            while let Some(earlier) = pending.next_if(|stored| stored.row.sequence < sequence) {
                self.add(earlier)?;
            }
            // The same envelope: it has become durable meanwhile.
            pending.next_if(|stored| stored.row.sequence == sequence);
            let index = view.opened::<IndexRow>(key, stored);
            if index.is_ok_and(|index| index.expires <= self.now.0) {
                return ControlFlow::Continue(());
            }
            match envelope::read(view, self.mailbox, sequence) {
                Ok(Some(stored)) => self.add(&stored),
                Ok(None) => {
                    view.note_damaged(Table::Heads, &envelope_key(self.mailbox, sequence));
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed?;
        if !self.page.more {
            // A page that is full says so of what is left, too.
            let _ = pending.try_for_each(|later| self.add(later));
        }
        Ok(self.page)
    }

    fn add(&mut self, stored: &StoredEnvelope) -> ControlFlow<()> {
        if stored.forgotten <= self.now {
            return ControlFlow::Continue(());
        }
        self.given += stored.row.envelope.body.as_bytes().len();
        let is_full = self.page.rows.len() >= self.envelopes || self.given > self.bytes;
        if !self.page.rows.is_empty() && is_full {
            self.page.more = true;
            return ControlFlow::Break(());
        }
        self.page.rows.push(stored.row.clone());
        ControlFlow::Continue(())
    }
}
