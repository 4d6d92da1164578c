//! Proof of work: hashes, and the first nonce that answers.

use alloc::{format, vec::Vec};

use msg_protocol::{
    hash::{Label, hash},
    id::AccountId,
    work::{WorkChallenge, verify},
};

use super::{
    case::{Case, File},
    draws::Draws,
    json::object,
    party::NOW,
};

#[test]
fn work_is_as_its_vectors_say() {
    let rng = &mut Draws::of("work");
    let (challenge, target) = (rng.bytes(), AccountId(rng.bytes()));
    let cases: Vec<Case> = [0, 1, 7, 8, 12]
        .into_iter()
        .map(|bits| {
            let asked = WorkChallenge { challenge, bits, expires: NOW };
            let nonce = asked.solve(target, 0..u64::MAX).unwrap().unwrap();
            let fields: [&[u8]; 3] = [&challenge, target.as_bytes(), &nonce.to_be_bytes()];
            let hash = hash(Label::new("work"), &fields);
            let zeros = u32::from_be_bytes(hash[..4].try_into().unwrap()).leading_zeros();
            assert!(zeros >= u32::from(bits) && verify(&challenge, target, bits, nonce));
            let inputs =
                object! { "challenge": &challenge, "target": target.as_bytes(), "bits": bits };
            Case::new("work", format!("{bits} bits"), inputs)
                .steps(object! { "hash": &hash, "zero bits": zeros })
                .outputs(object! { "nonce": nonce })
        })
        .collect();
    File {
        name: "work",
        about: "Proofs of work: the smallest nonce that answers a challenge.",
        spec: "protocol/SPEC.md, Proof of work",
        cases,
    }
    .keep();
}
