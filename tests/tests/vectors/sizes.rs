//! Lengths of bodies and padding.

use msg_crypto::{SealError, Session, padding::unpadded_length};
use msg_tests::{party::NOW, seed::rng};

use crate::{
    case::{Fields, cases, each_case},
    party::sides,
};

#[test]
fn padding_is_as_the_vectors_say() {
    each_case("padding", |kind, case| match kind {
        "pad" => {
            let padded = case.outputs().bytes("padded");
            assert_eq!(padded.len() as u64, case.inputs().number("size"));
            let length = unpadded_length(&padded).unwrap();
            case.inputs().expect("content", &padded[..length]);
        }
        "unpad" => {
            assert!(case.is_refused());
            unpadded_length(&case.inputs().bytes("padded")).unwrap_err();
        }
        unknown => panic!("unknown kind {unknown}"),
    });
}

#[test]
fn bodies_have_the_lengths_that_the_vectors_say() {
    each_case("sizes", |kind, case| {
        assert_eq!(kind, "body size");
        let inputs = case.inputs();
        let mut session = session(inputs);
        let length = usize::try_from(inputs.number("content length")).unwrap();
        let sealed = session.seal(&vec![0; length], &mut rng(1));
        if case.is_refused() {
            assert!(matches!(sealed, Err(SealError::TooLong { .. })));
            assert_eq!(session.max_content(), length - 1);
        } else {
            let length = sealed.unwrap().body.as_bytes().len();
            assert_eq!(length as u64, case.outputs().number("body length"));
        }
    });
}

/// A session that sends such envelopes, out of the vectors of handshakes.
fn session(inputs: Fields<'_>) -> Session {
    let wanted = if inputs.has("initiator") { inputs.number("initiator") } else { 512 };
    let is_wanted = |case: &serde_json::Value| {
        let case = Fields(case);
        !case.is_refused() && case.object("steps").bytes("padded").len() as u64 == wanted
    };
    let case = cases("handshake").into_iter().find(is_wanted).unwrap();
    let (mut alice, mut bob) = sides(Fields(&case).inputs());
    if inputs.text("envelope") == "handshake" {
        return alice;
    }
    let first = alice.seal(b"", &mut rng(1)).unwrap();
    bob.accept(&first.body, NOW).unwrap().session
}
