//! One device of an account, as a client will keep it.

use std::mem;

use msg_crypto::{
    AcceptError, CardHistory, OpenError, Session, accept,
    handshake::initiator::Initiator,
    identity::{DeviceSecret, IdentitySecret},
    initiate,
    prekey::{OwnPrekeys, Upload},
};
use msg_protocol::{
    card::{CARD_FORMAT, Card, CardHash},
    envelope::{Envelope, EnvelopeKind},
    id::{EnvelopeId, MailboxId},
    prekey::PrekeyBundle,
    request::{Register, SignIn},
    secret::{AccountCredential, DeviceCredential, Door},
    signed::Verified,
    time::UnixSeconds,
};
use rand::RngExt as _;

use crate::Outcome;

const KEPT_DAYS: u32 = 30;

/// A device with its account's card, its private prekeys and one session.
pub(crate) struct Device {
    pub(crate) card: Verified<Card>,
    pub(crate) door: Door,
    account_credential: AccountCredential,
    credential: DeviceCredential,
    keys: DeviceSecret,
    cards: CardHistory,
    prekeys: OwnPrekeys,
    upload: Upload,
    session: Option<Session>,
    now: UnixSeconds,
}

/// Why an envelope was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Handshake(#[from] AcceptError),
    #[error("{0}")]
    Message(#[from] OpenError),
    #[error("there is no session")]
    NoSession,
}

impl Device {
    /// A new account with this one device.
    pub(crate) fn new(name: &str, now: UnixSeconds) -> Outcome<Self> {
        let rng = &mut rand::rng();
        let identity = IdentitySecret::generate(rng);
        let keys = DeviceSecret::generate(rng);
        let card = Card {
            format: CARD_FORMAT,
            identity: identity.public(),
            name: name.parse()?,
            version: 1,
            previous: CardHash::NONE,
            created: now.day(),
            devices: vec![keys.public(now.day())],
        };
        let card = identity.sign(&card).verify_by_own_identity()?;
        let mut prekeys = OwnPrekeys::default();
        let upload = prekeys.maintain(&keys, 0, now, rng);
        let cards = CardHistory::new(&card);
        Ok(Self {
            door: Door::new(rng.random()),
            account_credential: AccountCredential::new(rng.random()),
            credential: DeviceCredential::new(rng.random()),
            card,
            keys,
            cards,
            prekeys,
            upload,
            session: None,
            now,
        })
    }

    /// What makes its account.
    pub(crate) fn registration(&self) -> Register {
        Register {
            name: self.card.name.clone(),
            card: self.card.as_signed().clone(),
            account_credential: self.account_credential.clone(),
            device_credential: self.credential.clone(),
            door: self.door.clone(),
            invite: None,
        }
    }

    /// What it comes for its mail with.
    pub(crate) fn sign_in(&self) -> SignIn {
        SignIn {
            name: self.card.name.clone(),
            device: self.keys.id(),
            credential: self.credential.clone(),
            counter: 1,
        }
    }

    /// What it has to publish; told once.
    pub(crate) fn take_upload(&mut self) -> Upload {
        mem::take(&mut self.upload)
    }

    /// Its queue at the relay.
    pub(crate) fn mailbox(&self) -> MailboxId {
        MailboxId::of(self.card.account(), self.keys.id())
    }

    /// Begins a session with a device that may be away.
    pub(crate) fn begin(&mut self, peer: &Self, bundle: PrekeyBundle) -> Outcome {
        let device = peer.card.devices.first().ok_or("a card without devices")?;
        let bundle = bundle.verify(device, self.now.day())?;
        let us = Initiator { device: &self.keys, card: &self.card };
        self.session = Some(initiate(us, &peer.card, &bundle, self.now.0, &mut rand::rng())?);
        Ok(())
    }

    /// Seals a text for the device at the other end of the session.
    pub(crate) fn seal(&mut self, peer: &Self, text: &str) -> Outcome<Envelope> {
        let rng = &mut rand::rng();
        let session = self.session.as_mut().ok_or(Refusal::NoSession)?;
        let sealed = session.seal(text.as_bytes(), rng)?;
        Ok(Envelope {
            mailbox: peer.mailbox(),
            id: EnvelopeId(rng.random()),
            kind: sealed.kind,
            expires: self.now.plus_days(KEPT_DAYS),
            body: sealed.body,
        })
    }

    /// Opens an envelope: a first flight makes the session.
    pub(crate) fn open(&mut self, envelope: &Envelope) -> Result<String, Refusal> {
        let content = match &mut self.session {
            None if envelope.kind == EnvelopeKind::Handshake => self.accept(envelope)?,
            None => return Err(Refusal::NoSession),
            Some(session) => session.open(envelope.kind, &envelope.body, self.now)?,
        };
        Ok(String::from_utf8_lossy(&content).into_owned())
    }

    fn accept(&mut self, envelope: &Envelope) -> Result<Vec<u8>, AcceptError> {
        let accepted =
            accept(&envelope.body, &self.keys, &self.cards, &mut self.prekeys, self.now)?;
        self.session = Some(accepted.session);
        Ok(accepted.content)
    }

    /// What somebody has who reads this device's disk and memory now.
    pub(crate) fn steal_session(&self) -> Outcome<Session> {
        let session = self.session.as_ref().ok_or(Refusal::NoSession)?;
        Ok(Session::restore(session.archive().as_bytes())?)
    }

    /// The account's name.
    pub(crate) fn name(&self) -> &str {
        self.card.name.as_str()
    }
}
