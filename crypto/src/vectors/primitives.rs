//! The primitives of SPEC §1 with the checks that the protocol demands of them:
//! what an implementation that only works would still get wrong.

use alloc::{vec, vec::Vec};

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    hash::Label,
    key::{AgreementKey, IdentityKey, KemKey, Signature, VerifyingKey as _},
};

use super::{
    case::{Case, File},
    draws::Draws,
    json::object,
};
use crate::{
    aead,
    agreement::AgreementSecret,
    kem::{self, Kem as _, KemCiphertext, KemSecret, MlKem768},
    secret::Secret,
};

/// Points of small order, and the encodings of them beyond the field's prime.
const LOW_ORDER: [(&str, &str); 7] = [
    ("zero", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("one", "0100000000000000000000000000000000000000000000000000000000000000"),
    ("order 8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    ("order 8, the other", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    ("p - 1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
];

/// The order of Ed25519's base point, little-endian.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn primitives_are_as_their_vectors_say() {
    let rng = &mut Draws::of("primitives");
    let mut cases = agreements(rng);
    cases.extend(kems(rng));
    cases.extend(signatures(rng));
    cases.extend(aeads(rng));
    File {
        name: "primitives",
        about: "X25519, ML-KEM-768, Ed25519 and the two AEADs, with the inputs that must be \
                refused. A KEM key pair is given by its 64-byte seed d || z; m is the randomness \
                of an encapsulation.",
        spec: "crypto/SPEC.md §1",
        cases,
    }
    .keep();
}

fn agreements(rng: &mut Draws) -> Vec<Case> {
    let (private, peer): (Secret<32>, Secret<32>) = (rng.secret(), rng.secret());
    let (ours, theirs) =
        (AgreementSecret::from_bytes(&private), AgreementSecret::from_bytes(&peer));
    let shared = ours.agree(theirs.public()).unwrap();
    assert!(shared.is_equal_to(&theirs.agree(ours.public()).unwrap()));
    let inputs = object! { "private": &private, "peer": theirs.public().as_bytes() };
    let mut cases = vec![
        Case::new("X25519", "an agreement", inputs)
            .outputs(object! { "public": ours.public().as_bytes(), "shared": &shared }),
    ];
    for (name, point) in LOW_ORDER {
        let point = data_encoding::HEXLOWER.decode(point.as_bytes()).unwrap();
        let peer = AgreementKey(point.try_into().unwrap());
        ours.agree(&peer).unwrap_err();
        let inputs = object! { "private": &private, "peer": peer.as_bytes() };
        cases.push(Case::new("X25519", name, inputs).refused("the agreement is all zero"));
    }
    cases
}

fn kems(rng: &mut Draws) -> Vec<Case> {
    let (seed, m): (Secret<64>, Secret<32>) = (rng.secret(), rng.secret());
    let private = KemSecret::from_seed(seed.duplicate());
    let (ct, shared) = MlKem768::encapsulate(private.public(), &m).unwrap();
    assert!(private.decapsulate(&ct).is_equal_to(&shared));
    let mut forged = *ct.as_bytes();
    forged[1_000] ^= 1;
    let rejection = private.decapsulate(&KemCiphertext::new(forged));
    assert!(!rejection.is_equal_to(&shared));
    let mut large = *private.public().as_bytes();
    large[..2].copy_from_slice(&[0x01, 0x0d]); // the first coefficient becomes 3329
    let large = KemKey::new(large);
    kem::check(&large).unwrap_err();
    let ek = private.public().as_bytes();
    vec![
        Case::new("key pair", "key pair of a seed", object! { "seed": &seed })
            .outputs(object! { "ek": ek }),
        Case::new("Encaps", "encapsulation", object! { "ek": ek, "m": &m })
            .outputs(object! { "ct": ct.as_bytes(), "shared": &shared }),
        Case::new("Decaps", "decapsulation", object! { "seed": &seed, "ct": ct.as_bytes() })
            .outputs(object! { "shared": &shared }),
        Case::new(
            "Decaps",
            "a forged ciphertext gives another secret, and no error",
            object! { "seed": &seed, "ct": &forged },
        )
        .outputs(object! { "shared": &rejection }),
        Case::new(
            "Encaps",
            "a coefficient that is not reduced",
            object! { "ek": large.as_bytes(), "m": &m },
        )
        .refused("the key fails the check of FIPS 203 §7.2"),
    ]
}

fn signatures(rng: &mut Draws) -> Vec<Case> {
    let (seed, text) = (rng.bytes(), *b"what is signed");
    let key = Ed25519::from_bytes(&seed);
    let public = IdentityKey(key.verifying_key().to_bytes());
    let message = Label::new("sig/card").followed_by(&text);
    let signature = key.sign(&message).to_bytes();
    let verify = |public: &IdentityKey, signature| {
        public.verify(Label::new("sig/card"), &text, &Signature(signature))
    };
    verify(&public, signature).unwrap();
    let sign = Case::new("Sign", "a signature", object! { "seed": &seed, "message": &message })
        .outputs(object! { "public": public.as_bytes(), "signature": &signature });

    let mut identity_point = [0; 32];
    identity_point[0] = 1;
    let mut null = [0; 64];
    null[0] = 1;
    let mut small_r = signature;
    small_r[..32].copy_from_slice(&identity_point);
    let mut flipped = signature;
    flipped[40] ^= 4;
    let refused = [
        ("S with the group's order added", public, with_order_added(signature), "S is too large"),
        (
            "a key of small order, under which anything verifies",
            IdentityKey(identity_point),
            null,
            "the key is of small order",
        ),
        ("R of small order", public, small_r, "R is of small order"),
        ("one bit flipped", public, flipped, "it does not verify"),
    ];
    let refuse = |(name, public, signature, why): (&str, IdentityKey, [u8; 64], &str)| {
        verify(&public, signature).unwrap_err();
        let inputs = object! {
            "public": public.as_bytes(), "message": &message, "signature": &signature,
        };
        Case::new("Verify", name, inputs).refused(why)
    };
    [sign].into_iter().chain(refused.map(refuse)).collect()
}

/// The signature with `S + order`, which lax verifiers take for another signature.
fn with_order_added(mut signature: [u8; 64]) -> [u8; 64] {
    let mut carry = 0;
    for (byte, more) in signature[32..].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    signature
}

fn aeads(rng: &mut Draws) -> Vec<Case> {
    let (key, nonce, long): ([u8; 32], [u8; 12], [u8; 24]) =
        (rng.bytes(), rng.bytes(), rng.bytes());
    let (ad, plain) = (b"associated".as_slice(), b"plaintext".as_slice());
    let (mut sealed, mut sealed_long) = (plain.to_vec(), plain.to_vec());
    aead::seal(&key, &nonce, ad, &mut sealed, 0);
    aead::xseal(&key, &long, ad, &mut sealed_long, 0);
    let mut cut = sealed_long.clone();
    cut.pop();
    aead::xopen(&key, &long, ad, &cut).unwrap_err();
    aead::open(&key, &nonce, b"associate", &sealed).unwrap_err();
    let whole = |nonce: &[u8]| {
        object! { "key": &key, "nonce": nonce, "ad": ad, "plaintext": plain }
    };
    let opening = |nonce: &[u8], ad: &[u8], sealed: &Vec<u8>| {
        object! { "key": &key, "nonce": nonce, "ad": ad, "ciphertext": sealed }
    };
    vec![
        Case::new("AEAD", "ChaCha20-Poly1305", whole(&nonce))
            .outputs(object! { "ciphertext": &sealed }),
        Case::new("XAEAD", "XChaCha20-Poly1305", whole(&long))
            .outputs(object! { "ciphertext": &sealed_long }),
        Case::new("open AEAD", "other associated data", opening(&nonce, b"associate", &sealed))
            .refused("the tag does not check"),
        Case::new("open XAEAD", "a tag cut short", opening(&long, ad, &cut))
            .refused("the tag does not check"),
    ]
}
