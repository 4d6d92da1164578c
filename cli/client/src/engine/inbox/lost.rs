//! Sessions that are lost, on their side or on ours: what was sealed is sealed anew.

use msg_crypto::{OpenError, session::pair::Adopted};
use msg_protocol::{
    content::{Confirm, SessionReset},
    id::{AccountId, MessageId},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{EngineError, News, Taking};
use crate::{
    engine::{
        account, contacts, outbox, prekeys,
        sessions::{PeerDevice, Sessions},
    },
    rows::ContactRow,
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

/// This store turned out to be an older copy of itself: no session of it is used
/// for sending again, everybody is told, with a new door, and prekeys get numbers
/// never given.
pub fn set_back<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    counter: u64,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    account::change_relay(draft, |state| {
        state.counter = state.counter.max(counter).saturating_add(1);
        state.set_back = state.set_back.saturating_add(1);
        state.keyed = None;
        (state.records, state.restores) = (None, true);
    })?;
    let mut own = prekeys::load(draft)?;
    own.leap(now);
    prekeys::keep(draft, &own);
    let mut sessions = Sessions::new(draft);
    for peer in sessions.peers()? {
        sessions.retire(&peer, now)?;
    }
    for (id, contact) in contacts::everybody(draft)? {
        outbox::seal_anew(draft, id, None, now)?;
        if contact.is_reached() && !outbox::has_reset(draft, id)? {
            post_reset(draft, id, &contact, 0, now, rng)?;
        }
    }
    // The door may have been changed since, and not for the number that is known.
    contacts::change_door(draft, now, rng)?;
    Ok(())
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

    /// They cannot open what was sealed to them so far.
    pub(super) fn reset(
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
}
