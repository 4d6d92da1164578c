//! Attack 22: ChaCha20-Poly1305 commits to no key, so that one ciphertext can be
//! made which opens under two (IACR ePrint 2019/016). The hash in the message is
//! what makes a payload the one that was meant.

use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use hkdf::Hkdf;
use msg_crypto::file::{Extent, OpenFileError, Opener, PayloadHasher, Sealer, StreamOpener};
use msg_protocol::{content::FileHash, secret::FileKey};
use msg_tests::seed::rng;
use sha2::Sha256;

use crate::field::Element;

const NONCE: [u8; 16] = [22; 16];
const CHUNK: usize = 65_536;

/// The one-time key of Poly1305 for a first chunk that is also the last.
fn one_time_key(key: &FileKey) -> (Element, u128) {
    let mut payload_key = [0; 32];
    Hkdf::<Sha256>::new(Some(&NONCE), key.expose()).expand(b"payload", &mut payload_key).unwrap();
    let mut stream = [0; 32];
    let nonce = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    ChaCha20::new(&payload_key.into(), &nonce.into()).apply_keystream(&mut stream);
    let half = |at: usize| u128::from_le_bytes(stream[at..at + 16].try_into().unwrap());
    let r = half(0) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
    (Element { high: 0, low: r }, half(16))
}

/// Replaces the first two blocks of a ciphertext so that one tag fits both keys.
fn forge(keys: [&FileKey; 2], ciphertext: &mut Vec<u8>) {
    let [(r1, s1), (r2, s2)] = keys.map(one_time_key);
    ciphertext[..32].fill(0);
    let fixed = [r1, r2].map(|r| authenticate(r, ciphertext));
    let blocks = (ciphertext.len() / 16 + 1) as u128;
    let factors = [r1, r2].map(|r| {
        let second = r.power(Element { high: 0, low: blocks - 1 });
        [second * r, second]
    });
    // What `authenticate` has already added for the two blocks of zeros.
    let zero = Element::block([0; 16]);
    for tag in 0_u128.. {
        for lifts in 0..16 {
            let target = |s: u128, high| Element { high, low: tag.wrapping_sub(s) };
            let targets = [target(s1, lifts / 4), target(s2, lifts % 4)];
            if targets.iter().any(|target| target.high == 3 && target.low > u128::MAX - 5) {
                continue;
            }
            let sums = [targets[0] - fixed[0], targets[1] - fixed[1]];
            let [first, second] = solve(factors, sums).map(|block| block + zero);
            if first.high == 1 && second.high == 1 {
                ciphertext[..16].copy_from_slice(&first.low.to_le_bytes());
                ciphertext[16..32].copy_from_slice(&second.low.to_le_bytes());
                return ciphertext.extend(tag.to_le_bytes());
            }
        }
    }
}

/// Two equations with two unknowns.
fn solve([one, two]: [[Element; 2]; 2], sums: [Element; 2]) -> [Element; 2] {
    let inverse = (one[0] * two[1] - one[1] * two[0]).inverse();
    [
        (sums[0] * two[1] - one[1] * sums[1]) * inverse,
        (one[0] * sums[1] - sums[0] * two[0]) * inverse,
    ]
}

fn authenticate(r: Element, ciphertext: &[u8]) -> Element {
    let lengths = [0_u64.to_le_bytes(), (ciphertext.len() as u64).to_le_bytes()].concat();
    let blocks = ciphertext.chunks(16).chain([&lengths[..]]);
    blocks.fold(Element::ZERO, |sum, block| (sum + Element::block(block.try_into().unwrap())) * r)
}

fn hash(payload: &[u8]) -> FileHash {
    let mut hasher = PayloadHasher::default();
    hasher.update(payload);
    hasher.finish()
}

fn download(key: &FileKey, payload: &[u8], expected: FileHash) -> Result<(), OpenFileError> {
    let extent = Extent::padded(CHUNK as u64).unwrap();
    let mut opener = StreamOpener::new(key.clone(), extent, expected);
    let mut input = payload;
    while opener.handle(&mut input)?.is_some() {}
    opener.finish()
}

#[test]
fn attack_22_a_payload_that_two_keys_open_is_not_the_one_in_the_message() {
    let extent = Extent::padded(CHUNK as u64).unwrap();
    let (_, alices) = Sealer::start(extent, &mut rng(22));
    let mallorys = FileKey::new([66; 32]);
    let honest = Sealer::resume(alices.clone(), NONCE, extent).seal(0, &vec![b'a'; CHUNK]).unwrap();
    let mut forged = honest[..CHUNK].to_vec();
    forge([&alices, &mallorys], &mut forged);

    // The cipher is content under either key.
    let opened =
        [&alices, &mallorys].map(|key| Opener::new(key.clone(), &NONCE, extent).open(0, &forged));
    let [Ok(one), Ok(other)] = opened else { panic!("the forgery does not open") };
    assert_ne!(one, other);

    // The hash in the message is not.
    let payload = |chunk: &[u8]| [&NONCE[..], chunk].concat();
    let stated = hash(&payload(&honest));
    assert_eq!(download(&alices, &payload(&honest), stated), Ok(()));
    for key in [&alices, &mallorys] {
        let end = download(key, &payload(&forged), stated);
        assert_eq!(end, Err(OpenFileError::HashDiffers));
    }
    // Nothing but the hash is in the way.
    assert_eq!(download(&mallorys, &payload(&forged), hash(&payload(&forged))), Ok(()));
}
