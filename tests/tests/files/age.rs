//! The stream vectors of the age test kit, through our opener and sealer.
//!
//! An opener here knows the payload's length, so it gives out less than age does:
//! no chunk whose flag is not that of its place, and nothing of a payload whose
//! length alone is impossible.

use std::fs;

use data_encoding::HEXLOWER;
use msg_crypto::{
    file::{Extent, LengthError, OpenChunkError, OpenFileError, Opener, Sealer, StreamOpener},
    secret::Secret,
};
use msg_protocol::content::FileHash;
use msg_tests::place;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

#[derive(Deserialize)]
struct Kit {
    file_key: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    expect: String,
    plaintext_sha256: Option<String>,
    payload: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Run {
    Zeros(usize),
    Hex(String),
}

#[derive(Debug, PartialEq)]
enum Refusal {
    Length(LengthError),
    Open(OpenFileError),
}

use LengthError::{EmptyChunk, NoChunk, NoNonce, ShortChunk};
use OpenChunkError::{Altered, EndsEarly, GoesOn};

fn refusal(name: &str) -> Refusal {
    let length = |error| Refusal::Length(error);
    let chunk = |error| Refusal::Open(OpenFileError::Chunk(error));
    match name.strip_prefix("stream_").unwrap() {
        "no_nonce" | "short_nonce" => length(NoNonce),
        "no_chunks" => length(NoChunk),
        "missing_tag" | "short_chunk" | "short_second_chunk" | "trailing_garbage_short" => {
            length(ShortChunk)
        }
        "last_chunk_empty" => length(EmptyChunk),
        "bad_tag" | "two_final_chunks_short" => chunk(Altered(0)),
        "bad_tag_second_chunk" | "bad_tag_second_chunk_full" => chunk(Altered(1)),
        "no_final" | "no_final_full" => chunk(GoesOn(0)),
        "no_final_two_chunks" | "no_final_two_chunks_full" => chunk(GoesOn(1)),
        "trailing_garbage_long" | "two_final_chunks" | "two_final_chunks_full" => {
            chunk(EndsEarly(0))
        }
        "two_final_chunks_second" => chunk(EndsEarly(1)),
        other => panic!("no expectation for {other}"),
    }
}

struct Vector {
    name: String,
    succeeds: bool,
    plaintext: Option<[u8; 32]>,
    payload: Vec<u8>,
}

fn vectors() -> (impl Fn() -> Secret<16>, Vec<Vector>) {
    let text = fs::read_to_string(place::vectors().join("age/stream.json")).unwrap();
    let kit: Kit = serde_json::from_str(&text).unwrap();
    let key: [u8; 16] = hex(&kit.file_key).try_into().unwrap();
    (move || Secret::new(key), kit.cases.into_iter().map(Vector::from).collect())
}

impl From<Case> for Vector {
    fn from(case: Case) -> Self {
        let bytes = |run: &Run| match run {
            Run::Zeros(count) => vec![0; *count],
            Run::Hex(text) => hex(text),
        };
        Self {
            succeeds: case.expect == "success",
            plaintext: case.plaintext_sha256.map(|text| hex(&text).try_into().unwrap()),
            payload: case.payload.iter().map(bytes).collect::<Vec<_>>().concat(),
            name: case.name,
        }
    }
}

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What comes out, and how it ends.
fn open(key: Secret<16>, payload: &[u8]) -> (Vec<u8>, Result<Extent, Refusal>) {
    let extent = match Extent::of_payload(payload.len() as u64) {
        Ok(extent) => extent,
        Err(error) => return (Vec::new(), Err(Refusal::Length(error))),
    };
    let mut opener = StreamOpener::new(key, extent, FileHash(sha256(payload)));
    let mut out = Vec::new();
    for mut piece in payload.chunks(100_003) {
        loop {
            match opener.handle(&mut piece) {
                Ok(Some(content)) => out.extend(content),
                Ok(None) => break,
                Err(error) => return (out, Err(Refusal::Open(error))),
            }
        }
    }
    let end = opener.finish().map(|()| extent).map_err(Refusal::Open);
    (out, end)
}

#[test]
fn every_stream_vector_of_age_ends_as_it_should() {
    let (key, vectors) = vectors();
    assert_eq!(vectors.len(), 28);
    for vector in vectors {
        let (out, end) = open(key(), &vector.payload);
        if vector.succeeds {
            assert_eq!(Some(sha256(&out)), vector.plaintext, "{}", vector.name);
            end.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", vector.name));
        } else {
            assert_eq!(end.err(), Some(refusal(&vector.name)), "{}", vector.name);
        }
    }
}

#[test]
fn nothing_comes_out_of_a_vector_that_age_does_not_give_out() {
    let (key, vectors) = vectors();
    for vector in vectors {
        let (out, end) = open(key(), &vector.payload);
        let whole_chunks = (vector.payload.len().saturating_sub(16)) % 65_552 == 0;
        let withheld = match end {
            // age gives out a whole chunk before it looks at what follows.
            Err(Refusal::Open(OpenFileError::Chunk(EndsEarly(index)))) => {
                chunk(key(), &vector.payload, index, true)
            }
            Err(Refusal::Open(OpenFileError::Chunk(GoesOn(index)))) if whole_chunks => {
                chunk(key(), &vector.payload, index, false)
            }
            Err(Refusal::Length(EmptyChunk | ShortChunk)) if vector.payload.len() > 65_568 => {
                let last = vector.name == "stream_trailing_garbage_short";
                chunk(key(), &vector.payload, 0, last)
            }
            _ => Vec::new(),
        };
        let by_age = vector.plaintext.unwrap_or_else(|| sha256(&[]));
        assert_eq!(sha256(&[out, withheld].concat()), by_age, "{}", vector.name);
    }
}

/// A whole chunk, opened as one that is, or is not, the last.
fn chunk(key: Secret<16>, payload: &[u8], index: u64, last: bool) -> Vec<u8> {
    let extent = Extent::exact((index + 1) * 65_536 + u64::from(!last)).unwrap();
    let opener = Opener::new(key, payload.first_chunk().unwrap(), extent);
    let range = extent.chunk(index).unwrap().payload;
    let sealed = &payload[range.start.try_into().unwrap()..range.end.try_into().unwrap()];
    opener.open(index, sealed).unwrap()
}

#[test]
fn we_seal_as_age_does() {
    let (key, vectors) = vectors();
    let mut count = 0;
    for vector in vectors.iter().filter(|vector| vector.succeeds) {
        let (plaintext, end) = open(key(), &vector.payload);
        let nonce = *vector.payload.first_chunk().unwrap();
        let sealer = Sealer::resume(key(), nonce, end.unwrap());
        let mut payload = nonce.to_vec();
        let mut hasher = sealer.hasher();
        for (index, content) in (0..).zip(chunks(&plaintext)) {
            let chunk = sealer.seal(index, content).unwrap();
            hasher.update(&chunk);
            payload.extend(chunk);
        }
        assert!(payload == vector.payload, "{}", vector.name);
        assert_eq!(hasher.finish().0, sha256(&vector.payload));
        count += 1;
    }
    assert_eq!(count, 8);
}

/// The plaintext in chunks; one, if it is empty.
fn chunks(plaintext: &[u8]) -> Vec<&[u8]> {
    if plaintext.is_empty() { vec![plaintext] } else { plaintext.chunks(65_536).collect() }
}
