//! What an administrator is answered. SPEC §"Answers".

use serde::{Deserialize, Serialize};

use crate::{
    address::AccountName,
    bounded::{List, Str},
    id::{AccountId, InviteId},
    limits::{MAX_INVITE_NOTE_BYTES, MAX_INVITES_PER_ANSWER, MAX_USERS_PER_ANSWER},
    secret::Invite,
    time::UnixDay,
};

/// An invitation that was made. It is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteMade {
    /// What revokes it.
    pub id: InviteId,
    /// The right to register.
    pub invite: Invite,
    /// The day on which it expires.
    pub expires: UnixDay,
}

/// An invitation that is out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteOut {
    /// What revokes it; it is not the invitation.
    pub id: InviteId,
    /// Accounts that it is still good for.
    pub uses: u32,
    /// The day on which it was made.
    pub made: UnixDay,
    /// The day on which it expires.
    pub expires: UnixDay,
    /// Words of whoever made it.
    pub note: Str<MAX_INVITE_NOTE_BYTES>,
}

/// Invitations in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invites {
    /// The invitations.
    pub invites: List<InviteOut, MAX_INVITES_PER_ANSWER>,
    /// Whether there are more after them.
    pub more: bool,
}

/// An account in short: names, counts and sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its name.
    pub name: AccountName,
    /// Its id.
    pub id: AccountId,
    /// The day on which it was made.
    pub made: UnixDay,
    /// Whether it may not sign in.
    pub suspended: bool,
    /// Whether it is an administrator.
    pub administrator: bool,
    /// Its devices.
    pub devices: u32,
    /// Envelopes that wait for it.
    pub envelopes: u64,
    /// Bytes of those.
    pub envelope_bytes: u64,
    /// Its blobs.
    pub blobs: u64,
    /// Bytes of those, as far as they are there.
    pub blob_bytes: u64,
    /// Its sealed records.
    pub records: u64,
    /// What it may hold.
    pub quota: UserQuota,
}

/// What an account may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserQuota {
    /// Envelopes in each mailbox.
    pub mailbox_envelopes: Granted,
    /// Bytes in each mailbox.
    pub mailbox_bytes: Granted,
    /// Bytes of all its blobs.
    pub blob_bytes: Granted,
}

/// A limit of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// How much.
    pub value: u64,
    /// Whether it was set for this account, and is not everybody's.
    pub own: bool,
}

/// Accounts in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// The accounts.
    pub users: List<User, MAX_USERS_PER_ANSWER>,
    /// Whether there are more after them.
    pub more: bool,
}
