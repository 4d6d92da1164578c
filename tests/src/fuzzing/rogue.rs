//! Peers who hold every key that they need, and use them as they like: what they
//! say under a seal, and the headers of what they send.

use msg_crypto::{
    AcceptError, Session, accept, identity::DeviceSecret, limits::MAX_SKIPPED_KEPT,
    prekey::OwnPrekeys,
};
use msg_protocol::envelope::{Body, EnvelopeKind};

use super::{
    edit::edit,
    script::Script,
    world::{WORLD, dice},
};
use crate::{
    adversary::{Choice, Forger, Rogue, State, notation::kem_public},
    party::NOW,
};

/// Which side is the rogue, then messages, each with header values of its own.
pub fn rogue_peer(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let (alice, bob) = &WORLD.beginning;
    let (rogue, honest) = if script.byte() & 1 == 0 { (alice, bob) } else { (bob, alice) };
    let mut rogue = Rogue::of(&Session::restore(rogue).unwrap());
    let mut session = Session::restore(honest).unwrap();
    let rng = &mut dice(11);
    let mut opened = 0;
    for _ in 0..8 {
        if script.is_over() {
            break;
        }
        let choice = choice(&mut script);
        let content = vec![7; usize::from(script.byte())];
        let (kind, body) = rogue.seal(&choice, &content, rng);
        opened += usize::from(opens(&mut session, kind, &body, &content));
        assert!(State::of(&session).skipped() <= MAX_SKIPPED_KEPT, "too many keys kept");
    }
    assert!(session.seal(b"still there", rng).is_ok(), "a session that can no longer send");
    opened > 0
}

/// Header values: honest ones, or far ones, or keys that are none.
fn choice(script: &mut Script<'_>) -> Choice {
    let order = script.byte();
    let mut number = || u32::from(script.word()) << (script.byte() % 24);
    let n = (order & 1 != 0).then(&mut number);
    let pn = (order & 2 != 0).then(&mut number);
    let dh = (order & 4 != 0).then(|| [script.byte() & 1; 32]);
    let ek = (order & 8 != 0).then(|| {
        let mut ek = kem_public(&[script.byte(); 64]);
        let at = usize::from(script.word()) % ek.len();
        ek[at] = script.byte();
        ek
    });
    Choice { dh, ek, n, pn }
}

/// Whether the message opens. If not, nothing has changed.
fn opens(session: &mut Session, kind: EnvelopeKind, body: &Body, content: &[u8]) -> bool {
    let before = session.archive();
    let Ok(opened) = session.open(kind, body, NOW) else {
        assert!(session.archive().as_bytes() == before.as_bytes(), "a trace");
        return false;
    };
    assert_eq!(opened, content);
    let after = session.archive();
    assert!(session.open(kind, body, NOW).is_err(), "opened a second time");
    assert!(session.archive().as_bytes() == after.as_bytes(), "a trace");
    true
}

/// What an initiator says of himself under the seal, as the script changes it. It
/// is accepted if only the message behind it is missing.
pub fn initiator_part(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let mut part = WORLD.initiator_part.clone();
    part.resize(*script.pick(&[512, 2_048]), 0);
    edit(&mut script, &mut part, &[]);
    let honest = part == WORLD.initiator_part;

    let forger = Forger { card: &WORLD.bob, bundle: &WORLD.fresh_bundle };
    let mut body = forger.block_with(&part, &mut dice(12));
    let size = Body::size_for(body.len() + 2_048).unwrap();
    body.resize(size, 0);
    let device = DeviceSecret::restore(&WORLD.device_archive).unwrap();
    let mut prekeys = OwnPrekeys::restore(&WORLD.prekeys_archive).unwrap();
    let cards = WORLD.card_history();
    let outcome = accept(&Body::new(body).unwrap(), &device, &cards, &mut prekeys, NOW);
    let error = outcome.err().expect("a flight without a message");
    assert!(prekeys.archive().as_bytes() == WORLD.prekeys_archive, "prekeys have changed");
    assert_ne!(error, AcceptError::SealRefused, "a seal that was made for it");
    let got_through = matches!(error, AcceptError::Message(_));
    assert!(got_through || !honest, "an honest part refused: {error}");
    got_through
}
