//! Padding: `content || 80 || 00 …`. SPEC §7.

use alloc::vec::Vec;

/// The padding is not `80 00 …`. The peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed padding")]
pub struct BadPadding;

/// Appends padding to what stands in `buffer`, so that it grows to `length` bytes.
/// `length` must exceed the content.
pub(crate) fn pad(buffer: &mut Vec<u8>, length: usize) {
    debug_assert!(length > buffer.len());
    buffer.push(0x80);
    buffer.resize(length, 0);
}

/// The length of the content in a padded buffer.
pub fn unpadded_length(padded: &[u8]) -> Result<usize, BadPadding> {
    let length = padded.iter().rposition(|byte| *byte != 0).ok_or(BadPadding)?;
    if padded.get(length) == Some(&0x80) { Ok(length) } else { Err(BadPadding) }
}
