//! A wrapped key meets the wrong secret, a damaged disk, and somebody who edits it.

use alloc::{vec, vec::Vec};

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;
use crate::argon2id::Cost;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(6)
}

fn password(text: &str) -> Password {
    Password::new(text).ok().unwrap()
}

fn key_file(byte: u8) -> KeyFile {
    KeyFile::new(Secret::new([byte; 32]))
}

fn data_key() -> DataKey {
    DataKey::new(Secret::new(core::array::from_fn(|i| u8::try_from(i).unwrap())))
}

/// The least that Argon2 does.
fn cheap() -> Costs {
    Costs::new(8, 1, 1).unwrap()
}

fn by_password() -> Vec<u8> {
    let password = password("correct horse");
    PasswordWrapped::wrap(&data_key(), &password, cheap(), &mut rng()).unwrap().to_bytes()
}

fn by_key_file() -> Vec<u8> {
    KeyFileWrapped::wrap(&data_key(), &key_file(4), &mut rng()).to_bytes()
}

/// Opens bytes with the right secret of their kind.
fn open(bytes: &[u8]) -> Result<DataKey, UnwrapError> {
    match WrappedKey::parse(bytes).unwrap() {
        WrappedKey::Password(wrapped) => wrapped.unwrap(&password("correct horse")),
        WrappedKey::KeyFile(wrapped) => wrapped.unwrap(&key_file(4)),
    }
}

fn error(bytes: &[u8]) -> Option<ParseKeyError> {
    WrappedKey::parse(bytes).err()
}

/// Both by the second implementation.
#[test]
fn agrees_with_the_second_implementation() {
    for text in [
        "6d73676b65790101000000080000000100000001050505050505050505050505050505050606060606060606\
         0606060606060606060606060606060647113c6baf1ead7814c5f9c86e7797c869324490d0103e6c1d66965c\
         0c59dd9dd75b432af5ff157ed25a340b6cb795bd",
        "6d73676b6579010205050505050505050505050505050505060606060606060606060606060606060606060606\
         060606dca098510cde0d30583117a346fe302be106607c8c7b4535ab083da3d2f12957b1c72d9d47a1d27ea75f\
         0e15e39765d9",
    ] {
        let bytes = HEXLOWER.decode(text.as_bytes()).unwrap();
        let key = open(&bytes).ok().unwrap();
        assert!(key.secret().is_equal_to(data_key().secret()));
        assert_eq!(WrappedKey::parse(&bytes).ok().unwrap().to_bytes(), bytes);
    }
}

#[test]
fn the_same_secret_opens_and_the_costs_are_told_before() {
    for bytes in [by_password(), by_key_file()] {
        assert!(open(&bytes).ok().unwrap().secret().is_equal_to(data_key().secret()));
    }
    let Ok(WrappedKey::Password(wrapped)) = WrappedKey::parse(&by_password()) else {
        panic!("a password opens it");
    };
    assert_eq!(wrapped.costs(), cheap());
}

#[test]
fn another_secret_does_not_open() {
    for text in ["correct horsf", "Correct horse", "correct horse "] {
        let Ok(WrappedKey::Password(wrapped)) = WrappedKey::parse(&by_password()) else {
            panic!("a password opens it");
        };
        assert_eq!(wrapped.unwrap(&password(text)).err(), Some(UnwrapError::WrongSecret));
    }
    let Ok(WrappedKey::KeyFile(wrapped)) = WrappedKey::parse(&by_key_file()) else {
        panic!("a key file opens it");
    };
    assert_eq!(wrapped.unwrap(&key_file(5)).err(), Some(UnwrapError::WrongSecret));
}

#[test]
fn the_same_password_twice_wraps_differently() {
    let (key, password, rng) = (data_key(), password("correct horse"), &mut rng());
    let mut wrap =
        || PasswordWrapped::wrap(&key, &password, cheap(), rng).unwrap().to_bytes().split_off(20);
    let (a, b) = (wrap(), wrap());
    assert!(a[..16] != b[..16] && a[16..40] != b[16..40] && a[40..] != b[40..]);
}

