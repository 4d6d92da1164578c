//! What a relay does for whoever asks: rights are checked, limits are kept, and
//! the store is told. SPEC §"Requests".
//!
//! Nothing here knows of sockets, and nothing is remembered that the store or a
//! limit does not hold.

pub mod access;
pub mod accounts;
pub mod administration;
pub mod blobs;
pub mod deposit;
pub mod directory;
pub mod mail;
pub mod records;
pub mod refusal;
pub mod rights;
pub mod sign_in;
pub mod work;

use std::sync::{Arc, PoisonError, RwLock};

use msg_protocol::{
    id::{AccountId, DeviceId, MailboxId},
    link::Offer,
    request::Request,
    response::{Done, Response},
    secret::{Right, SALT_BYTES, SaltedHash},
    version::{Registration, Terms},
};

use crate::{
    clock::Clock,
    limits::Limits,
    presence::Presence,
    quota::{Deed, Penalties, Quotas, Who},
    service::refusal::Answer,
    source::Source,
    store::{Store, Wake as _, Word},
    telemetry::figures::Figures,
};

/// What the operator has decided beside the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Who may register.
    pub registration: Registration,
    /// Whether limits of a source do not count for this machine itself.
    pub exempt_loopback: bool,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// From where.
    pub source: Source,
    /// As whom, on a link that is signed in.
    pub device: Option<SignedInDevice>,
}

/// A device that is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedInDevice {
    /// Its account.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Its mailbox.
    pub mailbox: MailboxId,
}

/// The relay behind its links.
#[derive(Debug)]
pub struct Service<S> {
    store: S,
    presence: Arc<Presence>,
    quotas: Quotas,
    penalties: Penalties,
    limits: RwLock<Arc<Limits>>,
    policy: Policy,
    clock: Clock,
    figures: Arc<Figures>,
    absent: SaltedHash,
}

