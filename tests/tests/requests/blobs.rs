//! Blobs: kept in pieces for their owner, and given to whoever has the
//! capability.

use msg_protocol::{
    error::Code,
    id::BlobId,
    request::{AskBlob, DeleteBlob, FetchBlob, PutBlobChunk},
    response::ChunkRange,
    secret::BlobCapability,
};
use msg_tests::relay::Peer;

use crate::scene::{Scene, answer, blob_status, code};

const PIECE: usize = 65_536;

pub(crate) fn piece(blob: BlobId, length: u64, index: u32, bytes: &[u8]) -> PutBlobChunk {
    PutBlobChunk { blob, length, index, bytes: bytes.try_into().unwrap() }
}

/// A blob of four pieces, the last a short one.
struct Film {
    capability: BlobCapability,
    blob: BlobId,
    bytes: Vec<u8>,
}

impl Film {
    fn new(number: u8) -> Self {
        let capability = BlobCapability::new([number; 32]);
        let bytes = (0..3 * PIECE + 100).map(|at| u8::try_from(at / 7 % 251).unwrap() ^ number);
        Self { blob: BlobId::of(&capability), capability, bytes: bytes.collect() }
    }

    fn piece(&self, index: u32) -> PutBlobChunk {
        let bytes = self.bytes.chunks(PIECE).nth(usize::try_from(index).unwrap()).unwrap();
        piece(self.blob, self.bytes.len() as u64, index, bytes)
    }

    fn ask(&self) -> AskBlob {
        AskBlob { blob: self.blob }
    }

    fn fetch(&self, index: u32) -> FetchBlob {
        FetchBlob { capability: self.capability.clone(), index }
    }
}

async fn missing(link: &mut Peer, film: &Film) -> Vec<(u32, u32)> {
    let status = blob_status(link, film.ask()).await;
    assert_eq!(status.length, film.bytes.len() as u64);
    status.missing.iter().map(|ChunkRange { first, count }| (*first, *count)).collect()
}

#[tokio::test]
async fn pieces_come_in_any_order_and_whoever_has_the_capability_fetches_them() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut link, mut anybody) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let film = Film::new(7);
    assert_eq!(code(link.request(film.ask()).await), Code::NOT_FOUND);
    let expected = [
        (2, vec![(0, 2), (3, 1)]),
        (0, vec![(1, 1), (3, 1)]),
        (2, vec![(1, 1), (3, 1)]),
        (3, vec![(1, 1)]),
    ];
    for (index, gaps) in expected {
        link.request(film.piece(index)).await.unwrap();
        assert_eq!(missing(&mut link, &film).await, gaps);
    }
    assert_eq!(code(anybody.request(film.fetch(1)).await), Code::NOT_FOUND, "not there yet");
    link.request(film.piece(1)).await.unwrap();
    assert!(missing(&mut link, &film).await.is_empty());
    let mut fetched = Vec::new();
    for index in 0..4 {
        let chunk = answer!(anybody, film.fetch(index), BlobChunk);
        assert_eq!(chunk.length, film.bytes.len() as u64);
        fetched.extend_from_slice(&chunk.bytes);
    }
    assert!(fetched == film.bytes);
    let guess = FetchBlob { capability: BlobCapability::new(film.blob.0), index: 0 };
    for wrong in [film.fetch(4), film.fetch(u32::MAX), guess] {
        assert_eq!(code(anybody.request(wrong).await), Code::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_a_killed_relay_left_it() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let film = Film::new(7);
    let mut link = scene.sign_in(&bob).await;
    link.request(film.piece(2)).await.unwrap();
    link.request(film.piece(0)).await.unwrap();
    scene.relay.kill();
    scene.relay.restart();
    let mut link = scene.sign_in(&bob).await;
    let gaps = missing(&mut link, &film).await;
    assert_eq!(gaps, [(1, 1), (3, 1)], "what was answered for is there");
    for (first, _) in gaps {
        link.request(film.piece(first)).await.unwrap();
    }
    let mut anybody = scene.anonymous().await;
    let mut fetched = Vec::new();
    for index in 0..4 {
        fetched.extend_from_slice(&answer!(anybody, film.fetch(index), BlobChunk).bytes);
    }
    assert!(fetched == film.bytes);
}

#[tokio::test]
async fn a_piece_of_a_wrong_length_place_or_size_changes_nothing() {
    let scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let mut link = scene.sign_in(&bob).await;
    let film = Film::new(7);
    let length = film.bytes.len() as u64;
    let refused = [
        (piece(film.blob, length, 0, &film.bytes[..PIECE - 1]), "too short"),
        (piece(film.blob, length, 3, &film.bytes[..PIECE]), "too long for the last"),
        (piece(film.blob, length, 4, &film.bytes[..100]), "beyond the end"),
        (piece(film.blob, length, u32::MAX, &film.bytes[..100]), "far beyond it"),
        (piece(film.blob, 0, 0, b""), "nothing at all"),
    ];
    for (piece, why) in refused {
        assert_eq!(code(link.request(piece).await), Code::BAD_REQUEST, "{why}");
    }
    assert_eq!(code(link.request(film.ask()).await), Code::NOT_FOUND, "no blob was made");

    link.request(film.piece(0)).await.unwrap();
    let longer = piece(film.blob, length + 1, 1, &film.bytes[..PIECE]);
    assert_eq!(code(link.request(longer).await), Code::CONFLICT, "another length");
    let mut hers = scene.sign_in(&eve).await;
    assert_eq!(code(hers.request(film.piece(1)).await), Code::CONFLICT, "another's blob");
    assert_eq!(code(hers.request(film.ask()).await), Code::NOT_FOUND);
    hers.request(DeleteBlob { blob: film.blob }).await.unwrap();
    assert_eq!(missing(&mut link, &film).await, [(1, 3)], "as it was");
    let other = piece(film.blob, length, 0, &film.bytes[1..=PIECE]);
    link.request(other).await.expect("the piece is there already");
    let kept = answer!(scene.anonymous().await, film.fetch(0), BlobChunk);
    assert!(*kept.bytes == film.bytes[..PIECE], "the first is kept");
}

#[tokio::test]
async fn a_blob_takes_room_from_its_first_piece_until_it_is_deleted() {
    let scene = Scene::with_limits(&["blob-bytes=262144", "account-blob-bytes=262144"]);
    let bob = scene.register(1).await;
    let (mut link, mut anybody) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let (first, second) = (Film::new(1), Film::new(2));
    let huge = piece(second.blob, 262_145, 0, &second.bytes[..PIECE]);
    assert_eq!(code(link.request(huge).await), Code::TOO_LARGE);
    link.request(first.piece(0)).await.unwrap();
    assert_eq!(code(link.request(second.piece(0)).await), Code::QUOTA);
    assert_eq!(code(link.request(second.ask()).await), Code::NOT_FOUND);
    link.request(first.piece(1)).await.expect("the room for it is taken already");

    link.request(DeleteBlob { blob: first.blob }).await.unwrap();
    link.request(DeleteBlob { blob: first.blob }).await.expect("it is gone already");
    assert_eq!(code(link.request(first.ask()).await), Code::NOT_FOUND);
    assert_eq!(code(anybody.request(first.fetch(0)).await), Code::NOT_FOUND);
    link.request(second.piece(0)).await.unwrap();
}