#[test]
fn attack_13_a_flipped_bit_anywhere_in_a_wrapped_key_opens_nothing() {
    for bytes in [by_password(), by_key_file()] {
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                let Ok(parsed) = WrappedKey::parse(&altered) else {
                    continue;
                };
                let costs = match &parsed {
                    WrappedKey::Password(wrapped) => wrapped.costs(),
                    WrappedKey::KeyFile(_) => cheap(),
                };
                // Dearer tries fail as well, and only take longer.
                if costs.memory_kib() < 1 << 12 {
                    let opened = open(&altered).err();
                    assert_eq!(opened, Some(UnwrapError::WrongSecret), "byte {at} bit {bit}");
                }
            }
        }
    }
}

#[test]
fn cheaper_costs_in_the_header_open_nothing() {
    let costs = Costs::new(64, 2, 2).unwrap();
    let wrapped =
        PasswordWrapped::wrap(&data_key(), &password("correct horse"), costs, &mut rng()).unwrap();
    let bytes = wrapped.to_bytes();
    assert!(open(&bytes).is_ok());
    for (at, value) in [(11, 16), (15, 1), (19, 1)] {
        let mut altered = bytes.clone();
        altered[at] = value;
        assert_eq!(open(&altered).err(), Some(UnwrapError::WrongSecret));
    }
}

#[test]
fn one_way_of_wrapping_does_not_pass_for_the_other() {
    let mut bytes = by_password();
    bytes[7] = BY_KEY_FILE;
    assert_eq!(error(&bytes), Some(ParseKeyError::Length));
    // Even cut to the right length, and with a key file of the same bytes.
    let (header, rest) = bytes.split_at(8);
    let moved = [header, &rest[12..]].concat();
    assert_eq!(open(&moved).err(), Some(UnwrapError::WrongSecret));
}

#[test]
fn costs_over_the_caps_are_refused_before_any_work() {
    let with = |m: u32, t: u32, p: u32| {
        let mut bytes = by_password();
        let costs = [m.to_be_bytes(), t.to_be_bytes(), p.to_be_bytes()].concat();
        bytes[8..20].copy_from_slice(&costs);
        error(&bytes)
    };
    let refused = |error: CostError| Some(ParseKeyError::Costs(error));
    assert_eq!(with((1 << 20) + 1, 1, 1), refused(CostError::OverLimit(Cost::Memory)));
    assert_eq!(with(u32::MAX, 1, 1), refused(CostError::OverLimit(Cost::Memory)));
    assert_eq!(with(8, 11, 1), refused(CostError::OverLimit(Cost::Passes)));
    assert_eq!(with(1_024, 1, 17), refused(CostError::OverLimit(Cost::Lanes)));
    assert_eq!(with(0, 1, 1), refused(CostError::Zero(Cost::Memory)));
    assert_eq!(with(8, 0, 1), refused(CostError::Zero(Cost::Passes)));
    assert_eq!(with(8, 1, 0), refused(CostError::Zero(Cost::Lanes)));
    assert_eq!(with(8, 1, 2), refused(CostError::TooLittleMemory));
    assert_eq!(with(1 << 20, 10, 16), None);
}

#[test]
fn each_malformed_key_has_its_error() {
    let bytes = by_password();
    assert_eq!(error(b""), Some(ParseKeyError::NotAKey));
    assert_eq!(error(b"age-encryption.org/v1"), Some(ParseKeyError::NotAKey));
    for bytes in [by_password(), by_key_file()] {
        for kept in 6..bytes.len() {
            assert_eq!(error(&bytes[..kept]), Some(ParseKeyError::Length), "{kept} bytes kept");
        }
        assert_eq!(error(&[&bytes[..], &[0]].concat()), Some(ParseKeyError::Length));
    }
    let mut altered = bytes.clone();
    altered[6] = 2;
    assert_eq!(error(&altered), Some(ParseKeyError::UnknownVersion(2)));
    altered = bytes;
    altered[7] = 3;
    assert_eq!(error(&altered), Some(ParseKeyError::UnknownKdf(3)));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, kdf: u8) {
        let framed = [MAGIC.to_vec(), vec![VERSION, kdf], bytes.clone()].concat();
        for bytes in [bytes, framed] {
            if let Ok(parsed) = WrappedKey::parse(&bytes) {
                prop_assert_eq!(parsed.to_bytes(), bytes);
            }
        }
    }
}