impl<S: Store> Service<S> {
    /// A relay on that store, whose wake-ups go to `presence`.
    pub fn new(
        store: S,
        presence: Arc<Presence>,
        limits: Limits,
        policy: Policy,
        clock: Clock,
        figures: Arc<Figures>,
    ) -> Self {
        let absent = SaltedHash::of(&rights::nobodys_credential(&store), [0; SALT_BYTES]);
        Self {
            store,
            presence,
            quotas: Quotas::default(),
            penalties: Penalties::default(),
            limits: RwLock::new(Arc::new(limits)),
            policy,
            clock,
            figures,
            absent,
        }
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The links.
    pub const fn presence(&self) -> &Arc<Presence> {
        &self.presence
    }

    /// The clocks.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The numbers that the operator sees.
    pub const fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// What the operator has decided.
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// The limits as they are now.
    pub fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.limits.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Buckets that are remembered.
    pub fn remembered_sources(&self) -> usize {
        self.quotas.remembered()
    }

    /// Other limits from now on. Links that are open keep the terms that they
    /// were told.
    pub fn change_limits(&self, limits: Limits) {
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(limits);
    }

    /// What is said to whoever comes.
    pub fn offer(&self) -> Offer {
        let limits = self.limits();
        let u16_of = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
        let terms = Terms {
            registration: self.policy.registration,
            requests: u16_of(limits.requests),
            request_bytes: u32_of(limits.request_bytes),
            idle_s: u32_of(limits.idle_s),
            mailbox_envelopes: u32_of(limits.mailbox_envelopes),
            mailbox_bytes: limits.mailbox_bytes,
            envelope_days: u16_of(limits.envelope_days),
            blob_bytes: limits.blob_bytes,
            blob_days: u16_of(limits.blob_days),
        };
        Offer { epoch: self.store.epoch(), time: Clock::wall(), terms }
    }

    /// Whether a source may open one more link.
    pub fn admit_link(&self, source: Source) -> bool {
        self.count(source, Deed::Opening, 1).is_ok()
    }

    /// Does what is asked. Signing in and ending a batch are the link's own.
    pub async fn handle(&self, caller: &Caller, request: Request) -> Answer<Response> {
        match caller.device {
            None => self.count(caller.source, Deed::Request, 1)?,
            Some(device) if self.counts(caller.source) => {
                self.take_everywhere(Deed::Request, Who::Device(device.device), 1).await?;
            }
            Some(_) => {}
        }
        match caller.device {
            None => self.handle_anonymous(caller.source, request).await,
            Some(device) => self.handle_signed_in(device, request).await,
        }
    }

    async fn handle_anonymous(&self, source: Source, request: Request) -> Answer<Response> {
        match request {
            Request::Register(register) => done(self.register(source, register).await),
            Request::Ping(_) => done(Ok(())),
            Request::FetchCards(fetch) => answer(self.fetch_cards(fetch).await),
            Request::FetchPrekeys(fetch) => answer(self.fetch_prekeys(source, fetch).await),
            Request::AskWork(ask) => answer(self.ask_work(source, &ask).await),
            Request::RedeemWork(redeem) => answer(self.redeem_work(source, &redeem).await),
            Request::Deposit(deposit) => done(self.deposit(source, deposit).await),
            Request::FetchBlob(fetch) => answer(self.fetch_blob(&fetch).await),
            _ => Err(refusal::WRONG_LINK),
        }
    }

    async fn handle_signed_in(&self, own: SignedInDevice, request: Request) -> Answer<Response> {
        match request {
            // The link takes the credit itself.
            Request::Ping(_) | Request::Credit(_) => done(Ok(())),
            Request::FetchCards(fetch) => answer(self.fetch_cards(fetch).await),
            Request::Collect(collect) => answer(self.collect(own, &collect).await),
            Request::AcknowledgeUpTo(ack) => done(self.acknowledge_up_to(own, &ack).await),
            Request::AcknowledgeOne(ack) => done(self.acknowledge_one(own, &ack).await),
            Request::PublishCard(publish) => done(self.publish_card(own, publish).await),
            Request::PublishPrekeys(publish) => done(self.publish_prekeys(own, publish).await),
            Request::CountPrekeys(_) => answer(self.count_prekeys(own).await),
            Request::SetDoor(set) => done(self.set_door(own, &set).await),
            Request::IssueToken(issue) => done(self.issue_token(own, &issue).await),
            Request::RevokeToken(revoke) => done(self.revoke_token(own, &revoke).await),
            Request::PutRecord(put) => answer(self.put_record(own, put).await),
            Request::ListRecords(list) => answer(self.list_records(own, &list).await),
            Request::DeleteRecord(delete) => done(self.delete_record(own, &delete).await),
            Request::PutBlobChunk(put) => done(self.put_chunk(own, put).await),
            Request::AskBlob(ask) => answer(self.ask_blob(own, &ask).await),
            Request::DeleteBlob(delete) => done(self.delete_blob(own, &delete).await),
            Request::ChangeCredential(change) => done(self.change_credential(own, &change).await),
            Request::RemoveDevice(remove) => done(self.remove_device(own, remove).await),
            Request::DeleteAccount(delete) => done(self.delete_account(own, &delete).await),
            other => self.administer(own, other).await,
        }
    }

    /// Whether limits of a source count for it.
    const fn counts(&self, source: Source) -> bool {
        !(self.policy.exempt_loopback && source.is_loopback())
    }

    /// Takes from a source's bucket, if it has one.
    fn count(&self, source: Source, deed: Deed, amount: u64) -> Answer<()> {
        if self.counts(source) { self.take(deed, Who::Source(source), amount) } else { Ok(()) }
    }

    fn take(&self, deed: Deed, who: Who, amount: u64) -> Answer<()> {
        let now_ms = self.clock.moment().0;
        self.quotas.take(deed, who, amount, &self.limits(), now_ms).map_err(refusal::too_often)
    }

    /// Takes from a bucket of a device, or of everybody together: on whichever
    /// node, it is one.
    async fn take_everywhere(&self, deed: Deed, who: Who, amount: u64) -> Answer<()> {
        let (now_ms, limits) = (self.clock.moment().0, self.limits());
        let quotas = &self.quotas;
        let taken = quotas.take_everywhere(&self.store, deed, who, amount, &limits, now_ms).await?;
        taken.map_err(refusal::too_often)
    }

    /// Tells the links of a mailbox, here and at the other nodes.
    pub fn tell(&self, word: Word) {
        if self.store.shared() {
            self.store.tell(word.clone());
        }
        self.presence.hear(word);
    }

    /// The hash under which a right is kept.
    fn salted<R: Right>(right: &R) -> Answer<SaltedHash> {
        Ok(SaltedHash::of(right, crate::random::bytes()?))
    }
}

/// A limit in a field that holds no larger number.
fn u32_of(limit: u64) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

fn done(result: Answer<()>) -> Answer<Response> {
    result.map(|()| Done {}.into())
}

fn answer<T: Into<Response>>(result: Answer<T>) -> Answer<Response> {
    result.map(Into::into)
}
