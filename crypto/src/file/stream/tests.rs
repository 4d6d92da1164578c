//! A file goes up in any order and comes down in any pieces; a relay that alters,
//! cuts, moves or adds is found out, and no more comes after that.

use alloc::{vec, vec::Vec};
use core::ops::Range;

use msg_protocol::secret::FileKey;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;
use crate::{
    file::{CHUNK_BYTES, SealChunkError, Sealer},
    secret::Secret,
};

struct Upload {
    key: FileKey,
    extent: Extent,
    payload: Vec<u8>,
    hash: FileHash,
}

fn content(length: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(length).collect()
}

fn upload(content: &[u8], extent: Extent) -> Upload {
    let (sealer, key) = Sealer::start(extent, &mut ChaCha20Rng::seed_from_u64(1));
    let mut payload = sealer.nonce().to_vec();
    let mut hasher = sealer.hasher();
    for index in 0..extent.chunks() {
        let chunk = sealer.seal(index, part(content, extent, index)).unwrap();
        hasher.update(&chunk);
        payload.extend(chunk);
    }
    assert_eq!(payload.len() as u64, extent.payload());
    Upload { key, extent, payload, hash: hasher.finish() }
}

fn part(content: &[u8], extent: Extent, index: u64) -> &[u8] {
    cut(content, &extent.chunk(index).unwrap().content)
}

fn cut<'a>(bytes: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    &bytes[range.start.try_into().unwrap()..range.end.try_into().unwrap()]
}

fn padded(length: usize) -> Upload {
    upload(&content(length), Extent::padded(length as u64).unwrap())
}

fn exact(length: usize) -> Upload {
    upload(&content(length), Extent::exact(length as u64).unwrap())
}

impl Upload {
    fn opener(&self) -> StreamOpener {
        StreamOpener::new(self.key.clone(), self.extent, self.hash)
    }

    /// What comes out of `payload`, and how it ends.
    fn download(&self, payload: &[u8]) -> (Vec<u8>, Result<(), OpenFileError>) {
        drain(self.opener(), &[payload])
    }
}

fn drain(mut opener: StreamOpener, pieces: &[&[u8]]) -> (Vec<u8>, Result<(), OpenFileError>) {
    let mut out = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            match opener.handle(&mut input) {
                Ok(Some(content)) => out.extend(content),
                Ok(None) => break assert!(input.is_empty()),
                Err(error) => {
                    assert_eq!(opener.handle(&mut input), Err(error), "the error stays");
                    assert_eq!(opener.finish(), Err(error));
                    return (out, Err(error));
                }
            }
        }
    }
    (out, opener.finish())
}

#[test]
fn files_of_every_kind_of_length_come_back() {
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000] {
        for upload in [padded(length), exact(length)] {
            let (out, end) = upload.download(&upload.payload);
            assert_eq!((out, end), (content(length), Ok(())), "{length}");
        }
    }
}

#[test]
fn an_upload_goes_on_where_it_stopped_and_a_download_begins_anywhere() {
    let upload = padded(200_000);
    let nonce = upload.payload[..16].try_into().unwrap();
    let sealer = Sealer::resume(upload.key.clone(), nonce, upload.extent);
    let opener = Opener::new(upload.key.clone(), &nonce, upload.extent);
    for index in [2, 0, 3, 1] {
        let chunk = upload.extent.chunk(index).unwrap();
        let stored = cut(&upload.payload, &chunk.payload);
        let plain = content(200_000);
        let plain = part(&plain, upload.extent, index);
        assert_eq!(sealer.seal(index, plain).unwrap(), stored);
        assert_eq!(opener.open(index, stored).unwrap(), plain);
    }
}

#[test]
fn a_chunk_is_sealed_from_its_own_bytes_only() {
    let upload = padded(200_000);
    let sealer = Sealer::resume(upload.key.clone(), [0; 16], upload.extent);
    let wrong =
        |index, expected, found| Err(SealChunkError::WrongLength { index, expected, found });
    assert_eq!(sealer.seal(0, &vec![0; 65_535]), wrong(0, 65_536, 65_535));
    assert_eq!(sealer.seal(3, &[0; 3_393]), wrong(3, 3_392, 3_393));
    assert_eq!(sealer.seal(4, &[]), Err(SealChunkError::NoSuchChunk(4)));
    assert_eq!(sealer.seal(u64::MAX, &[]), Err(SealChunkError::NoSuchChunk(u64::MAX)));
}

#[test]
fn uploads_of_one_file_have_nothing_in_common() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let extent = Extent::padded(5).unwrap();
    let ((a, a_key), (b, b_key)) =
        (Sealer::start(extent, &mut rng), Sealer::start(extent, &mut rng));
    assert!(a_key != b_key && a.nonce() != b.nonce());
    assert_ne!(a.seal(0, b"hello"), b.seal(0, b"hello"));
}

#[test]
fn a_flipped_bit_anywhere_in_a_chunk_is_found_and_its_chunk_not_given_out() {
    let upload = exact(65_536 + 30);
    for at in (0..16).chain(65_552..65_568 + 46) {
        let mut payload = upload.payload.clone();
        payload[at] ^= 1;
        let first = usize::from(at >= 65_568) * CHUNK_BYTES;
        let index = u64::from(at >= 65_568);
        let (out, end) = upload.download(&payload);
        assert_eq!(end, Err(OpenChunkError::Altered(index).into()), "byte {at}");
        assert_eq!(out.len(), first);
    }
}

