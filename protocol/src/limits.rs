//! Every bound on what input can make us hold. SPEC §"Limits".

/// Devices on one card.
pub const MAX_DEVICES: usize = 16;
/// Bytes of an encoded card, without its signature.
pub const MAX_CARD_BYTES: usize = 1_536;
/// Bytes of any other signed object.
pub const MAX_SIGNED_BYTES: usize = 64 * 1024;
/// Shortest account name.
pub const MIN_NAME_BYTES: usize = 2;
/// Longest account name.
pub const MAX_NAME_BYTES: usize = 32;
/// Longest host of a relay.
pub const MAX_HOST_BYTES: usize = 253;
/// Longest part between the dots of a host.
pub const MAX_HOST_LABEL_BYTES: usize = 63;
/// Longest link that anybody pastes.
pub const MAX_LINK_BYTES: usize = 512;
/// The sizes an envelope's body may have, smallest first.
pub const BODY_SIZES: [usize; 5] = [4_096, 8_192, 16_384, 32_768, 65_536];
/// Days that a sender accepts a prekey's last usable day to lie ahead.
pub const MAX_PREKEY_DAYS_AHEAD: u32 = 60;
/// Days of grace for two clocks that disagree.
pub const CLOCK_GRACE_DAYS: u32 = 1;
