//! What came: opened, known again, kept, confirmed.
//!
//! Everything that an envelope changes (the session, the spent prekey, the
//! message, what is known of it, the receipt) goes into one step with the
//! sequence number up to which the relay may forget.

mod details;
mod lost;
mod marked;
mod opened;
mod reading;

use msg_crypto::{AcceptError, Accepted, accept, prekey::OwnPrekeys};
use msg_protocol::{
    content::Message,
    envelope::EnvelopeKind,
    id::{AccountId, GroupId, RelayEpoch},
    response::Row,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

pub(super) use self::lost::post_reset;
pub use self::lost::set_back;
pub use self::reading::{
    Unread, confirm_all, mark_read, mark_shown, number_in, number_of, show_as, take_unread, unread,
    unread_count,
};
use super::{
    EngineError,
    account::{self, Own},
    contacts, marks, prekeys,
    sessions::{Opened, PeerDevice, Sessions},
    settings,
};
use crate::{
    rows::{KnownRow, Read as _, account::key},
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Strangers who may wait for a word at a time: more are passed over.
const MAX_REQUESTS: usize = 256;

/// Days for which a message is known again.
const KNOWN_DAYS: u32 = 35;

/// Something that the owner may want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// A message, by its number.
    Message(u64),
    /// A stranger has knocked.
    Request(AccountId),
    /// Somebody has let us in, or has been let in.
    Connected(AccountId),
    /// Somebody's address is to be checked.
    Claim(AccountId),
    /// Somebody lost their session and began another.
    Reset(AccountId),
    /// A card that we do not hold yet exists.
    NewCard(AccountId),
    /// They were shown a card of ours that we did not make.
    StrangeCard(AccountId),
    /// A group is not as it was: an invitation, a member, a name.
    Group(GroupId),
    /// Somebody wrote to a group without being in it.
    Refused(AccountId),
    /// An envelope could not be opened.
    Unopened,
}

/// What came of a page of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// The relay may forget up to here.
    pub up_to: Option<u64>,
    /// What there is to tell.
    pub news: Vec<News>,
}

/// The sequence number after which this device collects in an epoch.
pub fn after(rows: &(impl Rows + ?Sized), epoch: RelayEpoch) -> Result<u64, EngineError> {
    let state = account::relay(rows)?;
    Ok(if state.epoch == Some(epoch) { state.after } else { 0 })
}

/// Takes in rows of our mailbox, in order.
pub fn take<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    epoch: RelayEpoch,
    rows: &[Row],
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Taken, EngineError> {
    let own = Own::load(draft)?;
    let mut state = account::relay(draft)?;
    if state.epoch != Some(epoch) {
        (state.epoch, state.after) = (Some(epoch), 0);
    }
    let mut taking = Taking {
        draft,
        own: &own,
        sessions: Sessions::new(draft),
        prekeys: None,
        news: Vec::new(),
        now,
    };
    for row in rows.iter().filter(|row| row.sequence > state.after) {
        if row.envelope.mailbox == own.mailbox() {
            taking.envelope(row, rng)?;
        } else {
            taking.news.push(News::Unopened);
        }
    }
    let up_to = rows.last().map(|row| row.sequence);
    state.after = state.after.max(up_to.unwrap_or(0));
    let unopened = taking.news.iter().filter(|news| **news == News::Unopened).count();
    state.unopened = state.unopened.saturating_add(unopened as u64);
    let strange = taking.news.iter().filter(|news| matches!(news, News::StrangeCard(_))).count();
    state.strange_cards = state.strange_cards.saturating_add(strange as u64);
    let Taking { prekeys: changed, news, .. } = taking;
    if let Some(changed) = changed {
        prekeys::keep(draft, &changed);
    }
    draft.write(key::RELAY, &state);
    Ok(Taken { up_to, news })
}

/// Forgets the ids of messages that nobody sends again.
pub fn forget(draft: &Draft<'_>, now: UnixSeconds) -> Result<(), EngineError> {
    for (known, row) in draft.all::<KnownRow>(&[])? {
        if now.is_days_after(row.came, KNOWN_DAYS) {
            draft.remove(Table::Known, &known);
        }
    }
    marks::early::forget(draft, now, KNOWN_DAYS)
}

/// The taking in of one page.
struct Taking<'d, 'r> {
    draft: &'d Draft<'r>,
    own: &'d Own,
    sessions: Sessions<'d, 'r>,
    /// Loaded with the first handshake.
    prekeys: Option<OwnPrekeys>,
    news: Vec<News>,
    now: UnixSeconds,
}

impl Taking<'_, '_> {
    fn envelope<R: CryptoRng + ?Sized>(
        &mut self,
        row: &Row,
        rng: &mut R,
    ) -> Result<(), EngineError> {
        let (kind, body) = (row.envelope.kind, &row.envelope.body);
        let found = self.sessions.open(kind, body, self.now)?;
        let found = match found {
            None if kind == EnvelopeKind::Handshake => match self.accept(row)? {
                Some(accepted) => Some(accepted),
                None => return Ok(()),
            },
            found => found,
        };
        let (peer, part, content) = match found {
            Some(Opened { peer, content: Ok((part, content)) }) => (peer, part, content),
            Some(Opened { peer, content: Err(error) }) => return self.refused(&peer, &error, rng),
            None => {
                self.news.push(News::Unopened);
                return Ok(());
            }
        };
        let Ok(message) = Message::decode(&content) else {
            self.news.push(News::Unopened);
            return Ok(());
        };
        let (draft, told) = (self.draft, self.news.len());
        let heard = draft.attempt(|| {
            self.message(&peer, part, message, rng)?;
            if row.knock {
                self.knocks_again(&peer, rng)?;
                let id = AccountId::of(&peer.identity());
                settings::accept(draft, self.own, id, self.now, rng)?;
            }
            Ok(())
        });
        match heard {
            // What it would make too long stays as it is, and the rest of the page comes.
            Err(EngineError::Store(StoreError::TooLong(_))) => {
                self.sessions = Sessions::new(draft);
                self.news.truncate(told);
                self.news.push(News::Unopened);
                Ok(())
            }
            heard => heard,
        }
    }

    /// Accepts a handshake; none if it is not good, or from somebody who is blocked.
    fn accept(&mut self, row: &Row) -> Result<Option<Opened>, EngineError> {
        let mut prekeys = match self.prekeys.take() {
            Some(prekeys) => prekeys,
            None => prekeys::load(self.draft)?,
        };
        let history = self.own.history();
        let accepted =
            accept(&row.envelope.body, &self.own.device, &history, &mut prekeys, self.now);
        self.prekeys = Some(prekeys);
        let Accepted { session, content, initiator } = match accepted {
            Ok(accepted) => accepted,
            Err(AcceptError::Replayed) => return Ok(None),
            Err(_) => {
                self.news.push(News::Unopened);
                return Ok(None);
            }
        };
        let peer = PeerDevice::new(&session.peer().identity, session.peer().device);
        let id = initiator.account();
        if id == self.own.id() {
            return Ok(None);
        }
        match contacts::with(self.draft, id)? {
            Some(contact) if contact.standing == crate::rows::Standing::Blocked => {
                return Ok(None);
            }
            Some(_) => {}
            None if self.is_introduced(id, &initiator)? => {}
            None if contacts::requests(self.draft)? >= MAX_REQUESTS => {
                self.news.push(News::Unopened);
                return Ok(None);
            }
            None => self.knocked(id, &initiator)?,
        }
        let part = self.sessions.adopt(&peer, session, self.now)?;
        Ok(Some(Opened { peer, content: Ok((part, content)) }))
    }
}
