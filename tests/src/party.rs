//! An account with one device, its prekeys, and the relay's copy of them: what
//! two sides need before they can talk.

use msg_crypto::{
    AcceptError, Accepted, CardHistory, InitiateError, Session, accept,
    handshake::initiator::Initiator,
    identity::{DeviceSecret, IdentitySecret},
    initiate,
    limits::ONE_TIME_PAIRS,
    prekey::{OwnPrekeys, Upload},
    secret::Secret,
};
use msg_protocol::{
    card::{CARD_FORMAT, Card, CardHash},
    envelope::Body,
    prekey::{
        BundleError, LastResortPrekey, OneTimePair, PrekeyBundle, SignedPrekey, VerifiedBundle,
    },
    signed::{Signed, Verified},
    time::UnixSeconds,
};
use rand_chacha::ChaCha20Rng;

/// When every story begins.
pub const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// One account with one device.
pub struct Party {
    /// The account's identity.
    pub identity: IdentitySecret,
    /// Its one device.
    pub device: DeviceSecret,
    /// Its card, version 1.
    pub card: Verified<Card>,
    /// The versions of its card.
    pub cards: CardHistory,
    /// Its private prekeys.
    pub prekeys: OwnPrekeys,
    /// Its signed prekey, as the relay has it.
    pub signed: Signed<SignedPrekey>,
    /// Its last-resort prekey, as the relay has it.
    pub last_resort: Signed<LastResortPrekey>,
    /// Its one-time pairs that the relay still has.
    pub one_time: Vec<Signed<OneTimePair>>,
}

impl Party {
    /// A new account.
    pub fn new(name: &str, rng: &mut ChaCha20Rng) -> Self {
        let identity = IdentitySecret::generate(rng);
        let device = DeviceSecret::generate(rng);
        Self::with_device(name, identity, device, rng)
    }

    /// A new account with given keys.
    pub fn with_device(
        name: &str,
        identity: IdentitySecret,
        device: DeviceSecret,
        rng: &mut ChaCha20Rng,
    ) -> Self {
        let mut prekeys = OwnPrekeys::default();
        let upload = prekeys.maintain(&device, 0, NOW, rng);
        Self::published(name, identity, device, prekeys, upload)
    }

    /// A new account with so few one-time pairs that it is made in no time.
    pub fn sparing(name: &str, pairs: usize, rng: &mut ChaCha20Rng) -> Self {
        let (identity, device) = (IdentitySecret::generate(rng), DeviceSecret::generate(rng));
        let mut prekeys = OwnPrekeys::default();
        let mut upload = prekeys.maintain(&device, ONE_TIME_PAIRS, NOW, rng);
        upload.one_time = (0..pairs)
            .map(|_| prekeys.add_one_time(&device, Secret::random(rng), Secret::random(rng)))
            .collect();
        Self::published(name, identity, device, prekeys, upload)
    }

    fn published(
        name: &str,
        identity: IdentitySecret,
        device: DeviceSecret,
        prekeys: OwnPrekeys,
        upload: Upload,
    ) -> Self {
        let card = first_card(name, &identity, &device);
        Self {
            cards: CardHistory::new(&card),
            identity,
            device,
            card,
            prekeys,
            signed: upload.signed.unwrap(),
            last_resort: upload.last_resort.unwrap(),
            one_time: upload.one_time,
        }
    }

    /// What an honest relay hands out: a one-time pair as long as there is one.
    pub fn bundle(&mut self) -> PrekeyBundle {
        let one_time = self.one_time.pop();
        PrekeyBundle { one_time, ..self.last_resort_bundle() }
    }

    /// What a relay hands out when the pairs have run out.
    pub fn last_resort_bundle(&self) -> PrekeyBundle {
        PrekeyBundle {
            device: self.device.id(),
            signed: self.signed.clone(),
            last_resort: self.last_resort.clone(),
            one_time: None,
        }
    }

    /// A bundle, checked as a sender checks it.
    pub fn check(&self, bundle: PrekeyBundle) -> VerifiedBundle {
        self.check_at(bundle, NOW).unwrap()
    }

    /// The same at another time.
    pub fn check_at(
        &self,
        bundle: PrekeyBundle,
        now: UnixSeconds,
    ) -> Result<VerifiedBundle, BundleError> {
        bundle.verify(&self.card.devices[0], now.day())
    }

    /// Changes prekeys that are due, and publishes the new ones.
    pub fn maintain(&mut self, at_relay: usize, now: UnixSeconds, rng: &mut ChaCha20Rng) -> Upload {
        let upload = self.prekeys.maintain(&self.device, at_relay, now, rng);
        self.signed = upload.signed.clone().unwrap_or_else(|| self.signed.clone());
        self.last_resort = upload.last_resort.clone().unwrap_or_else(|| self.last_resort.clone());
        self.one_time.extend(upload.one_time.iter().cloned());
        upload
    }

    /// Ends the process that holds the keys, and starts another from its store.
    pub fn restart(&mut self) {
        self.device = DeviceSecret::restore(self.device.archive().as_bytes()).unwrap();
        self.prekeys = OwnPrekeys::restore(self.prekeys.archive().as_bytes()).unwrap();
    }

    /// Begins a session with `peer`, on a one-time pair if there is one.
    pub fn initiate(&self, peer: &mut Self, rng: &mut ChaCha20Rng) -> Session {
        let bundle = peer.bundle();
        self.initiate_with(peer, &peer.check(bundle), NOW.0, rng).unwrap()
    }

    /// Begins a session on given prekeys.
    pub fn initiate_with(
        &self,
        peer: &Self,
        bundle: &VerifiedBundle,
        generation: u64,
        rng: &mut ChaCha20Rng,
    ) -> Result<Session, InitiateError> {
        let initiator = Initiator { device: &self.device, card: &self.card };
        initiate(initiator, &peer.card, bundle, generation, rng)
    }

    /// Accepts a first flight.
    pub fn accept(&mut self, body: &Body, now: UnixSeconds) -> Result<Accepted, AcceptError> {
        accept(body, &self.device, &self.cards, &mut self.prekeys, now)
    }

    /// A session with `peer` in which both sides have spoken: ours, and the peer's.
    pub fn established(&self, peer: &mut Self, rng: &mut ChaCha20Rng) -> (Session, Session) {
        let mut ours = self.initiate(peer, rng);
        let first = ours.seal(b"hello", rng).unwrap();
        let mut theirs = peer.accept(&first.body, NOW).unwrap().session;
        let answer = theirs.seal(b"hello yourself", rng).unwrap();
        ours.open(answer.kind, &answer.body, NOW).unwrap();
        (ours, theirs)
    }
}

/// The first card of an account with one device.
pub fn first_card(name: &str, identity: &IdentitySecret, device: &DeviceSecret) -> Verified<Card> {
    let card = Card {
        format: CARD_FORMAT,
        identity: identity.public(),
        name: name.parse().unwrap(),
        version: 1,
        previous: CardHash::NONE,
        created: NOW.day(),
        devices: vec![device.public(NOW.day())],
    };
    identity.sign(&card).verify_by_own_identity().unwrap()
}

/// Writes a session to its archive and reads it back, as a process that ends
/// and another that starts.
#[must_use]
pub fn reopen(session: &Session) -> Session {
    Session::restore(session.archive().as_bytes()).unwrap()
}
