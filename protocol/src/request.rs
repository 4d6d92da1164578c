//! What a client asks of a relay. SPEC §"Requests".
//!
//! Each kind of request has its kind of link and its kind of answer. The
//! numbers are fixed for good; a relay refuses those it does not know.

pub mod account;
pub mod admin;
pub mod blob;
pub mod deposit;
pub mod directory;
pub mod mailbox;
pub mod record;

pub use self::{
    account::{
        ChangeCredential, DeleteAccount, IssueToken, NewDevice, Ping, PublishCard, Register,
        RemoveDevice, RevokeToken, SetDoor, SignIn,
    },
    admin::{
        CreateInvite, DeleteUser, ListInvites, ListUsers, RevokeInvite, SetQuota, ShowUser,
        SuspendUser,
    },
    blob::{AskBlob, DeleteBlob, FetchBlob, PutBlobChunk},
    deposit::{Access, Deposit, EndBatch},
    directory::{AskWork, CountPrekeys, FetchCards, FetchPrekeys, PublishPrekeys, RedeemWork},
    mailbox::{AcknowledgeOne, AcknowledgeUpTo, Collect, Credit},
    record::{DeleteRecord, ListRecords, PutRecord},
};
use crate::{kinded::kinded, limits::MAX_FRAME_BYTES, version::LinkKind};

kinded! {
    /// What a client asks of a relay.
    pub enum Request[MAX_FRAME_BYTES] {
        /// A new account.
        1 Register,
        /// A device comes for its mail.
        2 SignIn,
        /// Are you there?
        3 Ping,
        /// An account's cards.
        16 FetchCards,
        /// Prekeys to write to an account with.
        17 FetchPrekeys,
        /// A challenge for a proof of work.
        18 AskWork,
        /// A ticket for a proof of work.
        19 RedeemWork,
        /// An envelope for a mailbox.
        32 Deposit,
        /// No more envelopes for now: commit.
        33 EndBatch,
        /// Envelopes of this device's mailbox.
        48 Collect,
        /// Leave to push envelopes.
        49 Credit,
        /// Envelopes up to one are on the device's disk.
        50 AcknowledgeUpTo,
        /// One envelope is on the device's disk.
        51 AcknowledgeOne,
        /// The account's next card.
        64 PublishCard,
        /// This device's prekeys.
        65 PublishPrekeys,
        /// How many one-time prekeys are left?
        66 CountPrekeys,
        /// A new door.
        67 SetDoor,
        /// A contact link has been made.
        68 IssueToken,
        /// A contact link is no longer good.
        69 RevokeToken,
        /// A sealed record to keep.
        80 PutRecord,
        /// The account's sealed records.
        81 ListRecords,
        /// A sealed record to forget.
        82 DeleteRecord,
        /// A piece of a blob to keep.
        96 PutBlobChunk,
        /// Which pieces are missing?
        97 AskBlob,
        /// A piece of a blob.
        98 FetchBlob,
        /// A blob to forget.
        99 DeleteBlob,
        /// Another account credential.
        112 ChangeCredential,
        /// A device is no longer of the account.
        113 RemoveDevice,
        /// The account ends.
        114 DeleteAccount,
        /// An invitation is to be made.
        128 CreateInvite,
        /// The invitations that are out.
        129 ListInvites,
        /// An invitation is no longer good.
        130 RevokeInvite,
        /// The accounts.
        144 ListUsers,
        /// One account.
        145 ShowUser,
        /// An account may not sign in, or may again.
        146 SuspendUser,
        /// Other limits for an account.
        147 SetQuota,
        /// Another account ends.
        148 DeleteUser,
    }
}

/// On which links a request may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// On anonymous links.
    Anonymous,
    /// On links that are signed in.
    SignedIn,
    /// On both.
    Both,
    /// As the first request on a link that will be signed in, and never again.
    First,
}

