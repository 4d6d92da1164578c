//! Attack 21: a file longer than 2^32 bytes whose length was computed in 32 bits
//! lost all but its first bytes and yet was taken (Signal for Android, 2016).
//! Only the chunks at the edges are sealed: the file is sparse.

use msg_crypto::file::{
    Extent, LengthError, OpenChunkError, OpenFileError, Opener, PayloadHasher, Sealer, StreamOpener,
};
use msg_tests::seed::rng;

const FOUR_GIB: u64 = 1 << 32;
const LENGTH: u64 = FOUR_GIB + 1;

#[test]
fn attack_21_a_file_of_four_gigabytes_and_a_byte_keeps_its_length_and_its_end() {
    let extent = Extent::padded(LENGTH).unwrap();
    assert_eq!((extent.content(), extent.plaintext()), (LENGTH, FOUR_GIB + (1 << 26)));
    assert_eq!((extent.chunks(), extent.payload()), (66_560, 16 + 66_560 * 65_552));
    let (sealer, key) = Sealer::start(extent, &mut rng(21));
    let opener = Opener::new(key, sealer.nonce(), extent);
    let (zeros, one) = (vec![0; 65_536], vec![1]);
    for (index, content) in
        [(0, &zeros[..]), (65_535, &zeros), (65_536, &one), (65_537, &[]), (66_559, &[])]
    {
        let chunk = sealer.seal(index, content).unwrap();
        assert_eq!(opener.open(index, &chunk).unwrap(), content, "chunk {index}");
    }
    assert!(opener.open(66_560, &[]).is_err());
}

#[test]
fn attack_21_no_chunk_stands_for_one_four_gigabytes_on() {
    let extent = Extent::exact(2 * FOUR_GIB).unwrap();
    let (sealer, key) = Sealer::start(extent, &mut rng(21));
    let opener = Opener::new(key, sealer.nonce(), extent);
    let chunk = sealer.seal(0, &vec![7; 65_536]).unwrap();
    for index in [1, 255, 256, 65_535, 65_536, 131_070] {
        assert_eq!(opener.open(index, &chunk), Err(OpenChunkError::Altered(index)));
    }
}

#[test]
fn attack_21_the_first_byte_alone_is_not_the_file() {
    let short = LENGTH % FOUR_GIB;
    assert_eq!(Extent::stated(LENGTH, 65_536), Err(LengthError::Padding));
    assert_ne!(Extent::padded(short).unwrap(), Extent::padded(LENGTH).unwrap());

    // What a sender who counts in 32 bits uploads, opened as the whole.
    let (sealer, key) = Sealer::start(Extent::padded(short).unwrap(), &mut rng(21));
    let payload = [&sealer.nonce()[..], &sealer.seal(0, &[1]).unwrap()].concat();
    let mut hasher = PayloadHasher::default();
    hasher.update(&payload);
    let extent = Extent::padded(LENGTH).unwrap();
    let mut opener = StreamOpener::new(key, extent, hasher.finish());
    let error = OpenFileError::Chunk(OpenChunkError::EndsEarly(0));
    assert_eq!(opener.handle(&mut &payload[..]), Err(error));
    assert_eq!(opener.finish(), Err(error));
}

#[test]
fn attack_21_a_payload_cut_to_32_bits_of_its_length_misses_the_rest() {
    let extent = Extent::padded(LENGTH).unwrap();
    let (sealer, key) = Sealer::start(extent, &mut rng(21));
    let mut opener = StreamOpener::new(key, extent, sealer.hasher().finish());
    let cut = usize::try_from(extent.payload() % FOUR_GIB).unwrap();
    let whole_chunks = cut / 65_552;
    let mut arrived = 16;
    assert_eq!(opener.handle(&mut &sealer.nonce()[..]), Ok(None));
    for index in 0..20.min(whole_chunks as u64) {
        let chunk = sealer.seal(index, &vec![0; 65_536]).unwrap();
        arrived += chunk.len() as u64;
        assert!(opener.handle(&mut &chunk[..]).unwrap().is_some());
    }
    let missing = extent.payload() - arrived;
    assert!(missing > FOUR_GIB);
    assert_eq!(opener.finish(), Err(OpenFileError::Truncated { missing }));
}
