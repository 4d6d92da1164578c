//! Refusals, said the same way everywhere. SPEC §"Codes".

use msg_protocol::error::{Code, Refusal};

use crate::{quota::TooOften, random::RandomError, store::StoreError};

/// What a request gets.
pub type Answer<T> = Result<T, Refusal>;

/// Seconds after which a full relay may have room.
const FULL_RETRY_S: u32 = 30;
/// Seconds after which a store that is out of reach may be back.
const UNAVAILABLE_RETRY_S: u32 = 5;
/// Seconds after which a full mailbox may have been emptied.
const MAILBOX_RETRY_S: u32 = 300;
/// Seconds after which an operator may have changed his mind.
const SUSPENDED_RETRY_S: u32 = 3_600;

/// Against a rule that the sender could have kept.
pub const BAD_REQUEST: Refusal = Refusal::for_good(Code::BAD_REQUEST);
/// On the other kind of link.
pub const WRONG_LINK: Refusal = Refusal::for_good(Code::WRONG_LINK);
/// A right does not hold.
pub const DENIED: Refusal = Refusal::for_good(Code::DENIED);
/// Only administrators may, and not to one another.
pub const NOT_ALLOWED: Refusal = Refusal::for_good(Code::NOT_ALLOWED);
/// There is nothing by that name or id.
pub const NOT_FOUND: Refusal = Refusal::for_good(Code::NOT_FOUND);
/// Something else is there already.
pub const CONFLICT: Refusal = Refusal::for_good(Code::CONFLICT);
/// The account's share is used up.
pub const QUOTA: Refusal = Refusal::for_good(Code::QUOTA);
/// More than this relay takes.
pub const TOO_LARGE: Refusal = Refusal::for_good(Code::TOO_LARGE);
/// A stranger has to work first.
pub const WORK_REQUIRED: Refusal = Refusal::for_good(Code::WORK_REQUIRED);
/// Nobody, or not without an invitation.
pub const NOT_OPEN: Refusal = Refusal::for_good(Code::NOT_OPEN);
/// The operator has suspended the account.
pub const SUSPENDED: Refusal = Refusal::for_now(Code::SUSPENDED, SUSPENDED_RETRY_S);
/// The mailbox has to be emptied first.
pub const MAILBOX_FULL: Refusal = Refusal::for_now(Code::MAILBOX_FULL, MAILBOX_RETRY_S);
/// The relay has no room.
pub const RELAY_FULL: Refusal = Refusal::for_now(Code::RELAY_FULL, FULL_RETRY_S);
/// The account no longer exists, or the operator says goodbye.
pub const GONE: Refusal = Refusal::for_good(Code::DENIED);
/// The relay stops.
pub const STOPPING: Refusal = Refusal::for_now(Code::UNAVAILABLE, UNAVAILABLE_RETRY_S);
/// The relay failed; nothing is wrong with the request.
pub const FAILED: Refusal = Refusal { code: Code::INTERNAL, retry_after_s: None, keep: true };
/// Something moved on between two looks at it.
pub const MOVED_ON: Refusal = Refusal::for_now(Code::CONFLICT, 1);

/// Too often.
pub const fn too_often(too_often: TooOften) -> Refusal {
    Refusal::for_now(Code::RATE_LIMITED, too_often.retry_after_s)
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => RELAY_FULL,
            StoreError::Unavailable => Self::for_now(Code::UNAVAILABLE, UNAVAILABLE_RETRY_S),
            StoreError::Damaged | StoreError::Unsupported => FAILED,
        }
    }
}

impl From<RandomError> for Refusal {
    fn from(_: RandomError) -> Self {
        FAILED
    }
}
