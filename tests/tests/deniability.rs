//! What one side can show of the other: nothing that it could not have made alone.
//! `crypto/SPEC.md` §13, "Identity keys do not agree on keys".

#![cfg(test)]

use msg_crypto::{agreement::AgreementSecret, secret::Secret};
use msg_protocol::prekey::PrekeyBundle;
use msg_tests::{
    adversary::{Choice, Forger, forger::Claim, notation::dh},
    party::{NOW, Party},
    seed::rng,
};

/// Bob makes a first message of Alice's with his own keys and her card, and his
/// device takes it for hers. So whatever he shows of a conversation proves nothing;
/// by the same sum, whoever has the private half of his signed prekey can pose to
/// him as anyone, until it is destroyed.
#[test]
fn each_could_have_made_the_conversation_alone() {
    const OF_BOB: [u8; 32] = [7; 32];
    let rng = &mut rng(71);
    let (alice, mut bob) = (Party::new("alice", rng), Party::new("bob", rng));
    let prekey = AgreementSecret::from_bytes(&Secret::new(OF_BOB));
    let signed = bob.prekeys.add_signed(&bob.device, prekey, NOW);
    let bundle = bob.check(PrekeyBundle { signed, ..bob.last_resort_bundle() });

    let claim = Claim {
        generation: NOW.0,
        card: &alice.card,
        device: alice.device.id(),
        dh1: dh(&OF_BOB, &alice.card.devices.first().unwrap().agreement.0),
        ek: None,
    };
    let card = bob.card.clone();
    let mut forged = Forger { card: &card, bundle: &bundle }.flight(&claim, rng);
    let (_, body) = forged.seal(&Choice::default(), b"Alice never wrote this", rng);

    let accepted = bob.accept(&body, NOW).unwrap();
    assert_eq!(accepted.content, b"Alice never wrote this");
    assert_eq!(accepted.session.peer().identity, alice.identity.public());
    assert_eq!(accepted.session.peer().device, alice.device.id());
}
