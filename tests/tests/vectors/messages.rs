//! Messages, groups and proofs of work: each decodes, and encodes to itself.

use msg_crypto::identity::DeviceSecret;
use msg_protocol::{
    codec,
    content::Message,
    group::{GroupAccept, GroupChange, GroupCommit, GroupState},
    id::AccountId,
    key::SigningKey,
    signed::{Signable, Signed, Verified},
    time::UnixSeconds,
    work::{self, WorkChallenge},
};

use crate::{
    card::{signed, u32_of},
    case::{Fields, each_case},
};

#[test]
fn messages_are_as_the_vectors_say() {
    each_case("messages", |kind, case| match kind {
        "message" => {
            let (inputs, plaintext) = (case.inputs(), case.outputs().bytes("plaintext"));
            let message = Message::decode(&plaintext).unwrap();
            assert!(message.encode().unwrap() == plaintext);
            assert_eq!(u32::from(message.content.kind()), u32_of(inputs, "kind"));
            let stated = inputs.object("message");
            assert_eq!(message.sent_ms, stated.number("sent_ms"));
            stated.expect("id", message.id.as_bytes());
            case.object("steps").expect("content", &codec::encode(&message.content));
        }
        "plaintext" => {
            assert!(case.is_refused());
            Message::decode(&case.inputs().bytes("plaintext")).unwrap_err();
        }
        unknown => panic!("unknown kind {unknown}"),
    });
}

#[test]
fn groups_are_as_the_vectors_say() {
    each_case("groups", |kind, case| {
        let outputs = case.outputs();
        match kind {
            "change" => {
                let bytes = outputs.bytes("bytes");
                let change: GroupChange = codec::decode(&bytes, bytes.len()).unwrap();
                assert_eq!(codec::encode(&change), bytes);
                assert_eq!(u32::from(change.kind()), u32_of(case.inputs(), "kind"));
            }
            "state" => {
                let bytes = outputs.bytes("bytes");
                let state: GroupState = codec::decode(&bytes, bytes.len()).unwrap();
                outputs.expect("hash", &state.hash().0);
            }
            "sign" if case.inputs().text("label") == "sig/group" => {
                outputs.expect("hash", &resigned::<GroupCommit>(case).hash().0);
            }
            "sign" => drop(resigned::<GroupAccept>(case)),
            unknown => panic!("unknown kind {unknown}"),
        }
    });
}

/// What is signed, after it has been verified and signed again.
fn resigned<T: Signable<Signer = SigningKey>>(case: Fields<'_>) -> Verified<T> {
    let stated: Signed<T> = signed(case.outputs().object("signed"));
    let key = SigningKey(case.outputs().array("key"));
    let Ok(value) = stated.clone().verify(&key) else { panic!("signature refused") };
    let seed = case.inputs().secret("seed");
    let device = DeviceSecret::from_seeds(&seed, &seed);
    assert!(device.sign(&*value) == stated);
    value
}

#[test]
fn work_is_as_the_vectors_say() {
    each_case("work", |kind, case| {
        assert_eq!(kind, "work");
        let inputs = case.inputs();
        let target = AccountId(inputs.array("target"));
        let (challenge, nonce) = (inputs.array("challenge"), case.outputs().number("nonce"));
        let bits = inputs.number("bits").try_into().unwrap();
        let asked = WorkChallenge { challenge, bits, expires: UnixSeconds(0) };
        assert_eq!(asked.solve(target, 0..nonce + 1).unwrap(), Some(nonce));
        assert!(work::verify(&challenge, target, bits, nonce));
    });
}
