//! Lengths at every edge: chunks, bits of Padmé, 4 GiB, the largest file, 2^63.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const LARGEST: u64 = MAX_FILE_CHUNKS * CHUNK;

#[test]
fn padme_shows_few_bits_and_costs_little() {
    let cases = [
        (0, 0),
        (1, 1),
        (2, 2),
        (9, 10),
        (65_536, 65_536),
        (65_537, 67_584),
        (1_000_000, 1_015_808),
        ((1 << 32) + 1, (1 << 32) + (1 << 26)),
        ((1 << 63) - 1, 1 << 63),
        (1 << 63, 1 << 63),
    ];
    for (length, padded) in cases {
        assert_eq!(padme(length), Some(padded), "{length}");
    }
    assert_eq!(padme(u64::MAX), None);
}

#[test]
fn a_file_of_each_length_has_its_chunks() {
    let payload = |length| Extent::exact(length).unwrap().payload();
    let chunks = |length| Extent::exact(length).unwrap().chunks();
    assert_eq!((chunks(0), payload(0)), (1, 16 + 16));
    assert_eq!((chunks(1), payload(1)), (1, 16 + 17));
    assert_eq!((chunks(65_536), payload(65_536)), (1, 16 + 65_552));
    assert_eq!((chunks(65_537), payload(65_537)), (2, 16 + 65_552 + 17));
    assert_eq!((chunks(131_072), payload(131_072)), (2, 16 + 2 * 65_552));
    assert_eq!((chunks(LARGEST), payload(LARGEST)), (1 << 32, 16 + (1 << 32) * 65_552));
}

#[test]
fn an_empty_file_is_padded_to_a_whole_chunk() {
    let extent = Extent::padded(0).unwrap();
    assert_eq!((extent.content(), extent.plaintext(), extent.chunks()), (0, 65_536, 1));
    let chunk = extent.chunk(0).unwrap();
    assert_eq!((chunk.content, chunk.padding, chunk.last), (0..0, 65_536, true));
}

#[test]
fn chunks_that_are_all_padding_take_nothing_of_the_file() {
    let extent = Extent::padded((1 << 32) + 1).unwrap();
    assert_eq!(extent.chunks(), 65_536 + 1_024);
    let chunk = extent.chunk(65_536).unwrap();
    assert_eq!((chunk.content_bytes(), chunk.padding, chunk.last), (1, 65_535, false));
    let chunk = extent.chunk(65_537).unwrap();
    assert_eq!((chunk.content_bytes(), chunk.padding, chunk.last), (0, 65_536, false));
    assert!(extent.chunk(66_559).unwrap().last);
    assert_eq!(extent.chunk(66_560), None);
}

#[test]
fn a_file_over_the_limit_has_no_extent() {
    assert!(Extent::padded(LARGEST).is_ok());
    for length in [LARGEST + 1, 1 << 62, 1 << 63, u64::MAX] {
        assert_eq!(Extent::padded(length), Err(LengthError::TooLong), "{length}");
        assert_eq!(Extent::exact(length), Err(LengthError::TooLong), "{length}");
    }
    let largest = Extent::exact(LARGEST).unwrap().payload();
    assert_eq!(Extent::of_payload(largest).map(|extent| extent.plaintext()), Ok(LARGEST));
    for length in [largest + 17, 1 << 63, u64::MAX - 1] {
        assert_eq!(Extent::of_payload(length), Err(LengthError::TooLong), "{length}");
    }
}

#[test]
fn a_message_cannot_state_another_padding() {
    assert_eq!(Extent::stated(5, 65_536), Extent::padded(5));
    assert_eq!(Extent::stated(5, 5), Err(LengthError::Padding));
    assert_eq!(Extent::stated(5, 131_072), Err(LengthError::Padding));
    assert_eq!(Extent::stated(65_537, 65_537), Err(LengthError::Padding));
    assert_eq!(Extent::stated(70_000, 65_536), Err(LengthError::Padding));
    assert_eq!(Extent::stated(u64::MAX, u64::MAX), Err(LengthError::TooLong));
}

#[test]
fn each_impossible_payload_has_its_error() {
    let cases = [
        (0, LengthError::NoNonce),
        (15, LengthError::NoNonce),
        (16, LengthError::NoChunk),
        (17, LengthError::ShortChunk),
        (31, LengthError::ShortChunk),
        (16 + 65_552 + 1, LengthError::ShortChunk),
        (16 + 65_552 + 15, LengthError::ShortChunk),
        (16 + 65_552 + 16, LengthError::EmptyChunk),
    ];
    for (length, error) in cases {
        assert_eq!(Extent::of_payload(length), Err(error), "{length}");
    }
}

proptest! {
    #[test]
    fn padme_gives_a_fixed_point_at_most_an_eighth_above(length in 0_u64..=1 << 63) {
        let padded = padme(length).unwrap();
        prop_assert!(padded >= length);
        prop_assert_eq!(padme(padded), Some(padded));
        prop_assert!(padded - length <= length / 8);
    }

    #[test]
    fn a_payload_tells_its_plaintext(length in 0..=LARGEST) {
        let extent = Extent::exact(length).unwrap();
        prop_assert_eq!(Extent::of_payload(extent.payload()), Ok(extent));
    }

    #[test]
    fn chunks_lie_one_behind_the_other(length in 0_u64..2_000_000) {
        let extent = Extent::padded(length).unwrap();
        let chunks: Vec<Chunk> = (0..extent.chunks()).map_while(|i| extent.chunk(i)).collect();
        let (mut content, mut payload) = (0, 16);
        for chunk in &chunks {
            prop_assert_eq!((chunk.content.start, chunk.payload.start), (content, payload));
            (content, payload) = (chunk.content.end, chunk.payload.end);
            prop_assert_eq!(chunk.sealed_bytes(), chunk.content_bytes() + chunk.padding + 16);
        }
        prop_assert_eq!((content, payload), (length, extent.payload()));
        prop_assert_eq!(chunks.iter().filter(|chunk| chunk.last).count(), 1);
    }

    #[test]
    fn no_length_panics(length: u64, other: u64, index: u64) {
        let _ = (padme(length), Extent::stated(length, other));
        let extents = [Extent::padded(length), Extent::exact(length), Extent::of_payload(length)];
        for extent in extents.into_iter().flatten() {
            let _ = extent.chunk(index);
            prop_assert!(extent.payload() > extent.content());
        }
    }
}
