//! What an opened message does, by its kind.

use msg_crypto::{OpenError, session::pair::Adopted};
use msg_protocol::{
    card::Card,
    content::{Confirm, ContactDetails, Content, Lines, Message, ReceiptLevel, SessionReset, Text},
    group::GroupContext,
    id::{AccountId, MessageId},
    signed::Verified,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{EngineError, News, Taking};
use crate::{
    engine::{
        account, cards, contacts,
        groups::{
            self, came,
            hear::{self, Verdict},
        },
        marks, numbers, outbox,
        receipts::{self, Soon},
        sessions::PeerDevice,
    },
    mutant::{self, Mutant},
    rows::{
        ContactRow, Direction, KnownRow, MessageRow, Read as _, Standing, UnreadRow,
        account::key as account_key,
        contact::key,
        message::{known_in, known_key},
    },
    step::Draft,
};

/// Tells somebody that what was sealed to us so far should be sealed anew.
pub(in crate::engine) fn post_reset<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    id: AccountId,
    contact: &ContactRow,
    unopened: u32,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let post = outbox::Post {
        account: id,
        message: outbox::new_message_id(rng),
        sent_ms: now.0.saturating_mul(1_000),
        content: SessionReset { unopened }.into(),
        confirm: Confirm::Later,
        is_kept: false,
        group: None,
    };
    outbox::post(draft, contact, post, now)?;
    Ok(())
}

/// Where and when something was said.
pub(super) struct Said<'c> {
    /// In a group, if in one.
    pub(super) group: Option<&'c GroupContext>,
    /// Whether it waits for commits of the group.
    pub(super) is_held: bool,
    /// The sender's clock.
    sent_ms: u64,
}

impl Taking<'_, '_> {
    /// A session knew the envelope and did not open it.
    pub(super) fn refused<R: CryptoRng + ?Sized>(
        &mut self,
        peer: &PeerDevice,
        error: &OpenError,
        rng: &mut R,
    ) -> Result<(), EngineError> {
        if *error == OpenError::AlreadyOpened {
            return Ok(());
        }
        self.news.push(News::Unopened);
        let is_lost = matches!(
            error,
            OpenError::TooFarAhead { .. }
                | OpenError::TooManySkipped { .. }
                | OpenError::ChainEnded
        );
        let id = AccountId::of(&peer.identity());
        let contact = contacts::with(self.draft, id)?.filter(ContactRow::is_reached);
        if let Some(contact) = contact.filter(|_| is_lost)
            && !outbox::has_reset(self.draft, id)?
        {
            // Once for all that is lost until they know.
            self.sessions.retire(peer, self.now)?;
            post_reset(self.draft, id, &contact, 1, self.now, rng)?;
        }
        Ok(())
    }

    /// Somebody whom we have told our door knocks: it is no good to them, or they
    /// never got it. So they are told once more, unless that is on its way.
    pub(super) fn knocks_again<R: CryptoRng + ?Sized>(
        &self,
        peer: &PeerDevice,
        rng: &mut R,
    ) -> Result<(), EngineError> {
        let id = AccountId::of(&peer.identity());
        let contact = contacts::with(self.draft, id)?.filter(ContactRow::is_reached);
        let Some(mut contact) = contact else { return Ok(()) };
        if contact.told_door == 0 || outbox::has_details(self.draft, id)? {
            return Ok(());
        }
        contact.told_door = 0;
        contacts::connect(self.draft, self.own, id, &mut contact, self.now, rng)?;
        self.draft.write(&key(id), &contact);
        Ok(())
    }

    /// Whether a group that we are in names them: then they are no stranger, and are
    /// kept as a member whose home has not been looked at.
    pub(super) fn is_introduced(
        &self,
        id: AccountId,
        card: &Verified<Card>,
    ) -> Result<bool, EngineError> {
        let Some(address) = groups::address_of(self.draft, id)? else { return Ok(false) };
        let fellow = contacts::fellow(address.to_string(), card, self.now);
        self.draft.write(&key(id), &fellow);
        Ok(true)
    }

