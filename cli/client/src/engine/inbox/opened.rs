//! What an opened message does, by its kind.

use core::ops::RangeInclusive;

use msg_crypto::session::pair::Adopted;
use msg_protocol::{
    content::{Confirm, Content, Lines, Message, Text},
    group::GroupContext,
    id::{AccountId, MessageId},
};
use rand_core::CryptoRng;

use super::{EngineError, News, Taking};
use crate::{
    engine::{
        cards, contacts,
        groups::{
            came,
            hear::{self, Verdict},
        },
        marks, numbers, outbox, receipts,
        sessions::PeerDevice,
    },
    mutant::{self, Mutant},
    rows::{
        ContactRow, Direction, HeldRow, KnownRow, MessageRow, Read as _, Standing, UnreadRow,
        contact::key,
        message::{known_in, known_key},
    },
};

/// Where and when something was said.
pub(super) struct Said<'c> {
    /// In a group, if in one: then its writer has been judged there.
    pub(super) group: Option<&'c GroupContext>,
    /// Whether it waits for commits of the group.
    pub(super) is_held: bool,
    /// The message in which it came.
    message: MessageId,
    /// The sender's clock.
    sent_ms: u64,
    /// Which confirmation is asked for.
    confirm: Confirm,
}

impl Taking<'_, '_> {
    pub(super) fn message<R: CryptoRng + ?Sized>(
        &mut self,
        peer: &PeerDevice,
        part: Adopted,
        message: Message,
        rng: &mut R,
    ) -> Result<(), EngineError> {
        let id = AccountId::of(&peer.identity());
        let Some(mut contact) = contacts::with(self.draft, id)? else { return Ok(()) };
        if contact.standing == Standing::Blocked {
            return Ok(());
        }
        let before = (contact.told_card, contact.alarm.is_some());
        if cards::told(&mut contact, &message.sender_card)? {
            self.news.push(News::NewCard(id));
        }
        if before != (contact.told_card, contact.alarm.is_some()) {
            self.draft.write(&key(id), &contact);
        }
        if !self.own.has_made(&message.recipient_card) {
            self.news.push(News::StrangeCard(id));
        }
        let Message { id: message_id, sent_ms, confirm, content, group, .. } = message;
        if self.is_known(id, message_id)? {
            return self.came_again(id, message_id, &content, confirm, rng);
        }
        let group = group.filter(|_| is_for_groups(&content));
        let heard = self.heard(id, &mut contact, message_id, group.as_ref(), &content, rng)?;
        let Some(is_held) = heard else { return Ok(()) };
        let place = Said { group: group.as_ref(), is_held, message: message_id, sent_ms, confirm };
        let mut ids = vec![message_id];
        match content {
            Content::Receipt(receipt) => {
                let confirmed = receipt.ids.into_vec();
                let device = peer.device();
                outbox::confirmed(self.draft, id, device, &confirmed, receipt.level, self.now)?;
                return Ok(());
            }
            Content::Ping(_) | Content::Pong(_) => return Ok(()),
            Content::ContactDetails(details) => self.details(id, &mut contact, details, rng)?,
            Content::SessionReset(_) => self.reset(id, peer, part, message_id)?,
            Content::GroupOperation(operation) => {
                self.know(id, message_id, None);
                let (own, now) = (self.own, self.now);
                let news = came::operation(self.draft, own, id, operation, now, rng)?;
                self.news.extend(news);
            }
            Content::Lines(lines) => {
                self.know(id, message_id, None);
                ids = self.lines(&mut contact, id, &place, lines)?;
            }
            content if marks::is_mark(&content) => {
                self.marked(&contact, id, message_id, &place, &content)?;
            }
            content => {
                self.wrote(id, &mut contact, &place)?;
                self.keep(&contact, id, message_id, &place, content)?;
            }
        }
        if place.is_held {
            // Nobody knows yet whether it will be shown.
            return Ok(());
        }
        receipts::confirm(self.draft, id, &ids, confirm, self.now, rng)
    }

    /// Whether a message has come, and has not been refused.
    fn is_known(&self, with: AccountId, id: MessageId) -> Result<bool, EngineError> {
        let known = self.draft.row::<KnownRow>(&known_key(with, id))?;
        Ok(known.is_some_and(|known| !known.is_refused))
    }

    /// What is known does nothing, whatever it says this time: of it, what has come and
    /// does not wait for commits is confirmed once more.
    fn came_again<R: CryptoRng + ?Sized>(
        &self,
        id: AccountId,
        message: MessageId,
        content: &Content,
        confirm: Confirm,
        rng: &mut R,
    ) -> Result<(), EngineError> {
        let ids = match content {
            Content::Receipt(_) | Content::Ping(_) | Content::Pong(_) => return Ok(()),
            Content::Lines(lines) => lines.lines.iter().map(|line| line.id).collect(),
            _ => vec![message],
        };
        let held = hear::waiting(self.draft)?;
        let mut here = Vec::new();
        for one in ids {
            let known = self.draft.row::<KnownRow>(&known_key(id, one))?;
            let is_held = |number: Option<u64>| number.is_some_and(|number| held.contains(&number));
            if known.is_some_and(|known| !known.is_refused && !is_held(known.number)) {
                here.push(one);
            }
        }
        receipts::confirm(self.draft, id, &here, confirm, self.now, rng)
    }

