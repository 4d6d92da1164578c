//! Bytes that are keys, and all others.

use msg_crypto::at_rest::{DataKey, KeyFile, KeyFileWrapped};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::*;

fn key(rng: &mut ChaCha20Rng) -> WrappedKey {
    let (key, file) = (DataKey::generate(rng), KeyFile::generate(rng));
    WrappedKey::KeyFile(KeyFileWrapped::wrap(&key, &file, rng))
}

#[test]
fn keys_are_read_as_they_were_written() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let one = Keyring::of(4, key(&mut rng));
    let bytes = one.to_bytes();
    assert_eq!(&bytes[..8], b"msgkeys\x01");
    assert_eq!(Keyring::parse(&bytes).ok().unwrap().to_bytes(), bytes);
    let two = one.joined_by(5, key(&mut rng));
    assert!(two.is_between());
    assert_eq!(two.generation(), 5);
    let read = Keyring::parse(&two.to_bytes()).ok().unwrap();
    assert_eq!(read.to_bytes(), two.to_bytes());
    assert_eq!(read.only(4).unwrap().to_bytes(), bytes);
    assert_eq!(two.only(5).unwrap().generation(), 5);
}

#[test]
fn all_other_bytes_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let two = Keyring::of(4, key(&mut rng)).joined_by(5, key(&mut rng));
    let bytes = two.to_bytes();
    let one_end = Keyring::of(4, key(&mut rng)).to_bytes().len();
    for end in (0..bytes.len()).filter(|end| *end != one_end) {
        assert!(Keyring::parse(&bytes[..end]).is_err(), "{end}");
    }
    assert!(Keyring::parse(&[&bytes[..], &[0]].concat()).is_err());
    assert!(Keyring::parse(&[&bytes[..], &bytes[8..one_end]].concat()).is_err());
    let mut other = bytes.clone();
    other[7] = 2;
    assert_eq!(Keyring::parse(&other).err(), Some(ParseKeyError::UnknownVersion(2)));
    for _ in 0..2_000 {
        let mut bytes = bytes.clone();
        let at = rng.next_u32() as usize % bytes.len();
        bytes[at] = rng.next_u32().to_be_bytes()[0];
        bytes.truncate(rng.next_u32() as usize % (bytes.len() + 1));
        let _ = Keyring::parse(&bytes);
    }
}
