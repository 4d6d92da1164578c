//! Signing in. Unknown names, unknown devices and wrong credentials get one
//! answer, after the same work, at the same moment. SPEC §"Requests", *SignIn*.

use std::time::Duration;

use msg_protocol::{
    error::Refusal,
    id::{AccountId, DeviceId, MailboxId},
    request::SignIn,
    response::SignedIn,
};
use tokio::time::{Instant, sleep_until};

use super::{
    Service, SignedInDevice,
    refusal::{self, Answer},
};
use crate::{
    source::Source,
    store::{
        Store,
        account::{Account, Device, Whose},
    },
};

/// When a sign-in is refused, counted from when it came: long after everything
/// has been looked up, so that what was found does not show in the time.
const REFUSED_AFTER: Duration = Duration::from_millis(100);

impl<S: Store> Service<S> {
    /// Checks who a device is.
    pub async fn check_device(&self, source: Source, sign_in: &SignIn) -> Answer<SignedInDevice> {
        let refused_at = Instant::now() + REFUSED_AFTER;
        let checked = self.check_device_now(source, sign_in).await;
        if checked.is_err_and(|refusal| refusal != refusal::SUSPENDED) {
            sleep_until(refused_at).await;
        }
        checked
    }

    async fn check_device_now(&self, source: Source, sign_in: &SignIn) -> Answer<SignedInDevice> {
        let account = self.store.account(Whose::Name(&sign_in.name)).await?;
        let id = account.as_ref().map_or(AccountId([0; 16]), |account| account.id);
        let device = self.store.device(id, sign_in.device).await?;
        match self.admit_device(account, device, sign_in) {
            Ok(account) => Ok(device_of(account, sign_in.device)),
            Err(refusal::DENIED) if self.counts(source) => Err(self.penalise(source)),
            Err(refusal) => Err(refusal),
        }
    }

    /// Whoever has the right credential is let in whatever others at his address
    /// have tried: nobody guesses 32 random bytes, and a cron job with an old
    /// credential must not shut its neighbours out.
    fn penalise(&self, source: Source) -> Refusal {
        let now_ms = self.clock.moment().0;
        if let Err(too_often) = self.penalties.check(source, now_ms) {
            return refusal::too_often(too_often);
        }
        self.penalties.note_failure(source, &self.limits(), now_ms);
        refusal::DENIED
    }

    fn admit_device(
        &self,
        account: Option<Account>,
        device: Option<Device>,
        sign_in: &SignIn,
    ) -> Result<AccountId, Refusal> {
        let hash = device.map_or(self.absent, |device| device.credential);
        let admitted = hash.admits(&sign_in.credential);
        match (account, device) {
            (Some(account), Some(_)) if admitted && account.suspended => Err(refusal::SUSPENDED),
            (Some(account), Some(_)) if admitted => Ok(account.id),
            _ => Err(refusal::DENIED),
        }
    }

    /// Why a device that is signed in may not stay, if it may not: another node may
    /// have said so, unheard.
    pub async fn look_after(&self, own: SignedInDevice) -> Option<Refusal> {
        match self.own_account(own).await {
            Ok(account) => account.suspended.then_some(refusal::SUSPENDED),
            Err(refusal::NOT_FOUND) => Some(refusal::GONE),
            // Nobody knows, and it will be asked again.
            Err(_) => None,
        }
    }

    /// What a device is told that has signed in. Its link must be known to
    /// `presence` by now, so that nothing arrives unseen.
    pub async fn sign_in(&self, own: SignedInDevice, counter: u64) -> Answer<SignedIn> {
        // The operator may have suspended the account since it was looked at; from
        // here on the link is among those that he closes.
        if self.own_account(own).await?.suspended {
            return Err(refusal::SUSPENDED);
        }
        let before = self.store.raise_counter(own.account, own.device, counter).await?;
        let stock = self.store.prekey_stock(own.account, own.device).await?;
        let waiting = self.store.waiting(own.mailbox).await?;
        Ok(SignedIn {
            counter: before.ok_or(refusal::DENIED)?,
            envelopes: waiting.envelopes,
            one_time: stock.map_or(0, |stock| stock.one_time),
        })
    }
}

fn device_of(account: AccountId, device: DeviceId) -> SignedInDevice {
    SignedInDevice { account, device, mailbox: MailboxId::of(account, device) }
}