    /// Whether what was said in a group waits for its commits; `None` if it is refused.
    fn heard<R: CryptoRng + ?Sized>(
        &mut self,
        id: AccountId,
        contact: &mut ContactRow,
        message: MessageId,
        group: Option<&GroupContext>,
        what: &Content,
        rng: &mut R,
    ) -> Result<Option<bool>, EngineError> {
        let Some(context) = group else { return Ok(Some(false)) };
        // Others have not got what is passed on to us alone.
        let noted = (!matches!(what, Content::Replay(_))).then_some(message);
        Ok(match hear::hear(self.draft, id, contact, noted, context, self.now, rng)? {
            Verdict::Show => Some(false),
            Verdict::Hold => Some(true),
            // It is as if it had not come.
            Verdict::Pass => None,
            Verdict::Refuse => {
                if hear::refuse(self.draft, context.group, id, message, self.now)? {
                    self.news.push(News::Refused(id));
                }
                None
            }
        })
    }

    fn lines(
        &mut self,
        contact: &mut ContactRow,
        id: AccountId,
        place: &Said<'_>,
        lines: Lines,
    ) -> Result<Vec<MessageId>, EngineError> {
        let mut ids = Vec::new();
        let mut kept: Option<RangeInclusive<u64>> = None;
        for line in lines.lines.into_vec() {
            ids.push(line.id);
            if !self.is_known(id, line.id)? {
                self.wrote(id, contact, place)?;
                let text = Text { bytes: line.bytes, reply_to: None, expire_s: lines.expire_s };
                let number = self.store(contact, id, line.id, place, text.into())?;
                let first = kept.map_or(number, |kept| *kept.start());
                kept = Some(first..=number);
            }
        }
        if let Some(numbers) = kept {
            self.show(contact, id, place, numbers);
        }
        Ok(ids)
    }

    /// A message of somebody who is no contact any more is a stranger's.
    fn wrote(
        &mut self,
        id: AccountId,
        contact: &mut ContactRow,
        place: &Said<'_>,
    ) -> Result<(), EngineError> {
        if contact.standing == Standing::Removed && place.group.is_none() {
            contacts::ask_again(self.draft, id, contact)?;
            self.news.push(News::Request(id));
        }
        Ok(())
    }

    pub(super) fn keep(
        &mut self,
        contact: &ContactRow,
        with: AccountId,
        id: MessageId,
        place: &Said<'_>,
        content: Content,
    ) -> Result<(), EngineError> {
        let number = self.store(contact, with, id, place, content)?;
        self.show(contact, with, place, number..=number);
        Ok(())
    }

    /// Gives the number.
    fn store(
        &self,
        contact: &ContactRow,
        with: AccountId,
        id: MessageId,
        place: &Said<'_>,
        content: Content,
    ) -> Result<u64, EngineError> {
        let number = numbers::next_message(self.draft)?;
        let direction =
            Direction::In { read: false, shown: false, doubtful: contact.alarm.is_some() };
        let row = MessageRow {
            id,
            with,
            group: place.group.map(|context| context.group),
            direction,
            sent_ms: place.sent_ms,
            stored: self.now,
            content,
            notice: None,
        };
        self.draft.write(&number.to_be_bytes(), &row);
        self.know(with, id, Some(number));
        if let (Some(group), false) = (row.group, matches!(row.content, Content::Replay(_))) {
            // An id is known to all who are there: whoever has it first keeps it.
            let place = known_in(group, id);
            if self.draft.row::<KnownRow>(&place)?.is_none() {
                self.draft.write(&place, &KnownRow::new(Some(number), self.now));
            }
        }
        marks::early::catch_up(self.draft, with, id, number)?;
        Ok(number)
    }

    /// What is kept under these numbers, of one message, is unread, or waits.
    fn show(
        &mut self,
        contact: &ContactRow,
        of: AccountId,
        place: &Said<'_>,
        numbers: RangeInclusive<u64>,
    ) {
        if let Some(context) = place.group.filter(|_| place.is_held) {
            let held = HeldRow {
                group: context.group,
                sender: of,
                message: place.message,
                last: *numbers.end(),
                confirm: place.confirm,
                epoch: context.epoch,
                state: context.state,
                came: self.now,
            };
            self.draft.write(&numbers.start().to_be_bytes(), &held);
            return;
        }
        // Whoever may write in a group that we are in is no stranger there.
        let group = place.group.map(|context| context.group);
        let knocks = contact.standing == Standing::Request && group.is_none();
        for number in numbers {
            self.draft.write(&number.to_be_bytes(), &UnreadRow { of, group, knocks });
            self.news.push(News::Message(number));
        }
    }

    pub(super) fn know(&self, with: AccountId, id: MessageId, number: Option<u64>) {
        if mutant::is_planted(Mutant::ForgetsKnown) {
            return;
        }
        self.draft.write(&known_key(with, id), &KnownRow::new(number, self.now));
    }
}

/// Whether a content can be said in a group; others are between two, whatever they name.
const fn is_for_groups(content: &Content) -> bool {
    !matches!(
        content,
        Content::Receipt(_)
            | Content::Ping(_)
            | Content::Pong(_)
            | Content::GroupOperation(_)
            | Content::ContactDetails(_)
            | Content::SessionReset(_)
    )
}
