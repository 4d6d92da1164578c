//! Who strangers are, and how somebody can be reached: told by themselves, or by a group.

use msg_protocol::{
    card::Card, content::ContactDetails, id::AccountId, signed::Verified, time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{EngineError, News, Taking};
use crate::{
    engine::{account, contacts, groups, outbox, sessions::PeerDevice},
    rows::{ContactRow, Standing, account::key as account_key, contact::key},
};

impl Taking<'_, '_> {
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

    /// How to reach somebody: taken as it is from whom we know there, a claim to be
    /// checked from others.
    pub(super) fn details<R: CryptoRng + ?Sized>(
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
