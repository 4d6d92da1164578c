//! What is on its way: one row for each message and device.
//!
//! ```text
//! Queued ──seal──▶ Sealed ──the relay has it──▶ Deposited ──the device has it──▶ gone
//!    ▲               ▲ │                          │ │
//!    │               └─┼─── the relay begins anew ┘ │         (the same envelope)
//!    └─────────────────┴─── a day, or a reset ──────┘         (sealed anew, same message)
//! ```
//!
//! A row that cannot go on, or that no envelope holds, is Failed, with its reason, until
//! its owner retries or cancels it. What a row has reached is also kept with the message.

use msg_protocol::{
    content::{Confirm, Content},
    envelope::{Body, EnvelopeKind},
    group::GroupContext,
    id::{AccountId, DeviceId, EnvelopeId, MessageId},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::Row;
use crate::store::Table;

/// A message on its way to one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Whose device it is.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// The message.
    pub message: MessageId,
    /// The sender's clock, in milliseconds.
    pub sent_ms: u64,
    /// Which confirmation is asked for.
    pub confirm: Confirm,
    /// Where it is said, if in a group.
    pub group: Option<GroupContext>,
    /// What is said.
    pub content: Content,
    /// How far it is.
    pub state: OutboxState,
    /// When it was queued.
    pub queued: UnixSeconds,
    /// When it is given up.
    pub expires: UnixSeconds,
    /// Deposits tried since it last got further.
    pub tries: u32,
    /// When it was last tried, or queued.
    pub tried: UnixSeconds,
    /// Not before then.
    pub next_try: UnixSeconds,
}

/// How far a message is on its way to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutboxState {
    /// Not sealed: there is no session, or no right to deposit.
    Queued,
    /// Sealed; the relay may have it or not.
    Sealed(Sealing),
    /// The relay has it.
    Deposited(Sealing),
    /// It goes no further, for this reason.
    Failed(String),
}

/// A sealed envelope, kept so that what is sent again is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealing {
    /// Its id at the relay.
    pub envelope: EnvelopeId,
    /// How its body begins.
    pub kind: EnvelopeKind,
    /// The body.
    pub body: Body,
    /// When it was sealed.
    pub sealed: UnixSeconds,
}

impl OutboxRow {
    /// Whether it may be tried now. A clock that has gone back since it was tried says
    /// nothing of when that is.
    pub fn is_due(&self, now: UnixSeconds) -> bool {
        self.next_try <= now || now < self.tried
    }
}

impl Row for OutboxRow {
    const TABLE: Table = Table::Outbox;
}
