//! Reading: what is stored and unread, and what becomes of it.

use core::ops::ControlFlow;

use msg_protocol::{
    content::Content,
    id::{AccountId, MessageId},
};

use super::{Client, ClientError, now};
use crate::{
    engine::{
        EngineError,
        account::{self, Own},
        contacts, groups,
        handling::{self, Wanted},
        inbox::{self, Unread},
        marks, outbox,
        search::Words,
    },
    rows::{
        AccountRow, ContactRow, Direction, MarksRow, MessageRow, OutboxRow, Read as _, RelayRow,
        Whose,
    },
    store::{Rows, Table},
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
    /// Groups that we are asked into, without their sign.
    pub invitations: Vec<String>,
}

/// Messages that are looked at together.
const PAGE: usize = 256;

/// Messages, and where the next are.
#[derive(Debug, Clone)]
pub struct Page {
    /// The messages, and with whom.
    pub messages: Vec<Kept>,
    /// The number to go on from; none at the end.
    pub next: Option<u64>,
}

/// A message that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its number.
    pub number: u64,
    /// The message.
    pub message: MessageRow,
    /// With whom.
    pub contact: Option<ContactRow>,
    /// What has been put to it since.
    pub marks: MarksRow,
    /// What the people are called who have put a sign to it; none is ourselves.
    pub names: Vec<Option<String>>,
    /// Who wrote it first, if it was passed on.
    pub author: Option<String>,
}

/// What is done to a message shows there, and is no message to who looks back.
fn is_shown(row: &MessageRow) -> bool {
    !marks::is_mark(&row.content)
}

fn kept(
    rows: &dyn Rows,
    own: AccountId,
    number: u64,
    mut message: MessageRow,
) -> Result<Kept, EngineError> {
    if let Some(level) = groups::lowest(rows, own, &message)? {
        message.direction = Direction::Out { level };
    }
    let marks = marks::of(rows, number)?;
    let mut names = Vec::new();
    for sign in &marks.signs {
        names.push(contacts::with(rows, sign.by)?.map(|contact| contact.name));
    }
    let contact = contacts::with(rows, message.with)?;
    let author = groups::author(rows, &message)?;
    Ok(Kept { number, message, contact, marks, names, author })
}

