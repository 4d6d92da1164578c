//! Handshakes: every key and secret of SPEC §4, from the draws to the block.

mod schedule;

use alloc::vec::Vec;

use msg_protocol::{
    key::{AgreementKey, KEM_KEY_BYTES, KemKey},
    prekey::{OneTimePair, PrekeyBundle, SignedPrekey},
};

use super::{
    card::TODAY,
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
    party::{NOW, Party, Prekeys, bundle_json, checked},
};
use crate::{
    handshake::initiator::{Initiator, initiate},
    kem::KemSecret,
    session::Session,
};
pub(crate) use schedule::Schedule;

const DRAWS: [(&str, usize); 2] = [("ek", 32), ("m", 32)];

#[test]
fn handshakes_are_as_their_vectors_say() {
    let rng = &mut Draws::of("handshake");
    let mut cases: Vec<Case> = [
        ("one-time pair, initiator padded to 512", true, 0),
        ("last-resort key, initiator padded to 512", false, 0),
        ("one-time pair, initiator padded to 2,048", true, 5),
        ("last-resort key, initiator padded to 2,048", false, 5),
    ]
    .into_iter()
    .map(|(name, with_pair, others)| Handshake::new(with_pair, others, rng).into_case(name))
    .collect();
    cases.extend(refusals(rng));
    File {
        name: "handshake",
        about: "Handshakes: A begins, B's prekeys are handed out. Seeds and private halves are \
                given, so that both sides can be computed. DH4 and one-time keys are empty when \
                absent. That B accepts the block is shown by the first messages.",
        spec: "crypto/SPEC.md §4",
        cases,
    }
    .keep();
}

/// A handshake that A has begun with B.
pub(crate) struct Handshake {
    pub(crate) alice: Party,
    pub(crate) bob: Party,
    pub(crate) prekeys: Prekeys,
    /// A's session.
    pub(crate) session: Session,
    pub(crate) inputs: Json,
    pub(crate) schedule: Schedule,
    pub(crate) block: Vec<u8>,
}

impl Handshake {
    /// A new pair of accounts; A's card lists so many other devices.
    pub(crate) fn new(with_pair: bool, others: usize, rng: &mut Draws) -> Self {
        let (alice, bob) = (Party::new("alice", others, rng), Party::new("bob", 0, rng));
        let prekeys = Prekeys::new(&bob.device, rng);
        let bundle = prekeys.bundle(&bob.device, with_pair);
        let initiator = Initiator { device: &alice.device, card: &alice.card };
        let (session, drawn) = rng.record(&DRAWS, |rng| {
            initiate(initiator, &bob.card, &checked(&bundle, &bob), NOW.0, rng).unwrap()
        });
        let inputs = inputs(&alice, &bob, &prekeys, &bundle).with("draws", drawn.to_json());
        let schedule = Schedule::new(&alice, &bob, &prekeys, with_pair, &drawn);
        let block = schedule.block(&bob, &prekeys, with_pair);
        assert_eq!(session.name().0, schedule.name());
        Self { alice, bob, prekeys, session, inputs, schedule, block }
    }

    fn into_case(self, name: &str) -> Case {
        let outputs = object! {
            "SK": &self.schedule.session_secret,
            "block": &self.block,
            "name": &self.schedule.name(),
        };
        Case::new("handshake", name, self.inputs).steps(self.schedule.to_json()).outputs(outputs)
    }
}

/// `content || 80 || 00 …`.
pub(crate) fn padded(content: &[u8], size: usize) -> Vec<u8> {
    let mut out = [content, &[0x80]].concat();
    assert!(out.len() <= size, "content fits");
    out.resize(size, 0);
    out
}

fn inputs(alice: &Party, bob: &Party, prekeys: &Prekeys, bundle: &PrekeyBundle) -> Json {
    object! {
        "today": TODAY.0,
        "generation": NOW.0,
        "A": alice.to_json(),
        "B": bob.to_json().with("prekeys", prekeys.to_json()),
        "bundle": bundle_json(bundle),
    }
}

/// Prekeys, properly signed, that a sender must refuse all the same.
fn refusals(rng: &mut Draws) -> Vec<Case> {
    let low = AgreementKey([0; 32]);
    let (alice, bob) = (Party::new("alice", 0, rng), Party::new("bob", 0, rng));
    let prekeys = Prekeys::new(&bob.device, rng);
    let honest = prekeys.bundle(&bob.device, true);
    let signed = honest.signed.peek_unverified().unwrap();
    let pair = honest.one_time.as_ref().unwrap().peek_unverified().unwrap();
    let mut large = [0; KEM_KEY_BYTES];
    large.copy_from_slice(KemSecret::from_seed(rng.secret()).public().as_bytes());
    large[1] |= 0x0f; // the first coefficient is now at least 3840
    let large = KemKey::new(large);
    let sign = |pair: OneTimePair| Some(bob.device.sign(&pair));
    let bundles = [
        (
            "a signed prekey of low order",
            PrekeyBundle {
                signed: bob.device.sign(&SignedPrekey { key: low, ..signed }),
                ..honest.clone()
            },
        ),
        (
            "a one-time key of low order",
            PrekeyBundle {
                one_time: sign(OneTimePair { agreement: low, ..pair.clone() }),
                ..honest.clone()
            },
        ),
        (
            "a KEM key that is not reduced",
            PrekeyBundle { one_time: sign(OneTimePair { kem: large, ..pair }), ..honest },
        ),
    ];
    let refuse = |(name, bundle): (&str, PrekeyBundle)| {
        let inputs = inputs(&alice, &bob, &prekeys, &bundle);
        let initiator = Initiator { device: &alice.device, card: &alice.card };
        let ((), drawn) = rng.record(&DRAWS, |rng| {
            let bundle = checked(&bundle, &bob);
            assert!(initiate(initiator, &bob.card, &bundle, NOW.0, rng).is_err());
        });
        Case::new("handshake", name, inputs.with("draws", drawn.to_json())).refused(true)
    };
    bundles.map(refuse).into()
}
