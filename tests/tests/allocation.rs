//! No decoder takes memory on anybody's word: each honest input, with the largest
//! counts and lengths written over it at every place, under an allocator that counts.

#![cfg(test)]

use std::fs;

use msg_crypto::{
    Session,
    at_rest::{KeyFile, WrappedKey},
    prekey::OwnPrekeys,
    safety::{SafetyCode, SafetyNumber},
    session::pair::PeerSessions,
};
use msg_protocol::{
    address::{Address, ContactLink, RelayLink},
    card::Card,
    codec::decode,
    content::Message,
    envelope::Envelope,
    fingerprint::Fingerprint,
    frame::{ClientFrame, FrameDecoder, ServerFrame},
    group::{GroupCommit, GroupState},
    limits::{
        MAX_CARD_BYTES, MAX_FRAME_BYTES, MAX_GROUP_COMMIT_BYTES, MAX_LINK_BYTES, MAX_MESSAGE_BYTES,
    },
    prekey::PrekeyBundle,
};
use msg_tests::{
    party::{NOW, Party},
    place,
    seed::rng,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Times its bound that a decoder may take.
const MOST: usize = 4;

/// The corpus, the most bytes that its decoder reads, and the decoder.
type Row = (&'static str, usize, fn(&[u8]));

const DECODERS: &[Row] = &[
    ("card", MAX_CARD_BYTES, |bytes| forget(decode::<Card>(bytes, MAX_CARD_BYTES))),
    ("prekey_bundle", MAX_FRAME_BYTES, |bytes| {
        forget(decode::<PrekeyBundle>(bytes, MAX_FRAME_BYTES));
    }),
    ("envelope", MAX_FRAME_BYTES, |bytes| forget(decode::<Envelope>(bytes, MAX_FRAME_BYTES))),
    ("message", MAX_MESSAGE_BYTES, |bytes| forget(Message::decode(bytes))),
    ("group_state", MAX_GROUP_COMMIT_BYTES, |bytes| {
        forget(decode::<GroupState>(bytes, MAX_GROUP_COMMIT_BYTES));
    }),
    ("signed_object", MAX_GROUP_COMMIT_BYTES, |bytes| {
        let raw = bytes.get(1..).unwrap_or_default(); // behind the kind
        forget(decode::<GroupCommit>(raw, MAX_GROUP_COMMIT_BYTES));
    }),
    ("client_frame", MAX_FRAME_BYTES, |bytes| forget(ClientFrame::decode(bytes))),
    ("server_frame", MAX_FRAME_BYTES, |bytes| forget(ServerFrame::decode(bytes))),
    ("frame_stream", 1_024, |mut bytes| {
        forget(FrameDecoder::new(MAX_FRAME_BYTES).handle_bytes(&mut bytes));
    }),
    ("wrapped_key", 128, |bytes| forget(WrappedKey::parse(bytes.get(1..).unwrap_or_default()))),
    ("safety_code", 128, |bytes| forget(SafetyCode::from_bytes(bytes))),
    ("safety_number", 128, |bytes| forget(text(bytes).parse::<SafetyNumber>())),
    ("address", MAX_LINK_BYTES, |bytes| forget(text(bytes).parse::<Address>())),
    ("link", MAX_LINK_BYTES, |bytes| forget(text(bytes).parse::<ContactLink>())),
    ("link", MAX_LINK_BYTES, |bytes| forget(text(bytes).parse::<RelayLink>())),
    ("base32_text", 128, |bytes| forget(text(bytes).parse::<Fingerprint>())),
    ("key_file", 128, |bytes| forget(KeyFile::from_secret_text(text(bytes)))),
];

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Decoders differ in what they give; here only what they take counts.
fn forget<T>(_: T) {}

/// One test, so that no other takes memory meanwhile.
#[test]
fn no_decoder_takes_memory_on_anybodys_word() {
    for &(corpus, bound, decode) in DECODERS {
        let folder = place::repository().join("tests/fuzz/corpus").join(corpus);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            lie_everywhere(&path.to_string_lossy(), &fs::read(&path).unwrap(), bound, decode);
        }
    }
    let rng = &mut rng(1);
    let (alice, mut bob) = (Party::new("alice", rng), Party::new("bob", rng));
    let (session, _) = alice.established(&mut bob, rng);
    let session_archive = session.archive().as_bytes().to_vec();
    let mut pair = PeerSessions::default();
    pair.adopt(session, NOW);
    let pair_archive = pair.archive().as_bytes().to_vec();
    let prekeys_archive = bob.prekeys.archive().as_bytes().to_vec();
    let lie = |name, archive: &[u8], read| lie_everywhere(name, archive, archive.len(), read);
    lie("session", &session_archive, |bytes| forget(Session::restore(bytes)));
    lie("pair", &pair_archive, |bytes| forget(PeerSessions::restore(bytes)));
    lie("prekeys", &prekeys_archive, |bytes| forget(OwnPrekeys::restore(bytes)));
}

/// Lengths as varints and as fixed integers: the largest there are, and some that
/// a careless bound would admit.
const LIES: &[&[u8]] = &[
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0x7f],
    &[0xff, 0x0b],
    &[0xff, 0xff, 0xff, 0xff],
    &[0x00, 0x00, 0x07, 0xd0],
];

fn lie_everywhere(name: &str, honest: &[u8], bound: usize, decode: fn(&[u8])) {
    let check = |bytes: &[u8], lie: &[u8], at: usize| {
        let peak = peak_of(|| decode(bytes));
        assert!(peak <= MOST * bound, "{name}, {lie:?} at {at}: {peak} bytes of {bound}");
    };
    for at in (0..honest.len()).filter(|at| *at < 2_048 || at % 61 == 0) {
        for lie in LIES {
            check(&written_over(honest, lie, at), lie, at);
        }
    }
    for at in 0..honest.len().min(256) {
        let mut longest = honest.to_vec();
        longest.resize(bound.max(honest.len()), 0);
        let lie = varint(longest.len().saturating_sub(at + 3));
        check(&written_over(&longest, &lie, at), &lie, at);
    }
}

fn written_over(bytes: &[u8], lie: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (to, from) in bytes.iter_mut().skip(at).zip(lie) {
        *to = *from;
    }
    bytes
}

/// A count that as many bytes as follow could just fill.
fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push(number.to_le_bytes()[0] | 128);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
    bytes
}

/// Bytes taken at most while `work` ran, beside those taken before.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    work();
    MEMORY.peak_usage().saturating_sub(before)
}