/// The ids by which people know a message.
fn ids(row: &MessageRow) -> Vec<MessageId> {
    match &row.content {
        Content::Lines(lines) => lines.lines.iter().map(|line| line.id).collect(),
        _ => vec![row.id],
    }
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
                invitations: groups::invitations(rows)?,
                account: own.row,
            })
        })
        .await
    }

    /// The oldest unread messages, from a number on.
    pub async fn unread(
        &self,
        from: u64,
        of: Whose,
        limit: usize,
    ) -> Result<Vec<Unread>, ClientError> {
        self.look(move |rows| inbox::unread(rows, from, of, limit)).await
    }

    /// Takes the oldest unread messages from a number on to show them. Who takes them again before
    /// they are marked as read sees that they were shown.
    pub async fn take_unread(
        &self,
        from: u64,
        of: Whose,
        limit: usize,
    ) -> Result<Vec<Unread>, ClientError> {
        self.section(move |draft, _| {
            marks::purge(draft, now())?;
            inbox::take_unread(draft, from, of, limit)
        })
        .await
    }

    /// Takes the next message for a program.
    pub async fn take_for_program(&self, wanted: Wanted) -> Result<Option<Unread>, ClientError> {
        self.section(move |draft, rng| handling::take(draft, wanted, now(), rng)).await
    }

    /// A program did not take a message.
    pub async fn postpone(&self, number: u64) -> Result<(), ClientError> {
        self.section(move |draft, _| handling::postpone(draft, number, now())).await
    }

    /// The answer of somebody, or of anybody in a group, to a message of ours, if it
    /// has come.
    pub async fn answer(&self, from: Whose, to: MessageId) -> Result<Option<Unread>, ClientError> {
        self.look(move |rows| {
            let Some((number, message)) = handling::answer(rows, from, to)? else {
                return Ok(None);
            };
            let contact = contacts::with(rows, message.with)?;
            let marks = marks::of(rows, number)?;
            let author = groups::author(rows, &message)?;
            Ok(contact.map(|contact| Unread { number, message, contact, marks, author }))
        })
        .await
    }

    /// Messages have been read.
    pub async fn mark_read(&self, numbers: Vec<u64>) -> Result<(), ClientError> {
        self.section(move |draft, rng| inbox::mark_read(draft, &numbers, now(), rng)).await
    }

    /// Removes what is to go by now.
    pub async fn purge(&self) -> Result<(), ClientError> {
        if self.look(|rows| Ok(marks::is_due(rows, now())?)).await? {
            self.section(|draft, _| marks::purge(draft, now())).await?;
        }
        Ok(())
    }

    /// The last messages, with somebody, in a group or all, oldest first.
    pub async fn history(&self, with: Whose, limit: usize) -> Result<Vec<Kept>, ClientError> {
        self.last(limit, move |row| with.is_with(row) && is_shown(row)).await
    }

    /// The last messages that hold all those words, oldest first.
    pub async fn search(
        &self,
        with: Whose,
        words: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Kept>, ClientError> {
        let words = Words::new(&words);
        let is_found = move |row: &MessageRow| {
            with.is_with(row) && row.notice.is_none() && words.are_in(&row.content)
        };
        self.last(limit, is_found).await
    }

    async fn last(
        &self,
        limit: usize,
        is_meant: impl Fn(&MessageRow) -> bool + Send + 'static,
    ) -> Result<Vec<Kept>, ClientError> {
        self.purge().await?;
        self.look(move |rows| {
            let own = Own::load(rows)?.id();
            let held = groups::waiting(rows)?;
            let mut found = Vec::new();
            let mut before = u64::MAX;
            while found.len() < limit
                && let Some(number) = rows.last(Table::Messages, before)?
            {
                before = number;
                let row: Option<MessageRow> = rows.row(&number.to_be_bytes())?;
                let row = row.filter(|row| is_meant(row) && !held.contains(&number));
                if let Some(row) = row {
                    found.push(kept(rows, own, number, row)?);
                }
            }
            found.reverse();
            Ok(found)
        })
        .await
    }

    /// Messages with somebody or with all, oldest first, from a number on; where to
    /// go on, if there may be more.
    pub async fn page(&self, with: Whose, from: u64) -> Result<Page, ClientError> {
        if from == 0 {
            self.purge().await?;
        }
        self.look(move |rows| {
            let own = Own::load(rows)?.id();
            let held = groups::waiting(rows)?;
            let mut page = Page { messages: Vec::new(), next: None };
            let mut looked_at = 0;
            let mut found = Vec::new();
            rows.each::<MessageRow>(&from.to_be_bytes(), |key, row| {
                looked_at += 1;
                let number = key.try_into().map_or(u64::MAX, u64::from_be_bytes);
                let is_said = is_shown(&row) && row.notice.is_none();
                if with.is_with(&row) && is_said && !held.contains(&number) {
                    found.push((number, row));
                }
                if looked_at < PAGE {
                    return ControlFlow::Continue(());
                }
                page.next = number.checked_add(1);
                ControlFlow::Break(())
            })?;
            for (number, row) in found {
                page.messages.push(kept(rows, own, number, row)?);
            }
            Ok(page)
        })
        .await
    }

    /// A message by its id or the beginning of it, as people are shown it, and that id
    /// as a whole: a line has one of its own. None if several begin so.
    pub async fn message(&self, id: &str) -> Result<Option<(Kept, MessageId)>, ClientError> {
        let id = id.to_ascii_lowercase();
        self.purge().await?;
        self.look(move |rows| {
            let held = groups::waiting(rows)?;
            let mut found: Option<(u64, MessageRow, MessageId)> = None;
            let mut is_ambiguous = false;
            rows.each::<MessageRow>(&[], |key, row| {
                let number = key.try_into().map_or(u64::MAX, u64::from_be_bytes);
                if !is_shown(&row) || row.notice.is_some() || held.contains(&number) {
                    return ControlFlow::Continue(());
                }
                for known in ids(&row) {
                    if !known.to_string().starts_with(&id) {
                        continue;
                    }
                    is_ambiguous |= found.as_ref().is_some_and(|(.., first)| *first != known);
                    found = Some((number, row.clone(), known));
                }
                if is_ambiguous { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let Some((number, row, known)) = found.filter(|_| !is_ambiguous) else {
                return Ok(None);
            };
            let own = Own::load(rows)?.id();
            Ok(Some((kept(rows, own, number, row)?, known)))
        })
        .await
    }

    /// Removes a message from this store alone.
    pub async fn remove_message(&self, number: u64) -> Result<(), ClientError> {
        self.section(move |draft, _| marks::remove(draft, number)).await
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
