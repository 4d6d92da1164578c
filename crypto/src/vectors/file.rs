//! Payloads of files, chunk by chunk, and the padding before them.

use alloc::{vec, vec::Vec};

use msg_protocol::secret::FileKey;
use sha2::{Digest as _, Sha256};

use super::{
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
    ratchet::digest_json,
};
use crate::{
    aead,
    file::{Extent, FileSecret, OpenFileError, Sealer, StreamOpener, padme},
    kdf::hkdf,
    secret::Secret,
};

const CHUNK: usize = 65_536;

#[test]
fn files_are_as_their_vectors_say() {
    let rng = &mut Draws::of("file");
    let mut cases = Vec::new();
    for (name, length) in [
        ("an empty file", 0),
        ("one byte", 1),
        ("exactly one chunk", CHUNK),
        ("one chunk and a byte", CHUNK + 1),
        ("three chunks", 3 * CHUNK),
    ] {
        cases.push(payload(name, &rng.bytes::<32>(), length, rng));
    }
    cases.push(payload("one byte, with a key of age's length", &rng.bytes::<16>(), 1, rng));
    cases.push(payload("two chunks, with such a key", &rng.bytes::<16>(), CHUNK + 9, rng));
    for (name, length) in [("a small upload", 5), ("an upload of two chunks", 100_000)] {
        cases.push(upload(name, length, rng));
    }
    cases.extend(paddings());
    File {
        name: "file",
        about: "Files. `payload`: a plaintext, as age seals it; each of `alterations` keeps the \
                first `keep` bytes of the payload, appends `append`, and must be refused. \
                `upload`: a file as it is uploaded, with its padding. `padded length`: padding \
                alone.",
        spec: "crypto/SPEC.md §10",
        cases,
    }
    .keep();
}

/// A plaintext in which no two chunks are alike, and the rule that makes it.
fn plaintext(length: usize) -> (Vec<u8>, Json) {
    let pattern: Vec<u8> = (0..=250).collect();
    let bytes: Vec<u8> = pattern.iter().copied().cycle().take(length).collect();
    let rule = if length <= 16 {
        bytes.as_slice().into()
    } else {
        object! { "repeat": &pattern, "length": length }
    };
    (bytes, rule)
}

fn secret(key: &[u8]) -> FileSecret {
    match <[u8; 32]>::try_from(key) {
        Ok(key) => FileKey::new(key).into(),
        Err(_) => Secret::<16>::new(key.try_into().unwrap()).into(),
    }
}

/// The payload that the crate makes.
fn seal(key: &[u8], nonce: [u8; 16], plaintext: &[u8], extent: Extent) -> Vec<u8> {
    let sealer = Sealer::resume(secret(key), nonce, extent);
    let mut payload = nonce.to_vec();
    for index in 0..extent.chunks() {
        let place = extent.chunk(index).unwrap().content;
        let place = usize::try_from(place.start).unwrap()..usize::try_from(place.end).unwrap();
        payload.extend(sealer.seal(index, &plaintext[place]).unwrap());
    }
    payload
}

/// The payload that the formulas make, its key, and what is worth knowing of each chunk.
fn formula(key: &[u8], nonce: &[u8; 16], plaintext: &[u8]) -> (Secret<32>, Vec<Json>, Vec<u8>) {
    let key: Secret<32> = hkdf(nonce, &[key], &[b"payload"]);
    let chunks: Vec<&[u8]> =
        if plaintext.is_empty() { vec![&[]] } else { plaintext.chunks(CHUNK).collect() };
    let mut payload = nonce.to_vec();
    let mut values = Vec::new();
    for (index, chunk) in chunks.iter().enumerate() {
        let mut chunk_nonce = [0; 12];
        chunk_nonce[3..11].copy_from_slice(&u64::try_from(index).unwrap().to_be_bytes());
        chunk_nonce[11] = u8::from(index + 1 == chunks.len());
        let mut sealed = chunk.to_vec();
        aead::seal(key.expose(), &chunk_nonce, &[], &mut sealed, 0);
        let tag = &sealed[chunk.len()..];
        values.push(object! { "nonce": &chunk_nonce, "length": chunk.len(), "tag": tag });
        payload.extend(sealed);
    }
    (key, values, payload)
}

