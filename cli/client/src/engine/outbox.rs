//! What is said: posted once, sealed for each device, deposited until confirmed.

mod addressees;
mod answered;
mod epochs;
mod levels;
mod next;
mod opening;
mod outgoing;
mod wants;

use core::ops::ControlFlow;

use msg_protocol::{
    card::Card,
    codec,
    content::{Confirm, Content},
    group::GroupContext,
    id::{AccountId, DeviceId, MessageId},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

pub use self::{
    answered::{Deposited, deposited},
    epochs::{relay_is_in, unconfirmed_at},
    levels::{confirmed, fail, level_of, raise},
    opening::{begin, bought, not_opened},
    outgoing::{Due, Parcel, due},
    wants::Want,
};
use super::{EngineError, cards, files, marks, numbers};
use crate::{
    rows::{
        ContactRow, Direction, KnownRow, Level, MessageRow, OutboxRow, OutboxState, Read as _,
        message::known_key,
    },
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Days after which an unconfirmed message is given up.
pub const KEEP_DAYS: u32 = 30;

/// Bytes of an encoded content that fits every envelope, whatever goes around it: the
/// first of a session has room for 61,055.
pub const MAX_CONTENT_BYTES: usize = 60_800;

/// Whether a content can be said to anybody.
pub fn fits(content: &Content) -> bool {
    codec::try_encode(content).is_ok_and(|encoded| encoded.len() <= MAX_CONTENT_BYTES)
}

/// Something to be said to somebody.
pub struct Post {
    /// To whom.
    pub account: AccountId,
    /// Its id.
    pub message: MessageId,
    /// Our clock, in milliseconds.
    pub sent_ms: u64,
    /// What is said.
    pub content: Content,
    /// Which confirmation is asked for.
    pub confirm: Confirm,
    /// Whether it is a message that its owner sees again.
    pub is_kept: bool,
    /// Where it is said, if in a group.
    pub group: Option<GroupContext>,
}

/// A new id for a message.
pub fn new_message_id<R: CryptoRng + ?Sized>(rng: &mut R) -> MessageId {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    MessageId(id)
}

/// Queues a message for every device on the contact's card; gives the numbers of
/// the rows.
pub fn post(
    draft: &Draft<'_>,
    contact: &ContactRow,
    post: Post,
    now: UnixSeconds,
) -> Result<Vec<u64>, EngineError> {
    let card = cards::said(contact)?.card;
    let mut rows = Vec::new();
    for device in devices(&card) {
        rows.push(queue(draft, &post, device, now)?);
    }
    if post.is_kept {
        let ids = ids(post.message, &post.content);
        let number = numbers::next_message(draft)?;
        let row = MessageRow {
            id: post.message,
            with: post.account,
            group: None,
            direction: Direction::Out { level: Level::Queued },
            sent_ms: post.sent_ms,
            stored: now,
            content: post.content,
            notice: None,
        };
        draft.write(&number.to_be_bytes(), &row);
        marks::goes_after(draft, number, &row.content, marks::latest(now))?;
        let known = KnownRow::new(Some(number), now);
        for id in ids {
            draft.write(&known_key(post.account, id), &known);
        }
    }
    Ok(rows)
}

/// The ids of a message: receipts name lines, not what they travelled in.
pub fn ids(message: MessageId, content: &Content) -> Vec<MessageId> {
    let mut ids = vec![message];
    if let Content::Lines(lines) = content {
        ids.extend(lines.lines.iter().map(|line| line.id));
    }
    ids
}

fn devices(card: &Card) -> Vec<DeviceId> {
    card.devices.iter().map(msg_protocol::card::Device::id).collect()
}

fn queue(
    draft: &Draft<'_>,
    post: &Post,
    device: DeviceId,
    now: UnixSeconds,
) -> Result<u64, EngineError> {
    let number = numbers::next_outbox(draft)?;
    let row = OutboxRow {
        account: post.account,
        device,
        message: post.message,
        sent_ms: post.sent_ms,
        confirm: post.confirm,
        group: post.group.clone(),
        content: post.content.clone(),
        state: OutboxState::Queued,
        queued: now,
        expires: now.plus_days(KEEP_DAYS),
        tries: 0,
        tried: now,
        next_try: now,
    };
    draft.write(&number.to_be_bytes(), &row);
    Ok(number)
}

/// All rows, by number.
pub fn all(rows: &(impl Rows + ?Sized)) -> Result<Vec<(u64, OutboxRow)>, StoreError> {
    let found = rows.all::<OutboxRow>(&[])?;
    Ok(found
        .into_iter()
        .filter_map(|(key, row)| Some((u64::from_be_bytes(key.try_into().ok()?), row)))
        .collect())
}

/// Whether somebody asked for it; receipts and the like are nobody's business.
pub fn is_said(row: &OutboxRow) -> bool {
    matches!(row.content, Content::Text(_) | Content::Lines(_) | Content::File(_))
}

/// Whether a relay has something that nobody has confirmed yet.
pub fn has_unconfirmed(rows: &(impl Rows + ?Sized)) -> Result<bool, StoreError> {
    let mut found = false;
    rows.each::<OutboxRow>(&[], |_, row| {
        found = matches!(row.state, OutboxState::Deposited(_));
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}

/// Removes all that is on its way to somebody.
pub fn cancel_all(draft: &Draft<'_>, account: AccountId) -> Result<(), EngineError> {
    for (number, row) in all(draft)? {
        if row.account == account {
            cancel(draft, number, &row)?;
        }
    }
    Ok(())
}

/// Whether somebody is still to be told how to reach us.
pub fn has_details(rows: &(impl Rows + ?Sized), account: AccountId) -> Result<bool, StoreError> {
    let is_meant = |row: &OutboxRow| {
        row.account == account && matches!(row.content, Content::ContactDetails(_))
    };
    Ok(all(rows)?.iter().any(|(_, row)| is_meant(row)))
}

/// Whether somebody is still to be told to seal anew what they have sealed to us.
pub fn has_reset(rows: &(impl Rows + ?Sized), account: AccountId) -> Result<bool, StoreError> {
    let is_meant = |row: &OutboxRow| {
        row.account == account
            && matches!(row.content, Content::SessionReset(_))
            && !matches!(row.state, OutboxState::Failed(_))
    };
    Ok(all(rows)?.iter().any(|(_, row)| is_meant(row)))
}

/// Takes back what somebody is still to be told of how to reach us.
pub fn take_back_details(draft: &Draft<'_>, account: AccountId) -> Result<(), EngineError> {
    for (number, row) in all(draft)? {
        if row.account == account && matches!(row.content, Content::ContactDetails(_)) {
            draft.remove(Table::Outbox, &number.to_be_bytes());
        }
    }
    Ok(())
}

/// Removes one row; the message shows that it went no further.
pub fn cancel(draft: &Draft<'_>, number: u64, row: &OutboxRow) -> Result<(), EngineError> {
    draft.remove(Table::Outbox, &number.to_be_bytes());
    if !matches!(row.state, OutboxState::Deposited(_)) {
        fail(draft, row.account, row.message)?;
    }
    match files::file_in(&row.content) {
        Some(file) => files::let_go(draft, files::blob_of(file)),
        None => Ok(()),
    }
}

/// Everything that waits may leave at once, and what failed waits again.
pub fn retry_all(draft: &Draft<'_>, now: UnixSeconds) -> Result<(), EngineError> {
    for (number, mut row) in all(draft)? {
        if let OutboxState::Failed(_) = row.state {
            row.state = OutboxState::Queued;
        }
        row.next_try = now;
        row.tries = 0;
        draft.write(&number.to_be_bytes(), &row);
    }
    Ok(())
}

/// Seals anew what a device has not confirmed: it has lost its session, or its
/// relay the envelopes.
pub fn seal_anew(
    draft: &Draft<'_>,
    account: AccountId,
    device: Option<DeviceId>,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    for (number, mut row) in all(draft)? {
        let is_meant = row.account == account && device.is_none_or(|device| row.device == device);
        if is_meant && !matches!(row.state, OutboxState::Failed(_)) {
            row.state = OutboxState::Queued;
            row.next_try = now;
            draft.write(&number.to_be_bytes(), &row);
        }
    }
    Ok(())
}

/// What waits for one account is said to another, on the card of `contact`.
pub fn move_to(
    draft: &Draft<'_>,
    from: AccountId,
    to: AccountId,
    contact: &ContactRow,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let mut said = Vec::new();
    for (number, row) in all(draft)? {
        if row.account != from {
            continue;
        }
        draft.remove(Table::Outbox, &number.to_be_bytes());
        let is_new = !said.contains(&row.message);
        said.push(row.message);
        // In a group somebody is who the group says.
        if row.group.is_none()
            && let (true, Some(level)) = (is_new, level_of(draft, from, row.message)?)
            && level < Level::Delivered
        {
            levels::hand_over(draft, from, to, row.message)?;
            let OutboxRow { message, sent_ms, confirm, content, .. } = row;
            let again = Post {
                account: to,
                message,
                sent_ms,
                content,
                confirm,
                is_kept: false,
                group: None,
            };
            post(draft, contact, again, now)?;
        }
    }
    Ok(())
}

/// The contact's card has changed: what waited for devices that have gone goes,
/// and new devices get what is still on its way to the others.
pub fn readdress(
    draft: &Draft<'_>,
    account: AccountId,
    contact: &ContactRow,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let listed = devices(&cards::said(contact)?.card);
    let rows: Vec<_> = all(draft)?.into_iter().filter(|(_, row)| row.account == account).collect();
    for (number, row) in &rows {
        if !listed.contains(&row.device) {
            draft.remove(Table::Outbox, &number.to_be_bytes());
        }
    }
    let mut messages: Vec<&OutboxRow> = Vec::new();
    for (_, row) in &rows {
        if !messages.iter().any(|known| known.message == row.message) {
            messages.push(row);
        }
    }
    for row in messages {
        for device in &listed {
            let has = |(_, other): &(u64, OutboxRow)| {
                other.message == row.message && other.device == *device
            };
            if !rows.iter().any(has) {
                let post = Post {
                    account,
                    message: row.message,
                    sent_ms: row.sent_ms,
                    content: row.content.clone(),
                    confirm: row.confirm,
                    is_kept: false,
                    group: row.group.clone(),
                };
                queue(draft, &post, *device, now)?;
            }
        }
    }
    Ok(())
}
