//! Safety numbers and the codes that cameras compare.

use alloc::{string::ToString as _, vec, vec::Vec};

use msg_protocol::{hash::Label, id::AccountId, key::IdentityKey};
use sha2::{Digest as _, Sha512};

use super::{
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
};
use crate::safety::{SafetyCode, SafetyValues};

#[test]
fn safety_numbers_are_as_their_vectors_say() {
    let rng = &mut Draws::of("safety");
    let [alice, bob, carol] = [rng.bytes(), rng.bytes(), rng.bytes()].map(IdentityKey);
    let mut cases = vec![
        number("two identities", &alice, &bob),
        number("the same from the other side", &bob, &alice),
        number("another peer", &alice, &carol),
    ];
    cases.extend(scans(&alice, &bob, &carol));
    File {
        name: "safety",
        about: "`number`: from two identities to the number that people compare and the code \
                that one shows the other's camera. `scan`: whether a scanned code answers ours.",
        spec: "crypto/SPEC.md §8",
        cases,
    }
    .keep();
}

/// The first and the last of the hashes of one side.
fn hashes(identity: &IdentityKey) -> ([u8; 64], [u8; 64]) {
    let account = AccountId::of(identity);
    let input =
        [&Label::new("fp").bytes(), [0, 1].as_slice(), identity.as_bytes(), account.as_bytes()];
    let first: [u8; 64] = Sha512::digest(input.concat()).into();
    let again =
        |hash: [u8; 64], _| Sha512::digest([&hash, identity.as_bytes().as_slice()].concat()).into();
    (first, (1..5_200).fold(first, again))
}

fn side(identity: &IdentityKey) -> Json {
    let (first, last) = hashes(identity);
    let group = |bytes: &[u8]| {
        let number = bytes.iter().fold(0_u64, |sum, byte| sum * 256 + u64::from(*byte));
        alloc::format!("{:05}", number % 100_000)
    };
    let digits: Vec<_> = last[..30].chunks(5).map(group).collect();
    object! {
        "account": AccountId::of(identity).as_bytes(),
        "d_0": &first,
        "d_5199": &last,
        "digits": digits.concat(),
    }
}

fn number(name: &str, own: &IdentityKey, peer: &IdentityKey) -> Case {
    let values = SafetyValues::between(own, peer);
    let code = values.code().to_bytes();
    assert_eq!(code, *[&[1], &hashes(own).1[..32], &hashes(peer).1[..32]].concat());
    Case::new("number", name, object! { "own": own.as_bytes(), "peer": peer.as_bytes() })
        .steps(object! { "own side": side(own), "peer's side": side(peer) })
        .outputs(object! { "number": values.number().to_string(), "code": &code })
}

fn scans(alice: &IdentityKey, bob: &IdentityKey, carol: &IdentityKey) -> Vec<Case> {
    let code = |own, peer| SafetyValues::between(own, peer).code();
    let ours = code(alice, bob);
    let shown = ours.to_bytes();
    let answers = [
        ("the peer's code", code(bob, alice)),
        ("our own code, shown back", code(alice, bob)),
        ("of somebody between", code(carol, alice)),
    ];
    let answer = |(name, scanned): (&str, SafetyCode)| {
        let inputs = object! { "shown": &shown, "scanned": &scanned.to_bytes() };
        let same = ours.is_answered_by(&scanned);
        Case::new("scan", name, inputs).outputs(object! { "same": same })
    };
    let mut later = shown;
    later[0] = 2;
    let refuse = |(name, scanned, why): (&str, &[u8], &str)| {
        assert!(SafetyCode::from_bytes(scanned).is_err());
        let inputs = object! { "shown": &shown, "scanned": scanned };
        Case::new("scan", name, inputs).refused(why)
    };
    let refused = [
        ("a later version", later.as_slice(), "unknown version"),
        ("cut off", &shown[..64], "length"),
        ("nothing", &[], "length"),
    ];
    answers.map(answer).into_iter().chain(refused.map(refuse)).collect()
}
