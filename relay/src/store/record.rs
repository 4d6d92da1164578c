//! Records that an account keeps at its relay, sealed by itself.

use core::future::Future;

use msg_protocol::{
    id::{AccountId, RecordId},
    response::Record,
};

use super::Result;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, under that revision.
    Revision(u64),
    /// There is another revision than the one expected. An engine that finds the
    /// very value there, one revision on, gives that revision: it is the same
    /// call once more.
    Conflict,
    /// The account has as many records as it may.
    TooMany,
    /// There is no such account.
    NotFound,
}

/// What an account's records may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLimits {
    /// How many.
    pub records: usize,
    /// Bytes of all together.
    pub bytes: u64,
}

/// Records in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Record>,
    /// Whether there are more after them.
    pub more: bool,
}

/// Records.
pub trait Records {
    /// Keeps a record in the place of that revision; 0 for a new one.
    fn put_record(
        &self,
        account: AccountId,
        id: RecordId,
        expected: u64,
        value: Vec<u8>,
        limits: RecordLimits,
    ) -> impl Future<Output = Result<Kept>> + Send;

    /// Records after that one: at most `limit` of them, with values of at most
    /// `bytes`, but one at least if there is one.
    fn records(
        &self,
        account: AccountId,
        after: Option<RecordId>,
        limit: usize,
        bytes: usize,
    ) -> impl Future<Output = Result<RecordPage>> + Send;

    /// Forgets a record of that revision; `false` if there is another revision.
    /// One that is not there is forgotten.
    fn delete_record(
        &self,
        account: AccountId,
        id: RecordId,
        expected: u64,
    ) -> impl Future<Output = Result<bool>> + Send;
}
