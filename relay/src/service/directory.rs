//! The public directory: cards, and prekeys. SPEC §"Requests".

use msg_protocol::{
    bounded::List,
    card::Device,
    error::Code,
    id::{DeviceId, MailboxId},
    key::SigningKey,
    limits::MAX_CARDS_PER_ANSWER,
    request::{FetchCards, FetchPrekeys, PublishPrekeys},
    response::{Bundles, Cards, PrekeysLeft},
    signed::{Signable, Signed, Verified},
};

use super::{
    Service, SignedInDevice,
    access::Admitted,
    refusal::{self, Answer},
};
use crate::{
    quota::{Deed, Who},
    source::Source,
    store::{
        Store, Word,
        account::{Account, Whose},
        prekey::{NewPrekeys, Published, Taking},
    },
};

impl<S: Store> Service<S> {
    pub(super) async fn fetch_cards(&self, fetch: FetchCards) -> Answer<Cards> {
        let account = self.store.account(Whose::Name(&fetch.name)).await?;
        let account = account.ok_or(refusal::NOT_FOUND)?;
        let Some(from) = fetch.from else {
            let cards = List::new(vec![account.card]).map_err(|_| refusal::FAILED)?;
            return Ok(Cards { cards, more: false });
        };
        let page = self.store.cards(account.id, from, MAX_CARDS_PER_ANSWER).await?;
        let cards = List::new(page.cards).map_err(|_| refusal::FAILED)?;
        Ok(Cards { cards, more: page.more })
    }

    pub(super) async fn fetch_prekeys(
        &self,
        source: Source,
        fetch: FetchPrekeys,
    ) -> Answer<Bundles> {
        let account = self.store.account(Whose::Id(fetch.account)).await?;
        let account = account.ok_or(refusal::NOT_FOUND)?;
        let mut taking = match self.admit(&account, &fetch.access).await? {
            Admitted::Nobody | Admitted::Knock(_, false) => Taking::Without,
            Admitted::Door => Taking::Door,
            Admitted::Knock(id, true) => Taking::Right(id),
        };
        let devices = wanted(&account, &fetch.devices)?;
        if devices.is_empty() {
            // To the store this would mean all of them.
            return Ok(Bundles { bundles: List::empty() });
        }
        if !self.may_take_pairs(source, taking, &devices).await? {
            taking = Taking::Without;
        }
        let now = self.clock.relay_time();
        let taken = self.store.take_prekeys(account.id, devices, taking, now).await?;
        let taken = taken.ok_or(refusal::NOT_FOUND)?;
        let low = self.limits().prekeys_low;
        for one in &taken {
            if one.bundle.one_time.is_some() && u64::from(one.left) <= low {
                let mailbox = MailboxId::of(account.id, one.bundle.device);
                self.tell(Word::PrekeysLow(mailbox, one.left));
            }
        }
        let bundles = taken.into_iter().map(|one| one.bundle).collect();
        Ok(Bundles { bundles: List::new(bundles).map_err(|_| refusal::FAILED)? })
    }

    /// Over the limit nobody is refused: the last-resort prekey serves, so that
    /// draining the pairs shuts out no honest sender. What strangers take is
    /// counted for all of them together, and not against contacts.
    async fn may_take_pairs(
        &self,
        source: Source,
        taking: Taking,
        devices: &[DeviceId],
    ) -> Answer<bool> {
        let stranger = matches!(taking, Taking::Right(_));
        if taking == Taking::Without || !self.counts(source) {
            return Ok(true);
        }
        for device in devices {
            if self.take(Deed::Prekey, Who::SourceToDevice(source, *device), 1).is_err() {
                return Ok(false);
            }
            if stranger && !self.takes_strangers_pair(*device).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn takes_strangers_pair(&self, device: DeviceId) -> Answer<bool> {
        match self.take_everywhere(Deed::Prekey, Who::Device(device), 1).await {
            Err(refusal) if refusal.code == Code::RATE_LIMITED => Ok(false),
            taken => taken.map(|()| true),
        }
    }

    pub(super) async fn publish_prekeys(
        &self,
        own: SignedInDevice,
        publish: PublishPrekeys,
    ) -> Answer<()> {
        let account = self.own_account(own).await?;
        let key = signing_key(&account, own.device)?;
        let one_time = publish.one_time.into_iter().map(|pair| verified(pair, &key));
        let prekeys = NewPrekeys {
            signed: publish.signed.map(|signed| verified(signed, &key)).transpose()?,
            last_resort: publish.last_resort.map(|last| verified(last, &key)).transpose()?,
            one_time: one_time.collect::<Answer<_>>()?,
            replace: publish.replace,
        };
        match self.store.publish_prekeys(own.account, own.device, prekeys).await? {
            Published::Done => Ok(()),
            Published::NotFound => Err(refusal::NOT_FOUND),
            Published::TooMany => Err(refusal::QUOTA),
        }
    }

    pub(super) async fn count_prekeys(&self, own: SignedInDevice) -> Answer<PrekeysLeft> {
        let stock = self.store.prekey_stock(own.account, own.device).await?;
        Ok(PrekeysLeft { one_time: stock.ok_or(refusal::NOT_FOUND)?.one_time })
    }
}

/// The devices asked for, each once; all of the account's if none is named.
fn wanted(account: &Account, named: &[DeviceId]) -> Answer<Vec<DeviceId>> {
    let card = account.card.peek_unverified().map_err(|_| refusal::FAILED)?;
    let all = card.devices.iter().map(Device::id);
    Ok(all.filter(|device| named.is_empty() || named.contains(device)).collect())
}

fn signing_key(account: &Account, device: DeviceId) -> Answer<SigningKey> {
    let card = account.card.peek_unverified().map_err(|_| refusal::FAILED)?;
    card.device(device).map(|device| device.signing).ok_or(refusal::NOT_FOUND)
}

fn verified<T: Signable<Signer = SigningKey>>(
    signed: Signed<T>,
    key: &SigningKey,
) -> Answer<Verified<T>> {
    signed.verify(key).map_err(|_| refusal::BAD_REQUEST)
}
