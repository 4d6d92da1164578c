//! Registration, and changes of an account's card and devices.
//! SPEC §"Requests".

use std::collections::BTreeSet;

use msg_protocol::{
    card::{Card, Device, Succession},
    id::{DeviceId, MailboxId},
    request::{PublishCard, Register, RemoveDevice},
    secret::Invite,
    signed::{Signed, Verified},
    version::Registration,
};

use super::{
    Service, SignedInDevice,
    refusal::{self, Answer},
};
use crate::{
    clock::Clock,
    quota::{Deed, Who},
    source::Source,
    store::{
        Store, Word,
        account::{Account, AccountChange, Creation, DeviceChange, NewAccount, Whose},
        right::RightId,
    },
};

impl<S: Store> Service<S> {
    pub(super) async fn register(&self, source: Source, register: Register) -> Answer<()> {
        let card = first_card(&register)?;
        // The same registration once more costs no invitation.
        if self.is_registered(&card, &register).await? {
            return Ok(());
        }
        // Looking through invitations is work of ours.
        self.count(source, Deed::Work, 1)?;
        let invite = self.invitation(register.invite.as_ref()).await?;
        self.count(source, Deed::Registration, 1)?;
        if self.counts(source) {
            self.take_everywhere(Deed::Registration, Who::Everybody, 1).await?;
        }
        if self.store.figures().await?.accounts >= self.limits().accounts {
            return Err(refusal::RELAY_FULL);
        }
        let account = NewAccount {
            card: card.clone(),
            credential: Self::salted(&register.account_credential)?,
            device_credential: Self::salted(&register.device_credential)?,
            door: Self::salted(&register.door)?,
            invite,
            created: Clock::wall().day(),
        };
        match self.store.create_account(account, self.clock.relay_time()).await? {
            Creation::Created => Ok(()),
            Creation::Taken if self.is_registered(&card, &register).await? => Ok(()),
            Creation::Taken => Err(refusal::CONFLICT),
            Creation::NoInvite => Err(refusal::DENIED),
        }
    }

    /// Whether it is the registration of an account that is there. Whoever has the
    /// credential of its device, and only they, may try that of the account, as often
    /// as the device may.
    async fn is_registered(&self, card: &Verified<Card>, register: &Register) -> Answer<bool> {
        let Some(account) = self.store.account(Whose::Name(&register.name)).await? else {
            return Ok(false);
        };
        let Some(device) = card.devices.first().map(Device::id) else { return Ok(false) };
        let known = self.store.device(account.id, device).await?;
        let is_its_device =
            known.is_some_and(|known| known.credential.admits(&register.device_credential));
        if !is_its_device || account.card != *card.as_signed() {
            return Ok(false);
        }
        match self.held(device, &account, &register.account_credential).await {
            Err(refusal::DENIED) => Err(refusal::CONFLICT),
            held => held.map(|_| true),
        }
    }

    /// The invitation to use up, if one is needed.
    async fn invitation(&self, shown: Option<&Invite>) -> Answer<Option<RightId>> {
        match (self.policy.registration, shown) {
            (Registration::Open, _) => Ok(None),
            (Registration::Closed, _) | (Registration::Invited, None) => Err(refusal::NOT_OPEN),
            (Registration::Invited, Some(shown)) => {
                let mut admitted = None;
                for (id, invite) in self.store.invites(self.clock.relay_time()).await? {
                    if invite.hash.admits(shown) {
                        admitted = Some(id);
                    }
                }
                admitted.map(Some).ok_or(refusal::DENIED)
            }
        }
    }

    pub(super) async fn publish_card(
        &self,
        own: SignedInDevice,
        publish: PublishCard,
    ) -> Answer<()> {
        let account = self.own_account(own).await?;
        let by = self.held(own.device, &account, &publish.credential).await?;
        let Some((card, before)) = successor(&account, publish.card)? else { return Ok(()) };
        if u64::from(card.version) > self.limits().cards {
            return Err(refusal::QUOTA);
        }
        let added = publish.device.as_ref().map(|new| new.device);
        if devices(&card) != devices(&before).into_iter().chain(added).collect()
            || added.is_some_and(|added| before.device(added).is_some())
        {
            return Err(refusal::BAD_REQUEST);
        }
        let device = match &publish.device {
            Some(new) => DeviceChange::Add(new.device, Self::salted(&new.credential)?),
            None => DeviceChange::None,
        };
        self.change(own, Some(by), AccountChange::Card(Box::new(card), device)).await
    }

    pub(super) async fn remove_device(
        &self,
        own: SignedInDevice,
        remove: RemoveDevice,
    ) -> Answer<()> {
        let account = self.own_account(own).await?;
        let by = self.held(own.device, &account, &remove.credential).await?;
        let Some((card, before)) = successor(&account, remove.card)? else { return Ok(()) };
        let left = devices(&before).into_iter().filter(|device| *device != remove.device);
        if devices(&card) != left.collect() || before.device(remove.device).is_none() {
            return Err(refusal::BAD_REQUEST);
        }
        let change = AccountChange::Card(Box::new(card), DeviceChange::Remove(remove.device));
        self.change(own, Some(by), change).await?;
        let mailbox = MailboxId::of(own.account, remove.device);
        self.tell(Word::Close(mailbox, refusal::GONE));
        Ok(())
    }
}

fn first_card(register: &Register) -> Answer<Verified<Card>> {
    let card = register.card.clone().verify_by_own_identity().map_err(|_| refusal::BAD_REQUEST)?;
    if card.version == 1 && card.devices.len() == 1 && card.name == register.name {
        Ok(card)
    } else {
        Err(refusal::BAD_REQUEST)
    }
}

/// The card if it succeeds the account's, with the one before; none if it is
/// the very card that is there.
fn successor(
    account: &Account,
    offered: Signed<Card>,
) -> Answer<Option<(Verified<Card>, Verified<Card>)>> {
    let before = account.card.clone().verify_by_own_identity().map_err(|_| refusal::FAILED)?;
    let card = offered.verify(&before.identity).map_err(|_| refusal::BAD_REQUEST)?;
    match before.admits(&card) {
        Ok(Succession::Same) => Ok(None),
        Ok(Succession::Next) => Ok(Some((card, before))),
        Err(_) => Err(refusal::CONFLICT),
    }
}

fn devices(card: &Card) -> BTreeSet<DeviceId> {
    card.devices.iter().map(Device::id).collect()
}
