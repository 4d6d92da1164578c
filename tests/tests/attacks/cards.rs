//! Cards that do not follow the one that is held.

use msg_crypto::identity::{DeviceSecret, IdentitySecret};
use msg_protocol::{
    card::{Card, CardHash, Succession, SuccessionError},
    signed::Verified,
};
use msg_tests::{
    party::{NOW, Party},
    seed::rng,
};

fn signed(identity: &IdentitySecret, card: &Card) -> Verified<Card> {
    identity.sign(card).verify_by_own_identity().unwrap()
}

/// The next version, with one more device.
fn successor(party: &Party, card: &Verified<Card>, device: &DeviceSecret) -> Verified<Card> {
    let mut next = Card::clone(card);
    next.version += 1;
    next.previous = card.hash();
    next.devices.push(device.public(NOW.day()));
    signed(&party.identity, &next)
}

#[test]
fn attack_16_identity_rotation_unseen() {
    let rng = &mut rng(216);
    let bob = Party::sparing("bob", 1, rng);
    let [laptop, tablet, spy] = [(); 3].map(|()| DeviceSecret::generate(rng));
    let first = &bob.card;
    let second = successor(&bob, first, &laptop);
    let third = successor(&bob, &second, &tablet);
    assert_eq!(first.admits(&second), Ok(Succession::Next));
    assert_eq!(second.admits(&third), Ok(Succession::Next));
    assert_eq!(second.admits(&second.clone()), Ok(Succession::Same));

    let rollback = SuccessionError::Rollback { held: 3, offered: 2 };
    assert_eq!(third.admits(&second), Err(rollback));
    assert_eq!(first.admits(&third), Err(SuccessionError::Gap { held: 1, offered: 3 }));

    let other_second = successor(&bob, first, &spy);
    assert_eq!(second.admits(&other_second), Err(SuccessionError::Fork { version: 2 }));
    let on_the_fork = successor(&bob, &other_second, &tablet);
    assert_eq!(second.admits(&on_the_fork), Err(SuccessionError::Fork { version: 2 }));

    let mallory = IdentitySecret::generate(rng);
    let foreign = Card { identity: mallory.public(), ..Card::clone(&second) };
    assert_eq!(first.admits(&signed(&mallory, &foreign)), Err(SuccessionError::ForeignIdentity));
    let renamed = Card { name: "rob".parse().unwrap(), ..Card::clone(&second) };
    assert_eq!(first.admits(&signed(&bob.identity, &renamed)), Err(SuccessionError::Renamed));

    let claimed = Card { identity: bob.identity.public(), ..foreign };
    assert!(mallory.sign(&claimed).verify_by_own_identity().is_err(), "signed by somebody else");
    let restarted = Card { version: 1, previous: CardHash::NONE, ..Card::clone(&other_second) };
    let fork = SuccessionError::Fork { version: 1 };
    assert_eq!(first.admits(&signed(&bob.identity, &restarted)), Err(fork));
}
