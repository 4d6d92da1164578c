//! Reading: what is stored and unread, and what becomes of it.

use core::ops::ControlFlow;

use msg_protocol::id::{AccountId, MessageId};

use super::{Client, ClientError, now};
use crate::{
    engine::{
        account::{self, Own},
        contacts,
        inbox::{self, Unread},
        outbox,
        search::Words,
    },
    rows::{AccountRow, ContactRow, MessageRow, OutboxRow, Read as _, RelayRow},
    store::Table,
};

/// The account in figures.
#[derive(Clone)]
pub struct Figures {
    /// The account.
    pub account: AccountRow,
    /// What is known of its relay.
    pub relay: RelayRow,
    /// The identity that others compare.
    pub fingerprint: msg_protocol::fingerprint::Fingerprint,
    /// Messages on their way.
    pub outbox: usize,
    /// Messages that have not been read.
    pub unread: usize,
    /// Strangers who wait for a word.
    pub requests: usize,
}

/// Messages that are looked at together.
const PAGE: usize = 256;

/// Messages, and where the next are.
#[derive(Debug, Clone)]
pub struct Page {
    /// The messages, and with whom.
    pub messages: Vec<(MessageRow, Option<ContactRow>)>,
    /// The number to go on from; none at the end.
    pub next: Option<u64>,
}

impl Client {
    /// The account in figures.
    pub async fn figures(&self) -> Result<Figures, ClientError> {
        self.look(|rows| {
            let own = Own::load(rows)?;
            Ok(Figures {
                relay: account::relay(rows)?,
                fingerprint: msg_protocol::fingerprint::Fingerprint::of(&own.card().identity),
                outbox: outbox::all(rows)?.iter().filter(|(_, row)| outbox::is_said(row)).count(),
                unread: inbox::unread_count(rows)?,
                requests: contacts::requests(rows)?,
                account: own.row,
            })
        })
        .await
    }

    /// The oldest unread messages, from a number on.
    pub async fn unread(
        &self,
        from: u64,
        of: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Unread>, ClientError> {
        self.look(move |rows| Ok(inbox::unread(rows, from, of, limit)?)).await
    }

    /// Takes the oldest unread messages to show them. Who takes them again before
    /// they are marked as read sees that they were shown.
    pub async fn take_unread(
        &self,
        of: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Unread>, ClientError> {
        self.section(move |draft, _| Ok(inbox::take_unread(draft, of, limit)?)).await
    }

    /// Messages have been read.
    pub async fn mark_read(&self, numbers: Vec<u64>) -> Result<(), ClientError> {
        self.section(move |draft, rng| inbox::mark_read(draft, &numbers, now(), rng)).await
    }

    /// The last messages, with somebody or with all, oldest first.
    pub async fn history(
        &self,
        with: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<(MessageRow, Option<ContactRow>)>, ClientError> {
        self.look(move |rows| {
            let mut found = Vec::new();
            let mut before = u64::MAX;
            while found.len() < limit
                && let Some(number) = rows.last(Table::Messages, before)?
            {
                before = number;
                let row: Option<MessageRow> = rows.row(&number.to_be_bytes())?;
                let Some(row) = row.filter(|row| with.is_none_or(|with| with == row.with)) else {
                    continue;
                };
                let contact = contacts::with(rows, row.with)?;
                found.push((row, contact));
            }
            found.reverse();
            Ok(found)
        })
        .await
    }

    /// The last messages that hold all those words, oldest first.
    pub async fn search(
        &self,
        with: Option<AccountId>,
        words: Vec<String>,
        limit: usize,
    ) -> Result<Vec<(MessageRow, Option<ContactRow>)>, ClientError> {
        let words = Words::new(&words);
        self.look(move |rows| {
            let is_meant = |row: &MessageRow| with.is_none_or(|with| with == row.with);
            let mut found = Vec::new();
            let mut before = u64::MAX;
            while found.len() < limit
                && let Some(number) = rows.last(Table::Messages, before)?
            {
                before = number;
                let row: Option<MessageRow> = rows.row(&number.to_be_bytes())?;
                let row = row.filter(|row| is_meant(row) && words.are_in(&row.content));
                if let Some(row) = row {
                    let contact = contacts::with(rows, row.with)?;
                    found.push((row, contact));
                }
            }
            found.reverse();
            Ok(found)
        })
        .await
    }

    /// Messages with somebody or with all, oldest first, from a number on; where to
    /// go on, if there may be more.
    pub async fn page(&self, with: Option<AccountId>, from: u64) -> Result<Page, ClientError> {
        self.look(move |rows| {
            let mut page = Page { messages: Vec::new(), next: None };
            let mut looked_at = 0;
            let mut found = Vec::new();
            rows.each::<MessageRow>(&from.to_be_bytes(), |key, row| {
                looked_at += 1;
                if with.is_none_or(|with| with == row.with) {
                    found.push(row);
                }
                if looked_at < PAGE {
                    return ControlFlow::Continue(());
                }
                let number = key.try_into().map_or(u64::MAX, u64::from_be_bytes);
                page.next = number.checked_add(1);
                ControlFlow::Break(())
            })?;
            for row in found {
                let contact = contacts::with(rows, row.with)?;
                page.messages.push((row, contact));
            }
            Ok(page)
        })
        .await
    }

    /// A message by its id or the beginning of it, as people are shown it; none if
    /// several begin so.
    pub async fn message(&self, id: &str) -> Result<Option<MessageRow>, ClientError> {
        let id = id.to_ascii_lowercase();
        let all = self.history(None, usize::MAX).await?;
        let is_meant = |row: &MessageRow| row.id.to_string().starts_with(&id);
        let mut found = all.into_iter().map(|(row, _)| row).filter(is_meant);
        let first = found.next();
        let is_ambiguous = found.any(|row| Some(row.id) != first.as_ref().map(|first| first.id));
        Ok(first.filter(|_| !is_ambiguous))
    }

    /// What is on its way.
    pub async fn outbox(&self) -> Result<Vec<(u64, OutboxRow, Option<ContactRow>)>, ClientError> {
        self.look(|rows| {
            let mut found = Vec::new();
            for (number, row) in outbox::all(rows)? {
                let contact = contacts::with(rows, row.account)?;
                found.push((number, row, contact));
            }
            Ok(found)
        })
        .await
    }

    /// Tries what waits or failed once more, now.
    pub async fn retry(&self) -> Result<super::deliver::Delivery, ClientError> {
        self.section(|draft, _| outbox::retry_all(draft, now())).await?;
        self.check_relays().await?;
        self.deliver(None).await
    }

    /// Gives up a message, or all; says how many rows went.
    pub async fn cancel(&self, message: Option<MessageId>) -> Result<usize, ClientError> {
        self.section(move |draft, _| {
            let mut cancelled = 0;
            for (number, row) in outbox::all(draft)? {
                if message.is_none_or(|message| message == row.message) {
                    outbox::cancel(draft, number, &row)?;
                    cancelled += 1;
                }
            }
            Ok(cancelled)
        })
        .await
    }
}
