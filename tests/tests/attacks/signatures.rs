//! Signatures that mean too much, and encodings that are not the only one.

use msg_protocol::{
    card::Card,
    codec::DecodeError,
    key::Signature,
    prekey::{LastResortPrekey, OneTimePair, PrekeyBundle, SignedPrekey},
    signed::{Signable, Signed, VerifyError},
};
use msg_tests::{
    party::{NOW, Party},
    seed::rng,
};

use crate::scene::{alice_and_bob, as_kind, signed_by_device, signed_by_identity};

/// The order of the group in which Ed25519 signs.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// The points of small order on Ed25519, in every encoding.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
];

fn hex(text: &str) -> [u8; 32] {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
}

/// A key of small order "signs" every text with an `R` of small order and `S = 0`,
/// for whoever checks the equation alone.
#[test]
fn attack_02_weak_ed25519_keys() {
    let (alice, _) = alice_and_bob(&mut rng(201));
    for key in SMALL_ORDER {
        let mut card = Card::clone(&alice.card);
        card.identity.0 = hex(key);
        let raw = msg_protocol::codec::encode(&card);
        for point in SMALL_ORDER {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&hex(point));
            let signed = Signed::<Card>::from_parts(raw.clone(), Signature(signature));
            assert_eq!(signed.verify_by_own_identity(), Err(VerifyError::BadSignature));
        }
    }
}

/// `S + L` satisfies the equation as `S` does.
#[test]
fn attack_02_malleable_ed25519_signatures() {
    let (alice, bob) = alice_and_bob(&mut rng(202));
    assert_eq!(
        malleated(alice.card.as_signed()).verify_by_own_identity(),
        Err(VerifyError::BadSignature)
    );
    let bundle = bob.last_resort_bundle();
    let device = &bob.card.devices[0];
    assert!(bundle.clone().verify(device, NOW.day()).is_ok());
    let signed = malleated(&bundle.signed);
    let last_resort = malleated(&bundle.last_resort);
    let one_time = Some(malleated(&bob.one_time[0]));
    for forged in [
        PrekeyBundle { signed, ..bundle.clone() },
        PrekeyBundle { last_resort, ..bundle.clone() },
        PrekeyBundle { one_time, ..bundle },
    ] {
        assert!(forged.verify(device, NOW.day()).is_err());
    }
}

fn malleated<T: Signable>(signed: &Signed<T>) -> Signed<T> {
    let mut signature = signed.signature().0;
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(hex(ORDER)) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    Signed::from_parts(signed.raw().to_vec(), Signature(signature))
}

/// Each signed object in the place of each other: PQXDH once let an X25519 key and
/// a KEM key be taken for one another. Keys are chosen so that nothing but the
/// kind tells them apart: one key signs as identity and as device.
#[test]
fn attack_04_kem_public_key_confusion() {
    let rng = &mut rng(204);
    let bob = one_key_for_all(rng);
    let card = bob.card.as_signed();
    let pair = &bob.one_time[0];
    as_nothing_else::<Card, SignedPrekey>(&bob, card);
    as_nothing_else::<Card, LastResortPrekey>(&bob, card);
    as_nothing_else::<Card, OneTimePair>(&bob, card);
    as_nothing_else::<SignedPrekey, LastResortPrekey>(&bob, &bob.signed);
    as_nothing_else::<SignedPrekey, OneTimePair>(&bob, &bob.signed);
    as_nothing_else::<LastResortPrekey, SignedPrekey>(&bob, &bob.last_resort);
    as_nothing_else::<LastResortPrekey, OneTimePair>(&bob, &bob.last_resort);
    as_nothing_else::<OneTimePair, SignedPrekey>(&bob, pair);
    as_nothing_else::<OneTimePair, LastResortPrekey>(&bob, pair);
    let identity = bob.identity.public();
    for forged in [as_kind(&bob.signed), as_kind(&bob.last_resort), as_kind(pair)] {
        assert_eq!(Signed::<Card>::verify(forged, &identity), Err(VerifyError::BadSignature));
    }
}

/// A party whose device signs with the identity's key.
fn one_key_for_all(rng: &mut rand_chacha::ChaCha20Rng) -> Party {
    use msg_crypto::{
        identity::{DeviceSecret, IdentitySecret},
        secret::Secret,
    };
    let identity = IdentitySecret::generate(rng);
    let device = DeviceSecret::from_seeds(&identity.seed(), &Secret::random(rng));
    Party::with_device("bob", identity, device, rng)
}

#[track_caller]
fn as_nothing_else<T, U>(bob: &Party, signed: &Signed<T>)
where
    T: Signable,
    U: Signable<Signer = msg_protocol::key::SigningKey>,
{
    let key = &bob.card.devices[0].signing;
    let refusal = as_kind::<T, U>(signed).verify(key).err();
    assert_eq!(refusal, Some(VerifyError::BadSignature));
}

/// The signature is valid and the bytes decode, but there is a shorter way to
/// write the same, or something behind it.
#[test]
fn attack_27_noncanonical_encoding_under_a_signature() {
    let (_, bob) = alice_and_bob(&mut rng(227));
    let device = &bob.card.devices[0];
    let mut malformed = 0;
    for raw in rewritten(bob.card.as_signed().raw()) {
        let error = signed_by_identity::<Card>(&bob, raw).verify_by_own_identity().unwrap_err();
        malformed += usize::from(is_encoding(error));
    }
    for raw in rewritten(bob.signed.raw()) {
        let error =
            signed_by_device::<SignedPrekey>(&bob, raw).verify(&device.signing).unwrap_err();
        malformed += usize::from(is_encoding(error));
    }
    for raw in rewritten(bob.last_resort.raw()).take(3_000) {
        let signed = signed_by_device::<LastResortPrekey>(&bob, raw);
        malformed += usize::from(is_encoding(signed.verify(&device.signing).unwrap_err()));
    }
    for raw in rewritten(bob.one_time[0].raw()).take(3_000) {
        let signed = signed_by_device::<OneTimePair>(&bob, raw);
        malformed += usize::from(is_encoding(signed.verify(&device.signing).unwrap_err()));
    }
    assert!(malformed > 100, "signatures are good, encodings are not");
    let good = signed_by_device::<SignedPrekey>(&bob, bob.signed.raw().to_vec());
    assert!(good.verify(&device.signing).is_ok(), "these are good as they are");
}

fn is_encoding(error: VerifyError) -> bool {
    assert_ne!(error, VerifyError::BadSignature);
    matches!(error, VerifyError::Decode(DecodeError::NotCanonical | DecodeError::TrailingBytes(_)))
}

/// One byte more behind, and each byte that may be a number written longer.
fn rewritten(raw: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let raw = raw.to_vec();
    let longer = (0..raw.len()).filter(|at| *at < 60 || at + 80 > 1_000).collect::<Vec<_>>();
    let trailing = [0_u8, 1, 0x80].map(|byte| [raw.as_slice(), &[byte]].concat());
    trailing.into_iter().chain(
        longer
            .into_iter()
            .map(move |at| [&raw[..at], &[raw[at] | 0x80, raw[at] >> 7], &raw[at + 1..]].concat()),
    )
}
