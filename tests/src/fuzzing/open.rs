//! Opening what arrives: only what an honest peer has made opens, once, and what
//! is refused leaves no trace in what is stored.

use msg_crypto::{
    OpenError, Session, accept, handshake::responder::handshake_name, identity::DeviceSecret,
    prekey::OwnPrekeys, session::pair::PeerSessions,
};
use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    limits::BODY_SIZES,
};

use super::{
    edit::edit,
    script::Script,
    world::{Honest, WORLD},
};
use crate::party::NOW;

/// A moment of a session, an envelope, and what is changed in it.
pub fn session_open(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let moment = script.pick(&WORLD.sessions);
    let mut session = Session::restore(&moment.archive).unwrap();
    check(&mut script, &moment.archive, &moment.sent, |kind, body| {
        let outcome = session.open(kind, body, NOW);
        (outcome, session.archive().as_bytes().to_vec())
    })
}

/// The same for all sessions of a pair of devices.
pub fn pair_open(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let moment = script.pick(&WORLD.pairs);
    let mut pair = PeerSessions::restore(&moment.archive).unwrap();
    check(&mut script, &moment.archive, &moment.sent, |kind, body| {
        let outcome = pair.open(kind, body, NOW);
        (outcome, pair.archive().as_bytes().to_vec())
    })
}

/// What opening gives, and the archive after it.
type Opened = (Result<Vec<u8>, OpenError>, Vec<u8>);

/// Opens the ordered envelope twice, and then all that the peer has sent.
fn check(
    script: &mut Script<'_>,
    before: &[u8],
    sent: &[Honest],
    mut open: impl FnMut(EnvelopeKind, &Body) -> Opened,
) -> bool {
    let (kind, body) = envelope(script, sent);
    let known = sent.iter().find(|sent| sent.sealed.kind == kind && sent.sealed.body == body);
    let (outcome, after) = open(kind, &body);
    let opened = outcome.is_ok();
    if let Ok(content) = outcome {
        let known = known.expect("what opens has been sent");
        assert!(known.is_new, "opened a second time");
        assert_eq!(content, known.content);
        assert!(after != before, "opened, and nothing has changed");
    } else {
        assert!(known.is_none_or(|known| !known.is_new), "an honest envelope refused");
        assert!(after == before, "refused, and the state has changed");
    }
    let (again, unchanged) = open(kind, &body);
    assert!(again.is_err(), "opened a second time");
    assert!(unchanged == after, "refused, and the state has changed");
    for honest in sent.iter().filter(|honest| honest.is_new) {
        let is_open = opened && honest.sealed.body == body;
        let expected = (!is_open).then_some(honest.content.as_slice());
        let (content, _) = open(honest.sealed.kind, &honest.sealed.body);
        assert_eq!(content.as_deref().ok(), expected);
    }
    opened
}

/// An envelope that was sent, or bytes of the same size, as the script changes it.
fn envelope(script: &mut Script<'_>, sent: &[Honest]) -> (EnvelopeKind, Body) {
    let honest = script.pick(sent);
    let how = script.byte();
    let kind = match honest.sealed.kind {
        EnvelopeKind::Session if how & 1 == 1 => EnvelopeKind::Handshake,
        EnvelopeKind::Handshake if how & 1 == 1 => EnvelopeKind::Session,
        kind => kind,
    };
    let mut bytes = match how >> 1 {
        0 => honest.sealed.body.as_bytes().to_vec(),
        size => vec![size; BODY_SIZES[usize::from(size) % BODY_SIZES.len()]],
    };
    let others: Vec<&[u8]> = sent.iter().map(|other| other.sealed.body.as_bytes()).collect();
    edit(script, &mut bytes, &others);
    (kind, Body::new(bytes).unwrap())
}

/// A first flight, and what is changed in it.
pub fn first_flight(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let (_, body) = envelope(&mut script, &WORLD.flights);
    let known = WORLD.flights.iter().find(|sent| sent.sealed.body == body);
    let device = DeviceSecret::restore(&WORLD.device_archive).unwrap();
    let mut prekeys = OwnPrekeys::restore(&WORLD.prekeys_archive).unwrap();
    let cards = WORLD.card_history();
    let Ok(accepted) = accept(&body, &device, &cards, &mut prekeys, NOW) else {
        assert!(known.is_none_or(|known| !known.is_new), "an honest flight refused");
        let after = prekeys.archive();
        assert!(after.as_bytes() == WORLD.prekeys_archive, "refused, and prekeys have changed");
        return false;
    };
    let known = known.expect("what is accepted has been sent");
    assert!(known.is_new, "accepted a second time");
    assert_eq!(accepted.content, known.content);
    assert_eq!(handshake_name(&body), Ok(accepted.session.name()));
    let after = prekeys.archive();
    assert!(accept(&body, &device, &cards, &mut prekeys, NOW).is_err(), "accepted twice");
    assert!(prekeys.archive().as_bytes() == after.as_bytes(), "refused, and prekeys have changed");
    true
}
