//! First messages.

use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    time::UnixSeconds,
};

use crate::{
    case::{Fields, each_case},
    draws::Draws,
    party::sides,
};

/// A body with other bytes in a place, as `replace` says.
pub(crate) fn replaced(body: &Body, replace: Fields<'_>) -> Body {
    let at = usize::try_from(replace.number("at")).unwrap();
    let with = replace.bytes("with");
    let mut bytes = body.as_bytes().to_vec();
    bytes.splice(at..at + with.len(), with);
    assert!(bytes != body.as_bytes());
    Body::new(bytes).unwrap()
}

#[test]
fn first_messages_are_as_the_vectors_say() {
    each_case("first_message", |kind, case| {
        assert_eq!(kind, "first message");
        let inputs = case.inputs();
        let handshake = inputs.object("handshake");
        let (mut session, mut bob) = sides(handshake);
        let now = UnixSeconds(handshake.object("B").object("prekeys").number("made"));
        let content = inputs.bytes("content");
        let sealed = Draws::run(inputs.object("draws"), |draws| session.seal(&content, draws));
        let sealed = sealed.unwrap();
        assert_eq!(sealed.kind, EnvelopeKind::Handshake);
        case.outputs().expect("body", sealed.body.as_bytes());

        for alteration in case.list("alterations") {
            let body = replaced(&sealed.body, alteration.object("replace"));
            assert!(bob.accept(&body, now).is_err(), "{}", alteration.text("name"));
        }
        let accepted = bob.accept(&sealed.body, now).unwrap();
        let opened = case.outputs().object("opened");
        opened.expect("content", &accepted.content);
        opened.expect("identity", accepted.session.peer().identity.as_bytes());
        opened.expect("device", accepted.session.peer().device.as_bytes());
        assert!(bob.accept(&sealed.body, now).is_err());
    });
}
