//! Requests by which envelopes reach a mailbox. SPEC §"Requests".

use serde::{Deserialize, Serialize};

use crate::{
    envelope::Envelope,
    secret::{Door, LinkToken, WorkTicket},
};

/// By what right somebody writes to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// None.
    None,
    /// The account's door: a contact.
    Door(Door),
    /// The token of a contact link.
    Token(LinkToken),
    /// A ticket for a proof of work.
    Ticket(WorkTicket),
}

/// An envelope for a mailbox. Answered when it is durable, or when the
/// recipient's device has acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// By what right.
    pub access: Access,
    /// Hand it over only if the device is there now, and never store it. The
    /// answer is the same whether it is there or not.
    pub ephemeral: bool,
    /// The envelope.
    pub envelope: Envelope,
}

/// The end of a batch: what was deposited on this link so far may be committed.
/// Answered after every deposit before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndBatch {}
