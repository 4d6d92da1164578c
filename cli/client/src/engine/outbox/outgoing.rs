//! From a queued row to an envelope at the relay.
//!
//! A contact gets nothing while there is an alarm about them, or no right to
//! deposit: their door, or what is left of a knock. What cannot be sealed at all keeps
//! nothing else back.

use std::collections::BTreeSet;

use msg_protocol::{
    address::{Pin, RelayAddress},
    bounded::List,
    content::{Content, Message},
    envelope::Envelope,
    id::{AccountId, EnvelopeId, MailboxId},
    request::Access,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{
    EngineError,
    addressees::{Addressee, Addressees},
    all, levels,
    next::Next,
    wants::{Want, wants},
};
use crate::{
    engine::{
        account::{self, Own},
        sessions::{PeerDevice, Sessions},
        settings,
    },
    rows::{ContactRow, OutboxRow, OutboxState, Sealing, SettingsRow},
    step::Draft,
};

/// Seconds for which whoever sealed an envelope alone deposits it.
const CLAIM_S: u64 = 20;
/// The longest pause between two tries.
const MAX_PAUSE_S: u64 = 30;
/// Days that an envelope asks to be kept.
const ENVELOPE_DAYS: u32 = 30;

/// An envelope on its way to a relay.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Its row.
    pub number: u64,
    /// To whom.
    pub account: AccountId,
    /// The recipient's relay.
    pub relay: RelayAddress,
    /// That relay's key.
    pub pin: Option<Pin>,
    /// The right that is shown.
    pub access: Access,
    /// The envelope.
    pub envelope: Envelope,
}

/// What can leave now: sealed if it was not yet, the same bytes if it was. With
/// `only`, what is for those accounts.
fn parcels<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    only: Option<&[AccountId]>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<Parcel>, EngineError> {
    let mut round = Round {
        draft,
        own,
        sessions: Sessions::new(draft),
        addressees: Addressees::new(draft),
        retired: BTreeSet::new(),
        settings: settings::of(draft)?,
        is_unpublished_door: account::relay(draft)?.door < own.row.door_number,
        now,
        rng,
    };
    let mut parcels = Vec::new();
    for (number, row) in all(draft)? {
        if only.is_none_or(|only| only.contains(&row.account)) {
            parcels.extend(round.parcel(number, row)?);
        }
    }
    round.addressees.keep();
    Ok(parcels)
}

/// One pass over the rows.
struct Round<'d, 'r, R: ?Sized> {
    draft: &'d Draft<'r>,
    own: &'d Own,
    sessions: Sessions<'d, 'r>,
    addressees: Addressees<'d, 'r>,
    retired: BTreeSet<PeerDevice>,
    settings: SettingsRow,
    is_unpublished_door: bool,
    now: UnixSeconds,
    rng: &'d mut R,
}

impl<R: CryptoRng + ?Sized> Round<'_, '_, R> {
    /// What a row gives to deposit now, if anything.
    fn parcel(&mut self, number: u64, mut row: OutboxRow) -> Result<Option<Parcel>, EngineError> {
        if row.expires <= self.now {
            super::cancel(self.draft, number, &row)?;
            return Ok(None);
        }
        let Some(next) = Next::of(&row, self.now) else { return Ok(None) };
        let Some(contact) = self.addressees.find(row.account)? else { return Ok(None) };
        if !contact.hears(&row.content) || contact.is_held(self.draft, &self.settings, &row)? {
            return Ok(None);
        }
        let Some(place) = contact.row.place.clone() else { return Ok(None) };
        // Contacts learn of a door only when the relay knows it.
        if self.is_unpublished_door && matches!(row.content, Content::ContactDetails(_)) {
            return Ok(None);
        }
        let again = matches!(next, Next::Again(_));
        let Some(access) = access(&contact.row, again, self.now) else { return Ok(None) };
        let sealing = match next {
            Next::Again(sealing) => Some(sealing),
            Next::Seal => self.seal(number, &mut row, &access)?,
            Next::Anew => self.seal_anew(number, &mut row, &access)?,
        };
        let Some(sealing) = sealing else { return Ok(None) };
        let envelope = Envelope {
            mailbox: MailboxId::of(row.account, row.device),
            id: sealing.envelope,
            kind: sealing.kind,
            expires: sealing.sealed.plus_days(ENVELOPE_DAYS),
            body: sealing.body.clone(),
        };
        let account = row.account;
        row.state = OutboxState::Sealed(sealing);
        row.tries = row.tries.saturating_add(1);
        row.tried = self.now;
        row.next_try = UnixSeconds(self.now.0.saturating_add(pause_s(row.tries)));
        self.draft.write(&number.to_be_bytes(), &row);
        let (relay, pin) = (place.address.relay, place.pin);
        Ok(Some(Parcel { number, account, relay, pin, access, envelope }))
    }

