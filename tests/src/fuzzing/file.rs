//! Files: a payload gives out nothing but the file's own bytes in their order, and
//! is the file only if no bit of it was changed; lengths never lie.

use std::sync::LazyLock;

use msg_crypto::file::{Extent, OpenFileError, Sealer, StreamOpener, padme};
use msg_protocol::{content::FileHash, secret::FileKey};

use super::{edit::edit, script::Script, world::dice};

struct Sealed {
    content: Vec<u8>,
    payload: Vec<u8>,
    extent: Extent,
    key: FileKey,
    hash: FileHash,
}

/// One of each shape: nothing, one short chunk, one full, two, and one padded.
static FILES: LazyLock<Vec<Sealed>> = LazyLock::new(|| {
    let exact = [0, 100, 65_536, 65_537].map(|length| Extent::exact(length).unwrap());
    exact.into_iter().chain([Extent::padded(70_000).unwrap()]).map(sealed).collect()
});

fn sealed(extent: Extent) -> Sealed {
    let length = usize::try_from(extent.content()).unwrap();
    let content: Vec<u8> = (0..=250).cycle().take(length).collect();
    let (sealer, key) = Sealer::start(extent, &mut dice(5));
    let mut payload = sealer.nonce().to_vec();
    for index in 0..extent.chunks() {
        let range = extent.chunk(index).unwrap().content;
        let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
        payload.extend(sealer.seal(index, &content[start.unwrap()..end.unwrap()]).unwrap());
    }
    assert_eq!(payload.len() as u64, extent.payload());
    let mut hasher = sealer.hasher();
    hasher.update(&payload[sealer.nonce().len()..]);
    Sealed { content, payload, extent, key, hash: hasher.finish() }
}

/// A file, where it is cut, the sizes of the pieces, and what is changed in it.
pub fn file_payload(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let file = script.pick(&FILES);
    let mut bytes = file.payload.clone();
    match script.byte() {
        0 => {}
        1 => bytes.truncate(usize::from(script.word())),
        2 => bytes.extend_from_slice(&[0; 20]),
        _ => {
            let cut = usize::from(script.byte()).min(bytes.len());
            bytes.truncate(bytes.len() - cut);
        }
    }
    let pieces = [script.word(), script.word()].map(|size| usize::from(size).max(1));
    edit(&mut script, &mut bytes, &[]);

    let (content, outcome) = open(file, &bytes, &mut pieces.into_iter().cycle());
    let (whole, same) = open(file, &bytes, &mut std::iter::repeat(usize::MAX));
    assert!(content == whole && outcome == same, "pieces make a difference");
    assert!(file.content.starts_with(&content), "content that nobody sealed");
    assert_eq!(outcome.is_ok(), bytes == file.payload, "{outcome:?}");
    assert!(outcome.is_err() || content == file.content);
    outcome.is_ok()
}

fn open(
    file: &Sealed,
    mut payload: &[u8],
    pieces: &mut dyn Iterator<Item = usize>,
) -> (Vec<u8>, Result<(), OpenFileError>) {
    let mut opener = StreamOpener::new(file.key.clone(), file.extent, file.hash);
    let mut content = Vec::new();
    while !payload.is_empty() {
        let size = pieces.next().unwrap_or(usize::MAX).min(payload.len());
        let (mut piece, rest) = payload.split_at(size);
        payload = rest;
        loop {
            match opener.handle(&mut piece) {
                Ok(Some(chunk)) => content.extend(chunk),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(opener.handle(&mut piece), Err(error), "it recovers");
                    assert_eq!(opener.finish(), Err(error));
                    return (content, Err(error));
                }
            }
        }
        assert!(piece.is_empty(), "input is left");
    }
    (content, opener.finish())
}

/// Lengths that a message may state, up to the largest numbers there are.
pub fn file_lengths(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let mut number = || {
        let (shift, word) = (script.byte() % 64, u64::from(script.word()));
        (word << shift).wrapping_add(u64::from(script.byte())).wrapping_sub(128)
    };
    let (content, stated, payload, index) = (number(), number(), number(), number());
    if let Some(padded) = padme(content) {
        assert!(padded >= content && padded - content <= content / 8, "{content} to {padded}");
        assert_eq!(padme(padded), Some(padded));
    }
    if let Ok(extent) = Extent::stated(content, stated) {
        assert_eq!((extent.content(), extent.plaintext()), (content, stated));
    }
    if let Ok(extent) = Extent::of_payload(payload) {
        assert_eq!(extent.payload(), payload);
        assert_eq!(Extent::exact(extent.plaintext()), Ok(extent));
    }
    let Ok(extent) = Extent::padded(content) else {
        return false;
    };
    assert_eq!(Extent::stated(content, extent.plaintext()), Ok(extent));
    for index in [0, index, index % extent.chunks(), extent.chunks() - 1, extent.chunks()] {
        let Some(chunk) = extent.chunk(index) else {
            assert!(index >= extent.chunks(), "a chunk is missing");
            continue;
        };
        assert_eq!(chunk.last, index == extent.chunks() - 1);
        assert_eq!(chunk.sealed_bytes(), chunk.content_bytes() + chunk.padding + 16);
        let end = extent.chunk(index + 1).map_or(extent.payload(), |next| next.payload.start);
        assert_eq!(chunk.payload.end, end, "a gap");
    }
    true
}