    /// Somebody whom we do not know.
    pub(super) fn knocked(
        &mut self,
        id: AccountId,
        card: &Verified<Card>,
    ) -> Result<(), EngineError> {
        let name = contacts::free_request_name(self.draft, card.name.as_str())?;
        self.draft.write(&key(id), &contacts::stranger(name, card, self.now));
        self.news.push(News::Request(id));
        Ok(())
    }

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
        let again = self.draft.row::<KnownRow>(&known_key(id, message_id))?.is_some();
        let mut ids = vec![message_id];
        let is_held = match &group {
            Some(context) if !again => {
                // Others have not got what is passed on to us alone.
                let noted = (!matches!(content, Content::Replay(_))).then_some(message_id);
                match hear::hear(self.draft, id, &mut contact, noted, context, self.now, rng)? {
                    Verdict::Show => false,
                    Verdict::Hold => true,
                    Verdict::Refuse => {
                        self.know(id, message_id, None);
                        self.news.push(News::Refused(id));
                        return Ok(());
                    }
                }
            }
            _ => false,
        };
        let place = Said { group: group.as_ref(), is_held, sent_ms };
        match content {
            Content::Receipt(receipt) => {
                let confirmed = receipt.ids.into_vec();
                let device = peer.device();
                outbox::confirmed(self.draft, id, device, &confirmed, receipt.level, self.now)?;
                return Ok(());
            }
            Content::Ping(_) | Content::Pong(_) => return Ok(()),
            Content::ContactDetails(details) => self.details(id, &mut contact, details, rng)?,
            Content::SessionReset(_) if !again => self.reset(id, peer, part, message_id)?,
            Content::GroupOperation(operation) if !again => {
                self.know(id, message_id, None);
                let (own, now) = (self.own, self.now);
                let news = came::operation(self.draft, own, id, operation, now, rng)?;
                self.news.extend(news);
            }
            Content::GroupOperation(_) | Content::SessionReset(_) => {}
            Content::Lines(lines) => ids = self.lines(&mut contact, id, &place, lines)?,
            content if marks::is_mark(&content) && !again => {
                self.marked(&contact, id, message_id, &place, &content)?;
            }
            content if !again => {
                self.wrote(id, &mut contact, &place)?;
                self.keep(&contact, id, message_id, &place, content)?;
            }
            _ => {}
        }
        self.confirm(id, &ids, confirm, rng)
    }

    /// They cannot open what was sealed to them so far.
    fn reset(
        &mut self,
        id: AccountId,
        peer: &PeerDevice,
        part: Adopted,
        message: MessageId,
    ) -> Result<(), EngineError> {
        if part == Adopted::ReceiveOnly {
            // They have lost the session that we send in, as far as we know.
            self.sessions.retire(peer, self.now)?;
        }
        outbox::seal_anew(self.draft, id, Some(peer.device()), self.now)?;
        self.know(id, message, None);
        self.news.push(News::Reset(id));
        Ok(())
    }

    fn lines(
        &mut self,
        contact: &mut ContactRow,
        id: AccountId,
        place: &Said<'_>,
        lines: Lines,
    ) -> Result<Vec<MessageId>, EngineError> {
        let mut ids = Vec::new();
        for line in lines.lines.into_vec() {
            ids.push(line.id);
            if self.draft.row::<KnownRow>(&known_key(id, line.id))?.is_none() {
                self.wrote(id, contact, place)?;
                let text = Text { bytes: line.bytes, reply_to: None, expire_s: lines.expire_s };
                self.keep(contact, id, line.id, place, text.into())?;
            }
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
                let known = KnownRow { number: Some(number), came: self.now, level: None };
                self.draft.write(&place, &known);
            }
        }
        marks::early::catch_up(self.draft, with, id, number)?;
        if let Some(context) = place.group.filter(|_| place.is_held) {
            hear::hold(self.draft, number, with, context, self.now);
            return Ok(());
        }
        let knocks = contact.standing == Standing::Request && place.group.is_none();
        self.draft.write(&number.to_be_bytes(), &UnreadRow { of: with, group: row.group, knocks });
        self.news.push(News::Message(number));
        Ok(())
    }

    pub(super) fn know(&self, with: AccountId, id: MessageId, number: Option<u64>) {
        if mutant::is_planted(Mutant::ForgetsKnown) {
            return;
        }
        self.draft.write(&known_key(with, id), &KnownRow { number, came: self.now, level: None });
    }

    /// Whoever is accepted is told that a message has come, the second time too.
    fn confirm<R: CryptoRng + ?Sized>(
        &self,
        id: AccountId,
        ids: &[MessageId],
        confirm: Confirm,
        rng: &mut R,
    ) -> Result<(), EngineError> {
        let contact = contacts::with(self.draft, id)?.filter(ContactRow::is_reached);
        let Some(contact) = contact else { return Ok(()) };
        let soon = match confirm {
            Confirm::Never => return Ok(()),
            Confirm::AtOnce if receipts::may_tell(self.draft, &contact)? => Soon::Now,
            Confirm::AtOnce | Confirm::Later => Soon::Later,
        };
        let delivered = ReceiptLevel::Delivered;
        receipts::note(self.draft, id, ids, delivered, soon, self.now, rng)
    }

    /// How to reach somebody: taken as it is from whom we know there, a claim to be
    /// checked from others.
    fn details<R: CryptoRng + ?Sized>(
        &mut self,
        id: AccountId,
        contact: &mut ContactRow,
        details: ContactDetails,
        rng: &mut R,
    ) -> Result<(), EngineError> {
        contact.display_name = details.display_name.to_string();
        let is_let_in = contact.standing == Standing::Request && self.came_by_link(&details)?;
        if is_let_in {
            contact.standing = Standing::Added;
        }
        let (place, _) = contacts::named_place(self.draft, &self.own.row, &details)?;
        if contact.place.as_ref() != Some(&place) {
            contact.claim = Some(details);
            self.draft.write(&key(id), contact);
            self.news.push(News::Claim(id));
            return Ok(());
        }
        let had_door = contact.door.is_some();
        contact.door = details.door.or_else(|| contact.door.take());
        contact.claim = None;
        if is_let_in {
            contacts::accept(self.draft, self.own, id, contact, self.now, rng)?;
        } else if contact.is_reached() {
            contacts::connect(self.draft, self.own, id, contact, self.now, rng)?;
        }
        self.draft.write(&key(id), contact);
        if contact.is_accepted() && !had_door && contact.door.is_some() {
            self.news.push(News::Connected(id));
        }
        Ok(())
    }

    /// Whether they showed a token of ours that is out. It is good once.
    fn came_by_link(&self, details: &ContactDetails) -> Result<bool, EngineError> {
        let Some(token) = &details.token else { return Ok(false) };
        let mut row = account::row(self.draft)?;
        let now: UnixSeconds = self.now;
        let found = row.tokens.iter().any(|(known, expires)| known == token && *expires > now);
        if found {
            row.tokens.retain(|(known, expires)| known != token && *expires > now);
            self.draft.write(account_key::ACCOUNT, &row);
        }
        Ok(found)
    }
}