    /// What the session sealed was not opened: another is begun, once.
    fn seal_anew(
        &mut self,
        number: u64,
        row: &mut OutboxRow,
        access: &Access,
    ) -> Result<Option<Sealing>, EngineError> {
        let Some(contact) = self.addressees.find(row.account)? else { return Ok(None) };
        if contact.row.door.is_none() {
            return Ok(None);
        }
        let peer = PeerDevice::new(&contact.card.card.identity, row.device);
        if self.retired.insert(peer) {
            self.sessions.retire(&peer, self.now)?;
        }
        row.state = OutboxState::Queued;
        self.draft.write(&number.to_be_bytes(), row);
        self.seal(number, row, access)
    }

    /// Seals a row. One that cannot be goes no further; its owner sees why.
    fn seal(
        &mut self,
        number: u64,
        row: &mut OutboxRow,
        access: &Access,
    ) -> Result<Option<Sealing>, EngineError> {
        match self.sealed(row, access) {
            Err(error @ (EngineError::Encode(_) | EngineError::Seal(_))) => {
                row.state = OutboxState::Failed(error.to_string());
                self.draft.write(&number.to_be_bytes(), row);
                levels::fail(self.draft, row.account, row.message)?;
                Ok(None)
            }
            sealed => sealed,
        }
    }

    fn sealed(&mut self, row: &OutboxRow, access: &Access) -> Result<Option<Sealing>, EngineError> {
        let Some(contact) = self.addressees.find(row.account)? else { return Ok(None) };
        let peer = PeerDevice::new(&contact.card.card.identity, row.device);
        let message = message(self.own, contact, row).encode()?;
        let Some(sealed) = self.sessions.seal(&peer, &message, self.now, self.rng)? else {
            return Ok(None);
        };
        contact.spend(access);
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let envelope = EnvelopeId(id);
        Ok(Some(Sealing { envelope, kind: sealed.kind, body: sealed.body, sealed: self.now }))
    }
}

/// What a row says, as it is sealed now.
fn message(own: &Own, contact: &Addressee, row: &OutboxRow) -> Message {
    Message {
        id: row.message,
        sent_ms: row.sent_ms,
        sender_card: own.card().reference(),
        recipient_card: contact.card.reference,
        confirm: row.confirm,
        group: row.group.clone(),
        content: row.content.clone(),
        extensions: List::empty(),
    }
}

/// What can leave now, and what needs a session first.
#[derive(Debug, Default)]
pub struct Due {
    /// Sealed, and on their way.
    pub parcels: Vec<Parcel>,
    /// Sessions that are needed.
    pub wants: Vec<Want>,
}

/// Both at once.
pub fn due<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    only: Option<&[AccountId]>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Due, EngineError> {
    let parcels = parcels(draft, own, only, now, rng)?;
    Ok(Due { parcels, wants: wants(draft, only, now)? })
}

pub(super) fn pause_s(tries: u32) -> u64 {
    CLAIM_S.max(1_u64 << tries.min(5)).min(MAX_PAUSE_S)
}

/// The right that is shown; what was sealed before is shown with a right that may
/// be used up, because the relay may have the envelope already.
fn access(row: &ContactRow, again: bool, now: UnixSeconds) -> Option<Access> {
    if let Some(door) = &row.door {
        return Some(Access::Door(door.clone()));
    }
    let right = row.right.as_ref().filter(|right| right.expires > now)?;
    (right.knocks > 0 || again).then(|| right.access.clone())
}
