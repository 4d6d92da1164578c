//! Every bound on what input can make us hold, and every time in which it has to
//! come. SPEC §"Limits".

/// Devices on one card.
pub const MAX_DEVICES: usize = 16;
/// Bytes of an encoded card, without its signature.
pub const MAX_CARD_BYTES: usize = 1_536;
/// Bytes of an encoded prekey, without its signature.
pub const MAX_PREKEY_BYTES: usize = 1_280;
/// Bytes of any signed object.
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
/// The largest of those.
pub const MAX_BODY_BYTES: usize = 65_536;
/// Days that a sender accepts a prekey's last usable day to lie ahead.
pub const MAX_PREKEY_DAYS_AHEAD: u32 = 60;
/// Days of grace for two clocks that disagree.
pub const CLOCK_GRACE_DAYS: u32 = 1;
/// Bytes of a message: what the largest body of an established session holds.
pub const MAX_MESSAGE_BYTES: usize = 63_167;
/// Extensions of one message.
pub const MAX_EXTENSIONS: usize = 16;
/// Texts in one message.
pub const MAX_LINES: usize = 1_024;
/// Bytes of a reaction.
pub const MAX_REACTION_BYTES: usize = 64;
/// Messages that one receipt confirms.
pub const MAX_RECEIPT_IDS: usize = 1_024;
/// Bytes of a file's name.
pub const MAX_FILE_NAME_BYTES: usize = 255;
/// Bytes of the name that a person would like to be called by.
pub const MAX_DISPLAY_NAME_BYTES: usize = 128;
/// Bytes of a group's name.
pub const MAX_GROUP_NAME_BYTES: usize = 128;
/// Accounts in one group.
pub const MAX_GROUP_MEMBERS: usize = 1_000;
/// Epochs of one group; beyond them its members may only go.
pub const MAX_GROUP_EPOCHS: u32 = 4_096;
/// Bytes of an encoded state of a group.
pub const MAX_GROUP_STATE_BYTES: usize = 192 * 1024;
/// Changes in one commit.
pub const MAX_GROUP_CHANGES: usize = 512;
/// Bytes of a commit, without its signature.
pub const MAX_GROUP_COMMIT_BYTES: usize = 60_000;
/// Bytes of the statement by which somebody joins, without its signature.
pub const MAX_GROUP_ACCEPT_BYTES: usize = 256;
/// Commits in one message.
pub const MAX_COMMITS_PER_MESSAGE: usize = 64;
/// Statements of people who join in one message.
pub const MAX_ACCEPTS_PER_MESSAGE: usize = 128;
/// Latest messages that a group's message names.
pub const MAX_SEEN: usize = 4;
/// Bytes of a frame, without its length.
pub const MAX_FRAME_BYTES: usize = 72 * 1024;
/// Bytes of a frame before a link is ready.
pub const MAX_UNREADY_FRAME_BYTES: usize = 4 * 1024;
/// Envelopes in one batch.
pub const MAX_BATCH_ENVELOPES: usize = 1_024;
/// Bytes of bodies in one batch.
pub const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Zero bits that a relay may ask of a stranger.
pub const MAX_WORK_BITS: u8 = 28;
/// Envelopes that a ticket, or the token of a contact link, is good for.
pub const KNOCKS_PER_RIGHT: u8 = 8;
/// Seconds for which an old door may still be good.
pub const MAX_DOOR_GRACE_S: u32 = 72 * 60 * 60;
/// Days for which the token of a contact link may be good.
pub const MAX_TOKEN_DAYS: u32 = 30;
/// One-time pairs in one request.
pub const MAX_PAIRS_PER_REQUEST: usize = 50;
/// One-time pairs that a device has at its relay.
pub const MAX_ONE_TIME_PAIRS: usize = 100;
/// Tokens of contact links that an account has out.
pub const MAX_LINK_TOKENS: usize = 64;
/// Cards in one answer.
pub const MAX_CARDS_PER_ANSWER: usize = 32;
/// Envelopes in one answer.
pub const MAX_ROWS_PER_ANSWER: usize = 17;
/// Bytes of a sealed record.
pub const MAX_RECORD_BYTES: usize = 32 * 1024;
/// Sealed records in one answer.
pub const MAX_RECORDS_PER_ANSWER: usize = 256;
/// Bytes of each piece of a blob but the last.
pub const BLOB_CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of the words about an invitation.
pub const MAX_INVITE_NOTE_BYTES: usize = 512;
/// Accounts that one invitation may be good for.
pub const MAX_INVITE_USES: u32 = 1_000_000;
/// Days that an invitation may be good for.
pub const MAX_INVITE_DAYS: u32 = 3_650;
/// Invitations in one answer.
pub const MAX_INVITES_PER_ANSWER: usize = 64;
/// Accounts in one answer.
pub const MAX_USERS_PER_ANSWER: usize = 32;
/// Gaps in a blob that one answer names.
pub const MAX_MISSING_RANGES: usize = 256;
/// Milliseconds in which a link must become ready.
pub const OPENING_TIMEOUT_MS: u64 = 10_000;
/// Milliseconds in which a frame that has begun must be whole.
pub const FRAME_TIMEOUT_MS: u64 = 30_000;
/// Milliseconds in which the peer must take a frame that is being written.
pub const WRITE_TIMEOUT_MS: u64 = 30_000;
/// Milliseconds that a client waits for the next answer.
pub const ANSWER_TIMEOUT_MS: u64 = 30_000;
/// Bytes that a link may make a peer hold before it is ready.
pub const MAX_UNREADY_BYTES: usize = 64 * 1024;
/// Requests in flight on a link: a full batch, its end, and some more.
pub const MAX_REQUESTS: usize = 1_280;
/// Bytes of requests in flight on a link: a full batch, and some more.
pub const MAX_REQUEST_BYTES: usize = 9 * 1024 * 1024;
/// Bytes of answers and pushes that a relay keeps for a client that does not
/// read; at this mark it takes no further request and pushes nothing.
pub const MAX_OUTPUT_BYTES: usize = 512 * 1024;
/// Envelopes that a client may have leave pushed for.
pub const MAX_CREDIT: u16 = 1_024;
/// Bytes that each queued frame counts for beside its own.
pub const QUEUED_FRAME_BYTES: usize = 64;