fn payload(name: &str, file_key: &[u8], length: usize, rng: &mut Draws) -> Case {
    let (plaintext, rule) = plaintext(length);
    let nonce = rng.bytes();
    let (key, chunks, payload) = formula(file_key, &nonce, &plaintext);
    let extent = Extent::exact(u64::try_from(length).unwrap()).unwrap();
    assert_eq!(payload, seal(file_key, nonce, &plaintext, extent));
    let alterations = alterations(file_key, extent, &payload);
    let stated = if length <= 16 { (&payload).into() } else { digest_json(&payload) };
    let inputs = object! { "file key": file_key, "nonce": &nonce, "plaintext": rule };
    Case::new("payload", name, inputs)
        .steps(object! { "key": &key, "chunks": chunks })
        .outputs(object! { "payload": stated })
        .alterations(alterations)
}

/// Payloads cut off and lengthened. What is cut at a chunk's end lacks the last chunk.
fn alterations(key: &[u8], extent: Extent, payload: &[u8]) -> Vec<Json> {
    let length = payload.len();
    let last = extent.chunk(extent.chunks() - 1).unwrap().payload.start;
    let last = usize::try_from(last).unwrap();
    let mut flipped = payload[length - 1..].to_vec();
    flipped[0] ^= 1;
    let changes: [(&str, usize, &[u8]); 5] = [
        ("the last byte is missing", length - 1, &[]),
        ("the last chunk is missing", last, &[]),
        ("nothing is there but half of the nonce", 8, &[]),
        ("the last tag is altered", length - 1, &flipped),
        ("a byte follows", length, &[0]),
    ];
    let alteration = |(name, keep, append): (&str, usize, &[u8])| {
        let altered = [&payload[..keep], append].concat();
        assert!(open(key, &altered).is_err(), "{name}");
        object! { "name": name, "keep": keep, "append": append }
    };
    changes.into_iter().map(alteration).collect()
}

/// Opens a payload of whatever length, as age does.
fn open(key: &[u8], payload: &[u8]) -> Result<Vec<u8>, ()> {
    let extent = Extent::of_payload(u64::try_from(payload.len()).unwrap()).map_err(|_| ())?;
    let hash = msg_protocol::content::FileHash(Sha256::digest(payload).into());
    let mut opener = StreamOpener::new(secret(key), extent, hash);
    let mut rest = payload;
    let mut content = Vec::new();
    while let Some(chunk) = opener.handle(&mut rest).map_err(|_: OpenFileError| ())? {
        content.extend(chunk);
    }
    opener.finish().map_err(|_| ()).map(|()| content)
}

fn upload(name: &str, length: usize, rng: &mut Draws) -> Case {
    let (content, rule) = plaintext(length);
    let (file_key, nonce): ([u8; 32], [u8; 16]) = (rng.bytes(), rng.bytes());
    let extent = Extent::padded(u64::try_from(length).unwrap()).unwrap();
    let mut padded = content.clone();
    padded.resize(usize::try_from(extent.plaintext()).unwrap(), 0);
    let (_, _, payload) = formula(&file_key, &nonce, &padded);
    assert_eq!(payload, seal(&file_key, nonce, &content, extent));
    Case::new("upload", name, object! { "file key": &file_key, "nonce": &nonce, "content": rule })
        .outputs(object! { "padded length": padded.len(), "payload": digest_json(&payload) })
}

fn paddings() -> impl Iterator<Item = Case> {
    let lengths: [u64; 12] = [
        0,
        65_535,
        65_536,
        65_537,
        67_584,
        67_585,
        131_071,
        1_000_000,
        (1 << 20) + 1,
        (1 << 32) - 1,
        (1 << 32) + 1,
        (1 << 48) - (1 << 20),
    ];
    lengths.into_iter().map(|length| {
        let padded = Extent::padded(length).unwrap().plaintext();
        assert_eq!(Some(padded), padme(length.max(65_536)));
        let name = alloc::format!("{length} bytes");
        Case::new("padded length", name, object! { "length": length })
            .outputs(object! { "padded length": padded })
    })
}