impl Links {
    /// Whether the request may be made on a ready link of that kind.
    pub const fn allow(self, kind: LinkKind) -> bool {
        match self {
            Self::Both => true,
            Self::Anonymous => matches!(kind, LinkKind::Anonymous),
            Self::SignedIn => matches!(kind, LinkKind::SignedIn),
            Self::First => false,
        }
    }
}

/// What holds for a kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The request's name.
    pub name: &'static str,
    /// On which links it may be made.
    pub links: Links,
    /// The kind of its answer.
    pub answer: u16,
    /// Most bytes of its answer.
    pub answer_bytes: usize,
}

/// Bytes that suffice for an answer without a list in it.
const SMALL: usize = 128;
/// Bytes that suffice for an answer about one account.
const MEDIUM: usize = 256;

macro_rules! rules {
    ($($kind:ident $links:ident $answer:ident $bytes:ident),* $(,)?) => {
        impl Request {
            /// What holds for each kind, in the order of [`Self::KINDS`].
            pub const RULES: &[Rules] = &[$(Rules {
                name: stringify!($kind),
                links: Links::$links,
                answer: $crate::response::kind::$answer,
                answer_bytes: $bytes,
            }),*];

            /// What holds for this kind of request; `None` for one from later.
            pub const fn rules(&self) -> Option<Rules> {
                match self {
                    $(Self::$kind(_) => Some(Rules {
                        name: stringify!($kind),
                        links: Links::$links,
                        answer: $crate::response::kind::$answer,
                        answer_bytes: $bytes,
                    }),)*
                    Self::Unknown(_) => None,
                }
            }
        }
    };
}

rules! {
    Register Anonymous DONE SMALL,
    SignIn First SIGNED_IN SMALL,
    Ping Both DONE SMALL,
    FetchCards Both CARDS MAX_FRAME_BYTES,
    FetchPrekeys Anonymous BUNDLES MAX_FRAME_BYTES,
    AskWork Anonymous WORK_CHALLENGE SMALL,
    RedeemWork Anonymous TICKET SMALL,
    Deposit Anonymous DONE SMALL,
    EndBatch Anonymous DONE SMALL,
    Collect SignedIn COLLECTED MAX_FRAME_BYTES,
    Credit SignedIn DONE SMALL,
    AcknowledgeUpTo SignedIn DONE SMALL,
    AcknowledgeOne SignedIn DONE SMALL,
    PublishCard SignedIn DONE SMALL,
    PublishPrekeys SignedIn DONE SMALL,
    CountPrekeys SignedIn PREKEYS_LEFT SMALL,
    SetDoor SignedIn DONE SMALL,
    IssueToken SignedIn DONE SMALL,
    RevokeToken SignedIn DONE SMALL,
    PutRecord SignedIn RECORD_STORED SMALL,
    ListRecords SignedIn RECORDS MAX_FRAME_BYTES,
    DeleteRecord SignedIn DONE SMALL,
    PutBlobChunk SignedIn DONE SMALL,
    AskBlob SignedIn BLOB_STATUS MAX_FRAME_BYTES,
    FetchBlob Anonymous BLOB_CHUNK MAX_FRAME_BYTES,
    DeleteBlob SignedIn DONE SMALL,
    ChangeCredential SignedIn DONE SMALL,
    RemoveDevice SignedIn DONE SMALL,
    DeleteAccount SignedIn DONE SMALL,
    CreateInvite SignedIn INVITE_MADE SMALL,
    ListInvites SignedIn INVITES MAX_FRAME_BYTES,
    RevokeInvite SignedIn DONE SMALL,
    ListUsers SignedIn USERS MAX_FRAME_BYTES,
    ShowUser SignedIn USER MEDIUM,
    SuspendUser SignedIn DONE SMALL,
    SetQuota SignedIn USER MEDIUM,
    DeleteUser SignedIn DONE SMALL,
}

#[cfg(test)]
pub(crate) mod tests;
