//! What every run of a target starts from: two devices in the middle of a
//! conversation, made once from a fixed seed and kept as archives.

use std::sync::LazyLock;

use msg_crypto::{
    CardHistory, Sealed, Session,
    identity::{DeviceSecret, IdentitySecret},
    secret::Secret,
    session::pair::PeerSessions,
};
use msg_protocol::{
    card::{Card, CardRef, Device},
    key::IdentityKey,
    prekey::{PrekeyBundle, VerifiedBundle},
    signed::Verified,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::{
    adversary::forger::{Claim, part},
    party::{NOW, Party, first_card},
};

pub(super) static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// Bob's device and what has been sent to it, and what else targets need.
pub(super) struct World {
    /// Bob's device, as on his card.
    pub(super) device: Device,
    /// A bundle of its prekeys.
    pub(super) bundle: PrekeyBundle,
    /// A prekey of each kind, without signature.
    pub(super) one_of_each_prekey: [Vec<u8>; 3],
    /// All that it has signed.
    pub(super) signed_raws: Vec<Vec<u8>>,
    /// Signs objects of any kind.
    pub(super) signer_seed: [u8; 32],
    /// Two cards of that signer.
    pub(super) cards: Vec<Verified<Card>>,
    /// Bob's identity and card.
    card: (IdentityKey, CardRef),
    /// Bob's keys, as stored.
    pub(super) device_archive: Vec<u8>,
    /// Bob's prekeys, as stored.
    pub(super) prekeys_archive: Vec<u8>,
    /// First flights to Bob.
    pub(super) flights: Vec<Honest>,
    /// A session at several moments.
    pub(super) sessions: Vec<Moment>,
    /// Bob's card, and a bundle that nobody has used.
    pub(super) bob: Verified<Card>,
    pub(super) fresh_bundle: VerifiedBundle,
    /// What Alice says of herself under the seal.
    pub(super) initiator_part: Vec<u8>,
    /// Both sides of a session when the first flight has just been accepted.
    pub(super) beginning: (Vec<u8>, Vec<u8>),
    /// The sessions of two devices that began at once.
    pub(super) pairs: Vec<Moment>,
}

/// A state, and what the peer had sent by then.
pub(super) struct Moment {
    pub(super) archive: Vec<u8>,
    pub(super) sent: Vec<Honest>,
}

/// An envelope that an honest peer made.
#[derive(Clone)]
pub(super) struct Honest {
    pub(super) sealed: Sealed,
    pub(super) content: Vec<u8>,
    /// Whether it is still to be opened in that state.
    pub(super) is_new: bool,
}

/// A generator that always gives the same.
pub(super) fn dice(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

impl World {
    fn new() -> Self {
        let rng = &mut dice(1);
        let (alice, mut bob) = (Party::new("alice", rng), Party::new("bob", rng));
        let signer_seed = [9; 32];
        let signer = IdentitySecret::from_seed(&Secret::new(signer_seed));
        let first = first_card("carol", &signer, &DeviceSecret::generate(rng));
        let second = Card { version: 2, previous: first.hash(), ..(*first).clone() };
        let second = signer.sign(&second).verify_by_own_identity().unwrap();
        let bundle = bob.bundle();
        let raws = bob.one_time.iter().map(|pair| pair.raw().to_vec());
        let others = [bob.signed.raw().to_vec(), bob.last_resort.raw().to_vec()];
        let handed = bundle.one_time.iter().map(|pair| pair.raw().to_vec());
        let signed_raws: Vec<_> = others.iter().cloned().chain(handed).chain(raws).collect();
        let [weekly, last_resort] = others;
        let sessions = conversation(&alice, &mut bob, rng);
        let beginning = beginning(&alice, &mut bob, rng);
        let pairs = crossing(rng);
        let flights = flights(&alice, &mut bob, rng);
        let fresh_bundle = bob.bundle();
        let fresh_bundle = bob.check(fresh_bundle);
        let claim = Claim {
            generation: NOW.0,
            card: &alice.card,
            device: alice.device.id(),
            dh1: [0; 32],
            ek: None,
        };
        let initiator_part = part(&claim);
        Self {
            device: bob.card.devices[0].clone(),
            bundle,
            one_of_each_prekey: [weekly, last_resort, signed_raws[2].clone()],
            signed_raws,
            signer_seed,
            cards: vec![first, second],
            card: (bob.card.identity, bob.card.reference()),
            device_archive: bob.device.archive().as_bytes().to_vec(),
            prekeys_archive: bob.prekeys.archive().as_bytes().to_vec(),
            flights,
            sessions,
            bob: bob.card.clone(),
            fresh_bundle,
            initiator_part,
            beginning,
            pairs,
        }
    }
}

impl World {
    /// The versions of Bob's card.
    pub(super) fn card_history(&self) -> CardHistory {
        let (identity, card) = self.card;
        CardHistory::from_parts(identity, vec![card])
    }
}

/// One side of a conversation while it is made.
struct Side {
    session: Session,
    /// What the other side has sent to this one.
    sent: Vec<Honest>,
}

impl Side {
    fn moment(&self) -> Moment {
        Moment { archive: self.session.archive().as_bytes().to_vec(), sent: self.sent.clone() }
    }

    fn send(&mut self, content: &str, to: &mut Vec<Honest>, rng: &mut ChaCha20Rng) {
        let sealed = self.session.seal(content.as_bytes(), rng).unwrap();
        to.push(Honest { sealed, content: content.into(), is_new: true });
    }

    fn open(&mut self, index: usize) {
        let honest = &mut self.sent[index];
        let content = self.session.open(honest.sealed.kind, &honest.sealed.body, NOW).unwrap();
        assert_eq!(content, honest.content);
        honest.is_new = false;
    }
}

/// A conversation with gaps, at five moments of it.
fn conversation(alice: &Party, bob: &mut Party, rng: &mut ChaCha20Rng) -> Vec<Moment> {
    let mut ours = Side { session: alice.initiate(bob, rng), sent: Vec::new() };
    let mut first = Vec::new();
    for content in ["first", "second", "third"] {
        ours.send(content, &mut first, rng);
    }
    let accepted = bob.accept(&first[0].sealed.body, NOW).unwrap();
    first[0].is_new = false;
    let mut theirs = Side { session: accepted.session, sent: first };
    let mut moments = vec![theirs.moment()];
    for content in ["answer", "another", "and one"] {
        theirs.send(content, &mut ours.sent, rng);
    }
    moments.push(ours.moment());
    ours.open(1);
    ours.send("fourth", &mut theirs.sent, rng);
    ours.send("fifth", &mut theirs.sent, rng);
    moments.extend([ours.moment(), theirs.moment()]);
    theirs.open(4);
    theirs.send("late", &mut ours.sent, rng);
    moments.extend([ours.moment(), theirs.moment()]);
    ours.open(3);
    moments.push(ours.moment());
    moments
}

fn beginning(alice: &Party, bob: &mut Party, rng: &mut ChaCha20Rng) -> (Vec<u8>, Vec<u8>) {
    let mut ours = alice.initiate(bob, rng);
    let first = ours.seal(b"first", rng).unwrap();
    let theirs = bob.accept(&first.body, NOW).unwrap().session;
    (ours.archive().as_bytes().to_vec(), theirs.archive().as_bytes().to_vec())
}

/// Two devices that begin at once, and one of them begins again.
fn crossing(rng: &mut ChaCha20Rng) -> Vec<Moment> {
    let (mut alice, mut bob) = (Party::new("alice", rng), Party::new("bob", rng));
    let (mut ours, mut theirs) = (PeerSessions::default(), PeerSessions::default());
    ours.adopt(alice.initiate(&mut bob, rng), NOW);
    theirs.adopt(bob.initiate(&mut alice, rng), NOW);
    let mut to_alice = Vec::new();
    let seal = |from: &mut PeerSessions, content: &str, rng: &mut ChaCha20Rng| Honest {
        sealed: from.seal(content.as_bytes(), rng).unwrap().unwrap(),
        content: content.into(),
        is_new: true,
    };
    let hello = seal(&mut ours, "hello", rng);
    to_alice.push(seal(&mut theirs, "hello yourself", rng));
    to_alice.push(seal(&mut theirs, "are you there?", rng));
    ours.adopt(alice.accept(&to_alice[0].sealed.body, NOW).unwrap().session, NOW);
    to_alice[0].is_new = false;
    theirs.adopt(bob.accept(&hello.sealed.body, NOW).unwrap().session, NOW);
    to_alice.push(seal(&mut theirs, "yes", rng));
    let crossed = Moment { archive: ours.archive().as_bytes().to_vec(), sent: to_alice.clone() };

    let generation = ours.next_generation(NOW);
    let bundle = bob.check(bob.last_resort_bundle());
    ours.adopt(alice.initiate_with(&bob, &bundle, generation, rng).unwrap(), NOW);
    let anew = seal(&mut ours, "anew", rng);
    theirs.adopt(bob.accept(&anew.sealed.body, NOW).unwrap().session, NOW);
    to_alice.push(seal(&mut theirs, "seen", rng));
    vec![crossed, Moment { archive: ours.archive().as_bytes().to_vec(), sent: to_alice }]
}

/// First flights to Bob of both kinds, new ones and ones that were accepted.
fn flights(alice: &Party, bob: &mut Party, rng: &mut ChaCha20Rng) -> Vec<Honest> {
    let mut flights = Vec::new();
    for (content, one_time, is_new) in [
        ("on a pair", true, true),
        ("on a spent pair", true, false),
        ("on the last resort", false, true),
        ("on it before", false, false),
    ] {
        let bundle = if one_time { bob.bundle() } else { bob.last_resort_bundle() };
        let bundle = bob.check(bundle);
        let mut session = alice.initiate_with(bob, &bundle, NOW.0, rng).unwrap();
        let sealed = session.seal(content.as_bytes(), rng).unwrap();
        if !is_new {
            drop(bob.accept(&sealed.body, NOW).unwrap());
        }
        flights.push(Honest { sealed, content: content.into(), is_new });
    }
    flights
}
