//! Which cards are cards, and which may follow which.

use alloc::vec;

use super::*;
use crate::{
    codec::{DecodeError, encode},
    laboratory::{card, device, identity, sign, sign_raw, verified},
};

fn next(of: &Verified<Card>) -> Card {
    Card { version: of.version + 1, previous: of.hash(), ..Card::clone(of) }
}

fn breaks_a_rule(card: &Card) -> bool {
    matches!(sign(1, card).verify(&identity(1)), Err(VerifyError::Rule(_)))
}

#[test]
fn the_next_card_follows_and_the_same_card_stays() {
    let first = verified(1, &card(1));
    let second = verified(1, &next(&first));
    assert_eq!(first.admits(&first.clone()), Ok(Succession::Same));
    assert_eq!(first.admits(&second), Ok(Succession::Next));
}

#[test]
fn attack_16_a_card_that_goes_back_is_refused() {
    let first = verified(1, &card(1));
    let second = verified(1, &next(&first));
    assert_eq!(second.admits(&first), Err(SuccessionError::Rollback { held: 2, offered: 1 }));
}

#[test]
fn attack_16_a_card_that_skips_one_is_refused() {
    let first = verified(1, &card(1));
    let second = verified(1, &next(&first));
    let third = verified(1, &next(&second));
    assert_eq!(first.admits(&third), Err(SuccessionError::Gap { held: 1, offered: 3 }));
}

#[test]
fn attack_16_two_cards_of_one_version_are_a_fork() {
    let first = verified(1, &card(1));
    let mut other = card(1);
    other.devices = vec![device(50)];
    let other = verified(1, &other);
    assert_eq!(first.admits(&other), Err(SuccessionError::Fork { version: 1 }));
    let after_other = verified(1, &next(&other));
    assert_eq!(first.admits(&after_other), Err(SuccessionError::Fork { version: 1 }));
}

#[test]
fn attack_16_a_card_of_another_identity_is_refused() {
    let first = verified(1, &card(1));
    let foreign = verified(2, &card(2));
    assert_eq!(first.admits(&foreign), Err(SuccessionError::ForeignIdentity));
}

#[test]
fn an_account_keeps_its_name() {
    let first = verified(1, &card(1));
    let renamed = Card { name: "robert".parse().unwrap(), ..next(&first) };
    let renamed = verified(1, &renamed);
    assert_eq!(first.admits(&renamed), Err(SuccessionError::Renamed));
}

#[test]
fn a_card_proves_no_more_than_its_own_identity() {
    let signed = sign(1, &card(1));
    assert!(signed.clone().verify_by_own_identity().is_ok());
    let forged = sign(2, &card(1));
    assert_eq!(forged.verify_by_own_identity(), Err(VerifyError::BadSignature));
    assert_eq!(signed.verify(&identity(2)), Err(VerifyError::BadSignature));
}

#[test]
fn every_rule_of_cards_is_kept() {
    let change = |change: fn(&mut Card)| {
        let mut card = card(1);
        change(&mut card);
        breaks_a_rule(&card)
    };
    assert!(!change(|_| ()));
    assert!(change(|card| card.format = 2), "format");
    assert!(change(|card| card.version = 0), "version zero");
    assert!(change(|card| card.version = 2), "no predecessor");
    assert!(change(|card| card.previous = CardHash([1; 32])), "needless predecessor");
    assert!(change(|card| card.devices.clear()), "no device");
    assert!(!change(|card| card.devices = (0..16).map(device).collect()));
    assert!(change(|card| card.devices = vec![device(5), device(5)]), "twice");
    let shared_agreement = |card: &mut Card| {
        card.devices = vec![device(5), device(6)];
        card.devices[1].agreement = card.devices[0].agreement;
    };
    assert!(change(shared_agreement), "two devices with one agreement key");
}

#[test]
fn a_card_of_too_many_devices_is_not_even_read() {
    let mut crowded = card(1);
    crowded.devices = (0..17).map(device).collect();
    assert!(crowded.check().is_err());
    let refusal = sign(1, &crowded).verify(&identity(1));
    assert_eq!(refusal, Err(VerifyError::Decode(DecodeError::Malformed)));
}

#[test]
fn the_largest_card_is_within_its_bound() {
    let mut largest = card(1);
    largest.name = "n".repeat(32).parse().unwrap();
    largest.version = u32::MAX;
    largest.previous = CardHash([1; 32]);
    largest.created = UnixDay(u32::MAX);
    largest.devices =
        (0..16).map(|seed| Device { added: UnixDay(u32::MAX), ..device(seed) }).collect();
    let verified = verified(1, &largest);
    assert!(verified.as_signed().raw().len() <= MAX_CARD_BYTES);
}

#[test]
fn attack_27_signed_bytes_have_one_form() {
    let mut card = card(1);
    card.version = 3;
    card.previous = CardHash([1; 32]);
    let raw = encode(&card);
    let at = 1 + 32 + 1 + card.name.as_str().len();
    assert_eq!(raw[at], 3, "the version stands there");

    let trailing = [raw.as_slice(), &[0]].concat();
    let signed = sign_raw::<Card>(1, trailing);
    assert_eq!(
        signed.verify(&identity(1)),
        Err(VerifyError::Decode(DecodeError::TrailingBytes(1)))
    );

    let long_form = [&raw[..at], &[0x83, 0x00], &raw[at + 1..]].concat();
    let signed = sign_raw::<Card>(1, long_form);
    assert_eq!(signed.verify(&identity(1)), Err(VerifyError::Decode(DecodeError::NotCanonical)));

    let mut capital = raw.clone();
    capital[1 + 32 + 1] = b'B';
    let signed = sign_raw::<Card>(1, capital);
    assert_eq!(signed.verify(&identity(1)), Err(VerifyError::Decode(DecodeError::NotCanonical)));

    let huge = sign_raw::<Card>(1, vec![0; MAX_CARD_BYTES + 1]);
    assert!(matches!(
        huge.verify(&identity(1)),
        Err(VerifyError::Decode(DecodeError::TooLong { .. }))
    ));
}

#[test]
fn mailboxes_belong_to_account_and_device() {
    let (bob, mallory) = (card(1), card(2));
    let mut thief = mallory;
    thief.devices.clone_from(&bob.devices);
    assert_eq!(bob.devices[0].id(), thief.devices[0].id());
    assert!(bob.mailboxes().ne(thief.mailboxes()));
    assert!(bob.device(bob.devices[0].id()).is_some());
    assert!(bob.device(device(77).id()).is_none());
}
