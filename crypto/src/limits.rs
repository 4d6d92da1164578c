//! Every bound of this crate. SPEC §12.

use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    limits::{CLOCK_GRACE_DAYS, MAX_BODY_BYTES},
};

use crate::{
    aead::{TAG_BYTES, XNONCE_BYTES},
    ratchet::sealed_header_bytes,
};

/// Receiving chains of a session.
pub const MAX_RECEIVING_CHAINS: usize = 5;
/// Keys that one message may skip, in the old chain and the new one together.
pub const MAX_JUMP: u32 = 1_000;
/// Skipped keys that a session keeps.
pub const MAX_SKIPPED_KEPT: usize = 2_000;
/// Days that a skipped key waits: as long as mail waits at a relay, and a little.
pub const SKIPPED_KEY_DAYS: u32 = 35;
/// One-time pairs that a device publishes.
pub const ONE_TIME_PAIRS: usize = msg_protocol::limits::MAX_ONE_TIME_PAIRS;
/// Below so many at the relay, new ones are made.
pub const ONE_TIME_REFILL_BELOW: usize = 25;
/// Private halves of one-time pairs that a device keeps.
pub const MAX_ONE_TIME_KEPT: usize = 1_000;
/// Days after which a signed or last-resort prekey gets a successor.
pub const PREKEY_ROTATION_DAYS: u32 = 7;
/// Days that its private half is kept after that.
pub const PREKEY_GRACE_DAYS: u32 = 30;
/// Days ahead that a prekey states as its last.
pub const PREKEY_USABLE_DAYS: u32 = msg_protocol::limits::MAX_PREKEY_DAYS_AHEAD;
/// Handshakes remembered for one last-resort key.
pub const MAX_HANDSHAKES_REMEMBERED: usize = 65_536;
/// Days that a session which is no longer the sending one still receives.
pub const RECEIVE_ONLY_DAYS: u32 = 7;
/// Receive-only sessions kept for one peer device.
pub const MAX_RECEIVE_ONLY: usize = 8;
/// Days beyond the present second that a generation counts for at most: as far
/// as two clocks may disagree if prekeys are to pass between them. Whoever can
/// pose as a peer for a while cannot outrank that peer for longer.
pub const MAX_GENERATION_DAYS_AHEAD: u32 = PREKEY_USABLE_DAYS + 2 * CLOCK_GRACE_DAYS;
/// Chunks of a file.
pub const MAX_FILE_CHUNKS: u64 = 1 << 32;
/// A file is padded to no less.
pub const MIN_PADDED_FILE_BYTES: u64 = 65_536;
/// Fewest characters of a password.
pub const MIN_PASSWORD_CHARACTERS: usize = 8;
/// Most bytes of a password, normalised.
pub const MAX_PASSWORD_BYTES: usize = 1_024;
/// Most memory that a stored key may ask for to be unwrapped: 1 GiB.
pub const MAX_COST_MEMORY_KIB: u32 = 1 << 20;
/// Most passes over it.
pub const MAX_COST_PASSES: u32 = 10;
/// Most lanes through it.
pub const MAX_COST_LANES: u32 = 16;

/// Bytes that a wire adds to its padded content.
pub(crate) fn wire_overhead(kind: EnvelopeKind) -> usize {
    XNONCE_BYTES + sealed_header_bytes(kind) + TAG_BYTES
}

/// Most bytes of content in an envelope whose handshake block has `block` bytes.
pub fn max_content(kind: EnvelopeKind, block: usize) -> usize {
    MAX_BODY_BYTES.saturating_sub(block + wire_overhead(kind) + 1)
}

/// The body size for so much content.
pub(crate) fn body_size(kind: EnvelopeKind, block: usize, content: usize) -> Option<usize> {
    let needed = content.checked_add(block + wire_overhead(kind) + 1)?;
    Body::size_for(needed)
}
