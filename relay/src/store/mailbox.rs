//! Mailboxes and the envelopes in them.

use core::future::Future;

use msg_protocol::{envelope::Envelope, id::MailboxId, response::Row};

use super::{RelayTime, Result, right::RightId};

/// Bytes that an envelope counts for beside its body.
pub const ENVELOPE_OVERHEAD_BYTES: u64 = 128;

/// An envelope that is to be kept.
#[derive(Debug, Clone)]
pub struct NewEnvelope {
    /// The envelope; its body is of a size that the relay takes.
    pub envelope: Envelope,
    /// By what right it comes.
    pub entry: Entry,
    /// When the relay forgets it.
    pub expires: RelayTime,
    /// What the mailbox may hold.
    pub limits: MailboxLimits,
}

/// By what right an envelope comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The door.
    Door,
    /// A right to first contact, one of whose knocks this is.
    Knock(RightId),
}

/// What a mailbox may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxLimits {
    /// Envelopes.
    pub envelopes: u32,
    /// Bytes, each envelope with [`ENVELOPE_OVERHEAD_BYTES`].
    pub bytes: u64,
    /// Knocks.
    pub knocks: u32,
    /// Knocks at which those by tickets are refused, so that tokens have room.
    pub ticket_knocks: u32,
}

/// What became of an envelope. Where several refusals would be true, the first of
/// these is given: not found, right spent, mailbox full, knocks full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is durable.
    Stored,
    /// The recipient's device has acknowledged it: it was never written.
    HandedOver,
    /// One with that id is in the mailbox, durable: this one changed nothing,
    /// and spent nothing.
    Duplicate,
    /// There is no such mailbox.
    NotFound,
    /// The mailbox is full.
    MailboxFull,
    /// The mailbox has as many knocks as it may.
    KnocksFull,
    /// The right to first contact is used up or has expired.
    RightSpent,
}

/// Envelopes of a mailbox in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowPage {
    /// The envelopes.
    pub rows: Vec<Row>,
    /// Whether there are more after them.
    pub more: bool,
}

/// Which envelopes a device has on its own disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledged {
    /// All up to that sequence number.
    UpTo(u64),
    /// That one.
    One(u64),
}

/// How much waits in a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Envelopes.
    pub envelopes: u32,
    /// Bytes, each envelope with [`ENVELOPE_OVERHEAD_BYTES`].
    pub bytes: u64,
    /// How many of them are knocks.
    pub knocks: u32,
}

/// Mailboxes.
pub trait Mailboxes {
    /// Keeps an envelope at the end of its mailbox. Returns when it is durable,
    /// or when it has been acknowledged, whichever is first: an engine may let
    /// [`collect`](Self::collect) give it before it is durable.
    fn append(&self, envelope: NewEnvelope) -> impl Future<Output = Result<Appended>> + Send;

    /// Envelopes after a sequence number that have not expired: at most
    /// `envelopes` of them, and bodies of at most `bytes`, but one at least if
    /// there is one. A damaged one is set aside, counted and left out.
    fn collect(
        &self,
        mailbox: MailboxId,
        after: u64,
        envelopes: usize,
        bytes: usize,
        now: RelayTime,
    ) -> impl Future<Output = Result<RowPage>> + Send;

    /// Forgets envelopes; those that are not there are none.
    fn acknowledge(
        &self,
        mailbox: MailboxId,
        which: Acknowledged,
    ) -> impl Future<Output = Result<()>> + Send;

    /// How much waits.
    fn waiting(&self, mailbox: MailboxId) -> impl Future<Output = Result<Waiting>> + Send;
}