#[test]
fn a_payload_cut_off_anywhere_is_not_the_file() {
    let upload = exact(65_536 + 30);
    let length = upload.payload.len();
    for kept in [0, 1, 15, 16, 17, 1_000, 65_567, 65_568, 65_569, length - 1] {
        let missing = (length - kept) as u64;
        let (_, end) = upload.download(&upload.payload[..kept]);
        assert_eq!(end, Err(OpenFileError::Truncated { missing }), "{kept} bytes kept");
    }
}

#[test]
fn a_payload_that_goes_on_is_not_the_file() {
    for upload in [exact(65_536 + 30), exact(65_536), padded(0), exact(0)] {
        let longer = [&upload.payload[..], &[0]].concat();
        assert_eq!(upload.download(&longer).1, Err(OpenFileError::TooLong));
    }
}

#[test]
fn exchanged_and_repeated_chunks_are_found() {
    let upload = exact(4 * 65_536);
    let chunk = |index: usize| &upload.payload[16 + index * 65_552..16 + (index + 1) * 65_552];
    let nonce = &upload.payload[..16];
    let swapped = [nonce, chunk(1), chunk(0), chunk(2), chunk(3)].concat();
    let repeated = [nonce, chunk(0), chunk(0), chunk(2), chunk(3)].concat();
    assert_eq!(upload.download(&swapped).1, Err(OpenChunkError::Altered(0).into()));
    assert_eq!(upload.download(&repeated).1, Err(OpenChunkError::Altered(1).into()));
}

#[test]
fn a_file_shorter_or_longer_than_stated_says_so() {
    let upload = exact(2 * 65_536);
    let stated = |length| Upload { extent: Extent::exact(length).unwrap(), ..exact(2 * 65_536) };
    let longer = [&upload.payload[..], &[0; 17]].concat();
    let (out, end) = stated(2 * 65_536 + 1).download(&longer);
    assert_eq!((out.len(), end), (65_536, Err(OpenChunkError::EndsEarly(1).into())));
    let (out, end) = stated(65_536).download(&upload.payload[..16 + 65_552]);
    assert_eq!((out.len(), end), (0, Err(OpenChunkError::GoesOn(0).into())));
}

#[test]
fn a_key_of_another_file_opens_nothing() {
    let (upload, other) = (padded(5), FileKey::new([7; 32]));
    let opener = StreamOpener::new(other, upload.extent, upload.hash);
    let (out, end) = drain(opener, &[&upload.payload]);
    assert_eq!((out.len(), end), (0, Err(OpenChunkError::Altered(0).into())));
}

#[test]
fn something_hidden_in_the_padding_is_refused() {
    let extent = Extent::padded(5).unwrap();
    let full = Extent::exact(65_536).unwrap();
    let mut plaintext = vec![0; 65_536];
    plaintext[65_535] = 1;
    let upload = Upload { extent, ..upload(&plaintext, full) };
    assert_eq!(upload.download(&upload.payload).1, Err(OpenChunkError::Padding(0).into()));
}

#[test]
fn a_chunk_of_the_wrong_length_or_number_is_refused() {
    let upload = padded(5);
    let nonce = upload.payload[..16].try_into().unwrap();
    let opener = Opener::new(upload.key.clone(), &nonce, upload.extent);
    let sealed = &upload.payload[16..];
    assert_eq!(opener.open(1, sealed), Err(OpenChunkError::NoSuchChunk(1)));
    for found in [0, 15, 16, 65_551] {
        let error = OpenChunkError::WrongLength { index: 0, expected: 65_552, found };
        assert_eq!(opener.open(0, &sealed[..found]), Err(error));
    }
}

#[test]
fn a_payload_with_another_hash_is_not_the_file_though_all_of_it_opens() {
    let mut upload = padded(5);
    upload.hash.0[31] ^= 1;
    let (out, end) = upload.download(&upload.payload);
    assert_eq!((&out[..], end), (&content(5)[..], Err(OpenFileError::HashDiffers)));
}

#[test]
fn keys_of_age_have_sixteen_bytes() {
    let (nonce, extent) = ([3; 16], Extent::exact(5).unwrap());
    let key = || Secret::new([9; 16]);
    let sealed = Sealer::resume(key(), nonce, extent).seal(0, b"hello").unwrap();
    assert_eq!(Opener::new(key(), &nonce, extent).open(0, &sealed).unwrap(), b"hello");
    // Not the same as the key filled up with zeros.
    let mut longer = [0; 32];
    longer[..16].fill(9);
    let error = Opener::new(FileKey::new(longer), &nonce, extent).open(0, &sealed);
    assert_eq!(error, Err(OpenChunkError::Altered(0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pieces_of_any_size_give_the_same_file(
        length in 0_usize..200_000,
        sizes in prop::collection::vec(1_usize..90_000, 1..12),
    ) {
        let upload = padded(length);
        let mut pieces = Vec::new();
        let mut rest = &upload.payload[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        let (out, end) = drain(upload.opener(), &pieces);
        prop_assert!(out == content(length));
        prop_assert_eq!(end, Ok(()));
    }

    #[test]
    fn arbitrary_bytes_open_nothing(bytes: Vec<u8>, length in 0_u64..300_000) {
        for extent in [Extent::padded(length), Extent::exact(length)] {
            let key = FileKey::new([1; 32]);
            let opener = StreamOpener::new(key, extent.unwrap(), FileHash([0; 32]));
            let (out, end) = drain(opener, &[&bytes]);
            prop_assert!(out.is_empty() && end.is_err());
        }
    }
}
