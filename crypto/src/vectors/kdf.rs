//! Hashing and key derivation: each notation of SPEC §1, in the very uses that
//! the sections after it make of it.

use alloc::{vec, vec::Vec};

use msg_protocol::hash::{FieldHasher, Label};

use super::{
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
};
use crate::{
    kdf::{expand, hkdf, hmac},
    secret::Secret,
};

/// The labels: the words in backticks in the first column of the table in §2.
fn labels() -> impl Iterator<Item = &'static str> {
    let spec = include_str!("../../SPEC.md");
    let table = spec.split("\n## ").find(|section| section.starts_with("2. Labels")).unwrap();
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    cells.flat_map(|cell| cell.split(['`', ',', ' ']).filter(|word| !word.is_empty()))
}

#[test]
fn key_derivation_is_as_its_vectors_say() {
    let rng = &mut Draws::of("kdf");
    let mut cases: Vec<Case> = labels().map(label).collect();
    cases.extend(hashes(rng));
    cases.extend(macs(rng));
    cases.extend(derivations(rng));
    cases.push(expansion(rng));
    File {
        name: "kdf",
        about: "Labels, H, HMAC, HKDF and its expand half, each in the uses that the protocol \
                makes of them. The lengths of inputs are those of the use; their values are random.",
        spec: "crypto/SPEC.md §1, §2",
        cases,
    }
    .keep();
}

fn label(name: &'static str) -> Case {
    let bytes = Label::new(name).bytes();
    Case::new("label", name, object! { "label": name }).outputs(object! { "bytes": &bytes })
}

fn hashes(rng: &mut Draws) -> Vec<Case> {
    let (long, id): ([u8; 300], [u8; 32]) = (rng.bytes(), rng.bytes());
    let lists: [(&str, &'static str, &[&[u8]]); 7] = [
        ("the label alone", "card", &[]),
        ("one field", "acct", &[&id]),
        ("two fields", "dev", &[b"ab", b"c"]),
        ("the same bytes, parted elsewhere", "dev", &[b"a", b"bc"]),
        ("an absent field at the end is a field", "dev", &[b"ab", b"c", b""]),
        (
            "absent fields in the middle, as in a handshake without a one-time pair",
            "hs1",
            &[&[1], b"", b"", &id],
        ),
        ("a field of more than 255 bytes", "step", &[&long, &id]),
    ];
    lists.into_iter().map(|(name, label, fields)| hash(name, label, fields)).collect()
}

fn hash(name: &str, label: &'static str, rest: &[&[u8]]) -> Case {
    let mut hasher = FieldHasher::new(Label::new(label));
    for field in rest {
        hasher.field(field);
    }
    let label = Label::new(label).bytes();
    let fields: Vec<&[u8]> = [label.as_slice()].into_iter().chain(rest.iter().copied()).collect();
    let length = |field: &&[u8]| u32::try_from(field.len()).unwrap().to_be_bytes();
    let input: Vec<u8> =
        fields.iter().flat_map(|field| [&length(field), *field].concat()).collect();
    let fields: Vec<Json> = fields.into_iter().map(Json::from).collect();
    Case::new("H", name, object! { "fields": fields })
        .steps(object! { "input of SHA-256": &input })
        .outputs(object! { "hash": &hasher.finish() })
}

fn macs(rng: &mut Draws) -> Vec<Case> {
    let row = [Label::new("row-key").bytes(), rng.bytes::<32>().to_vec()].concat();
    let uses = [
        ("message key of a chain key", vec![1]),
        ("next chain key of a chain key", vec![2]),
        ("key of a row", row),
        ("nothing", vec![]),
    ];
    let case = |(name, message): (&str, Vec<u8>)| {
        let key = rng.bytes();
        Case::new("HMAC", name, object! { "key": &key, "message": &message })
            .outputs(object! { "mac": &hmac(&key, &[&message]) })
    };
    uses.into_iter().map(case).collect()
}

fn derivations(rng: &mut Draws) -> Vec<Case> {
    let with = |label: &'static str, more: &[u8]| Label::new(label).followed_by(more);
    let (zero, transcript) = ([0; 32], rng.bytes::<32>());
    let (short, long) = (rng.bytes::<128>(), rng.bytes::<160>());
    let seal = [&[0xff; 32], short.as_slice()].concat();
    let session = [&[0xff; 32], long.as_slice()].concat();
    let (root, step, salt) = (rng.bytes::<32>(), rng.bytes::<64>(), rng.bytes::<16>());
    let (first, key) = (rng.bytes::<32>(), rng.bytes::<32>());
    vec![
        derive::<32>("seal of a handshake, DH4 present", &zero, &seal, &with("seal", &transcript)),
        derive::<96>("session secret, DH4 present", &zero, &session, &with("sk", &transcript)),
        derive::<96>("step of the ratchet", &root, &step, &with("rk", &transcript)),
        derive::<96>("first step, without a KEM secret", &root, &first, &with("rk", &transcript)),
        derive::<32>("account credential", &[], &key, &with("auth", &[])),
        derive::<32>("wrapping key of a password", &salt, &key, &with("wrap/password", &[])),
        derive::<32>("wrapping key of a key file", &salt, &key, &with("wrap/key-file", &[])),
        derive::<32>("keys of rows", &zero, &key, &with("row-index", &[])),
        derive::<32>("values of rows", &zero, &key, &with("row-seal", &[])),
        derive::<32>("payload of a file, without the prefix of a label", &salt, &key, b"payload"),
    ]
}

/// HMAC fills a shorter key with zero bytes, so a salt of any length up to 32
/// may be passed on as 32 bytes.
fn derive<const N: usize>(name: &str, salt: &[u8], ikm: &[u8], info: &[u8]) -> Case {
    let mut key = [0; 32];
    key[..salt.len()].copy_from_slice(salt);
    let prk = hmac(&key, &[ikm]);
    let okm = hkdf::<N>(salt, &[ikm], &[info]);
    assert!(okm.is_equal_to(&expand(&prk, &[info])));
    Case::new("HKDF", name, object! { "salt": salt, "ikm": ikm, "info": info, "length": N })
        .steps(object! { "prk": &prk })
        .outputs(object! { "okm": &okm })
}

fn expansion(rng: &mut Draws) -> Case {
    let (prk, nonce): (Secret<32>, [u8; 24]) = (rng.secret(), rng.bytes());
    let info = Label::new("msg").followed_by(&nonce);
    let okm: Secret<44> = expand(&prk, &[&info]);
    let inputs = object! { "prk": &prk, "info": &info, "length": 44_u8 };
    Case::new("Expand", "key and iv of a message key", inputs).outputs(object! { "okm": &okm })
}
