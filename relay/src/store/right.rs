//! Rights that can be used up: tickets for work, tokens of contact links, and
//! invitations.

use core::future::Future;

use msg_protocol::{id::AccountId, secret::SaltedHash, time::UnixDay};
use serde::Serialize;

use super::{RelayTime, Result};

/// What names a right in the store. It is no secret: what it names does not follow
/// from it. A ticket's is its hash, and a challenge makes one ticket, so that it
/// buys one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RightId(pub [u8; 32]);

/// By what a stranger has a right to first contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum RightKind {
    /// A proof of work.
    Ticket,
    /// A contact link.
    Token,
}

/// A right to first contact with one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KnockRight {
    /// By what.
    pub kind: RightKind,
    /// The hash of the right.
    pub hash: SaltedHash,
    /// Whether its fetch of one-time pairs is still to be had.
    pub fetch: bool,
    /// Envelopes that may still be deposited.
    pub knocks: u8,
    /// From then on it is not there.
    pub expires: RelayTime,
}

/// What became of a right that is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is kept.
    Done,
    /// One with that id is there, used up or not.
    Exists,
    /// The account has as many of the kind as it may.
    TooMany,
    /// There is no such account.
    NotFound,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredInvite {
    /// Its hash.
    pub hash: SaltedHash,
    /// Accounts that it is still good for.
    pub uses: u32,
    /// From then on it is not there.
    pub expires: RelayTime,
    /// The day on which it was made.
    pub created: UnixDay,
    /// The operator's own words.
    pub note: String,
}

/// Rights that can be used up.
pub trait Rights {
    /// Keeps a right; at most `limit` of its kind at a time for one account,
    /// not counting those that have expired. A token beyond them is refused; a
    /// ticket comes in the place of the one that expires first (of several, the
    /// one with the lowest id), so that who works a lot shuts nobody out for long.
    fn add_right(
        &self,
        account: AccountId,
        id: RightId,
        right: KnockRight,
        limit: usize,
        now: RelayTime,
    ) -> impl Future<Output = Result<Added>> + Send;

    /// An account's right with that id, if it has not expired.
    fn right(
        &self,
        account: AccountId,
        id: RightId,
        now: RelayTime,
    ) -> impl Future<Output = Result<Option<KnockRight>>> + Send;

    /// The tokens that an account has out, used up or not, but not expired.
    fn tokens(
        &self,
        account: AccountId,
        now: RelayTime,
    ) -> impl Future<Output = Result<Vec<(RightId, KnockRight)>>> + Send;

    /// Forgets a token; says whether it was there.
    fn revoke_token(
        &self,
        account: AccountId,
        id: RightId,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Keeps an invitation; `false` if there are `limit` already.
    fn add_invite(
        &self,
        id: RightId,
        invite: StoredInvite,
        limit: usize,
        now: RelayTime,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// The invitations that have neither expired nor been used up.
    fn invites(
        &self,
        now: RelayTime,
    ) -> impl Future<Output = Result<Vec<(RightId, StoredInvite)>>> + Send;

    /// Forgets an invitation; says whether it was there.
    fn revoke_invite(&self, id: RightId) -> impl Future<Output = Result<bool>> + Send;
}
