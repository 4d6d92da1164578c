//! Requests of an account that the relay's operator has named an administrator.
//! They are about invitations and accounts, never about what accounts hold.
//! SPEC §"Requests", *Administration*.

use serde::{Deserialize, Serialize};

use crate::{
    address::AccountName, bounded::Str, id::InviteId, limits::MAX_INVITE_NOTE_BYTES,
    secret::AccountCredential,
};

/// An invitation to register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateInvite {
    /// Accounts that it is good for.
    pub uses: u32,
    /// Days that it is good for.
    pub days: u32,
    /// Words for whoever lists invitations.
    pub note: Str<MAX_INVITE_NOTE_BYTES>,
}

/// The invitations that are out, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInvites {
    /// Those after this one; without it all.
    pub after: Option<InviteId>,
}

/// An invitation is good for nothing from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeInvite {
    /// Which.
    pub id: InviteId,
}

/// The accounts in short, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListUsers {
    /// Those after this one; without it all.
    pub after: Option<AccountName>,
}

/// One account in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowUser {
    /// Its name.
    pub name: AccountName,
}

/// An account may not sign in from now on, or may again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendUser {
    /// Its name.
    pub name: AccountName,
    /// Whether it may not.
    pub suspended: bool,
}

/// Other limits for an account; those that are absent stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetQuota {
    /// Its name.
    pub name: AccountName,
    /// First, all are the relay's again.
    pub default: bool,
    /// Envelopes in each mailbox.
    pub mailbox_envelopes: Option<u32>,
    /// Bytes in each mailbox.
    pub mailbox_bytes: Option<u64>,
    /// Bytes of all its blobs.
    pub blob_bytes: Option<u64>,
}

/// Another account ends, with all that the relay holds of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteUser {
    /// Its name.
    pub name: AccountName,
    /// The administrator's own: a device alone may not end what is another's.
    pub credential: AccountCredential,
}
