//! What holds for every input: decoders, frames, links and text forms, on bytes
//! and texts that nobody chose.

mod decoders;
mod links;
mod texts;

use alloc::vec::Vec;

use proptest::{collection::vec, prelude::*, sample::Index};

/// Something valid, with a few bytes changed, cut off or put in: closer to what a
/// decoder accepts than chance comes.
fn nearly(valid: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edits = vec((any::<Index>(), any::<u8>(), 0..4_u8), 0..4);
    (any::<Index>(), edits).prop_map(move |(which, edits)| {
        let mut bytes = which.get(&valid).clone();
        for (place, byte, edit) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}

/// Bytes, in pieces of any sizes.
fn pieces<'a>(bytes: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let size = sizes.next().map_or(rest.len(), |size| (*size).clamp(1, rest.len()));
        let (piece, after) = rest.split_at(size);
        rest = after;
        Some(piece)
    })
}
