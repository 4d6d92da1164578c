//! Two people compare: they agree, they mistype, somebody stands between.

use alloc::{format, string::ToString as _, vec::Vec};

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;

const NUMBER: &str = "76428 60388 68492 24187 51013 45904 79723 16638 18520 71336 55212 04608";
/// `SHA-512` by another implementation.
const CODE: &str = "0117c40f2bec28bebd2bc4529492d2ec7f6d8ed69b553b1b1605cebb3304b0ae27\
                    a9fd31e98bdec582b27eccaf381c98b1bcdc6348dbdded508c73f56d108072b9";

fn alice_and_bob() -> (SafetyValues, SafetyValues) {
    let (alice, bob) = (IdentityKey([1; 32]), IdentityKey([2; 32]));
    (SafetyValues::between(&alice, &bob), SafetyValues::between(&bob, &alice))
}

#[test]
fn both_sides_see_the_same_number() {
    let (alice, bob) = alice_and_bob();
    assert_eq!(alice.number().to_string(), NUMBER);
    assert_eq!(bob.number().to_string(), NUMBER);
}

#[test]
fn a_typed_number_may_have_its_spaces_and_lines_anywhere() {
    let (alice, _) = alice_and_bob();
    let spoken = NUMBER.replace(' ', "");
    let pasted = format!("  {}\r\n\t{}\u{a0}\n", &NUMBER[..31], &NUMBER[31..]);
    for text in [NUMBER, &spoken, &pasted] {
        assert_eq!(text.parse(), Ok(alice.number()));
    }
}

#[test]
fn every_digit_of_a_typed_number_counts() {
    let (alice, _) = alice_and_bob();
    for (index, digit) in NUMBER.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let mut typed = NUMBER.to_string();
        let other = if digit == '9' { "0" } else { "9" };
        typed.replace_range(index..=index, other);
        assert_ne!(typed.parse(), Ok(alice.number()), "digit at {index}");
    }
}

#[test]
fn each_mistyped_number_has_its_error() {
    let parse = |text: &str| text.parse::<SafetyNumber>();
    assert_eq!(parse(""), Err(NumberError::Length(0)));
    assert_eq!(parse(&NUMBER[1..]), Err(NumberError::Length(59)));
    assert_eq!(parse(&format!("{NUMBER}0")), Err(NumberError::Length(61)));
    assert_eq!(parse(&NUMBER.replacen('6', "O", 1)), Err(NumberError::Character(2)));
    assert_eq!(parse("1234٥"), Err(NumberError::Character(5)));
    assert_eq!(parse("12345-67890"), Err(NumberError::Character(6)));
    let error = parse("é").unwrap_err().to_string();
    assert_eq!(error, "character 1 of the safety number is no digit");
}

#[test]
fn a_scanned_code_is_compared_crosswise() {
    let (alice, bob) = alice_and_bob();
    assert_eq!(HEXLOWER.encode(&alice.code().to_bytes()), CODE);
    let scanned = SafetyCode::from_bytes(&bob.code().to_bytes()).unwrap();
    assert!(alice.code().is_answered_by(&scanned));
    assert!(!alice.code().is_answered_by(&alice.code()), "one's own code is no answer");
}

#[test]
fn somebody_between_shows_in_number_and_code() {
    let [alice, bob, mallory] = [1, 2, 3].map(|byte| IdentityKey([byte; 32]));
    let at_alice = SafetyValues::between(&alice, &mallory);
    let at_bob = SafetyValues::between(&bob, &mallory);
    assert_ne!(at_alice.number(), at_bob.number());
    assert!(!at_alice.code().is_answered_by(&at_bob.code()));
    let honest = SafetyValues::between(&bob, &alice);
    assert!(!at_alice.code().is_answered_by(&honest.code()));
    assert!(!honest.code().is_answered_by(&at_alice.code()));
}

#[test]
fn each_byte_of_a_code_counts() {
    let (alice, bob) = alice_and_bob();
    for index in 1..CODE_BYTES {
        let mut bytes = bob.code().to_bytes();
        bytes[index] ^= 1;
        let scanned = SafetyCode::from_bytes(&bytes).unwrap();
        assert!(!alice.code().is_answered_by(&scanned), "byte {index}");
    }
}

#[test]
fn each_malformed_code_has_its_error() {
    let (alice, _) = alice_and_bob();
    let bytes = alice.code().to_bytes();
    let error = |bytes: &[u8]| SafetyCode::from_bytes(bytes).err();
    assert_eq!(error(&[]), Some(CodeError::UnknownVersion));
    assert_eq!(error(b"https://example.org"), Some(CodeError::UnknownVersion));
    assert_eq!(error(&bytes[..64]), Some(CodeError::Length(64)));
    assert_eq!(error(&[&bytes[..], &[0]].concat()), Some(CodeError::Length(66)));
    assert_eq!(error(&bytes), None);
}

#[test]
fn a_number_does_not_show_itself_in_debug() {
    let (alice, _) = alice_and_bob();
    assert_eq!(format!("{:?}", alice.number()), "SafetyNumber(..)");
}

proptest! {
    #[test]
    fn what_is_typed_or_scanned_never_panics(text in ".{0,90}", bytes: Vec<u8>) {
        let _ = text.parse::<SafetyNumber>();
        let _ = SafetyCode::from_bytes(&bytes);
    }

    #[test]
    fn a_number_reads_back(digits in "[0-9]{60}") {
        let number: SafetyNumber = digits.parse().unwrap();
        prop_assert_eq!(number.to_string().replace(' ', ""), digits);
        prop_assert_eq!(number.to_string().parse(), Ok(number));
    }
}
