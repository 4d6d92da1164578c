//! Identifiers. Those of accounts, devices and mailboxes are hashes of keys, so
//! nobody can claim one without holding what it names. SPEC §"Identifiers".

use core::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::{
    hash::{Label, hash, truncate},
    key::{AgreementKey, IdentityKey, SigningKey},
    secret::BlobCapability,
};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// The id's bytes.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        /// Lower-case hexadecimal: what people and scripts are shown.
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), HEXLOWER.encode(&self.0))
            }
        }
    };
}

id! {
    /// An account, named by its identity key.
    AccountId, 16
}
id! {
    /// A device, named by its two keys.
    DeviceId, 16
}
id! {
    /// A device's queue of envelopes at its relay.
    MailboxId, 16
}
id! {
    /// One envelope; chosen at random by the sender, the same when sent again.
    EnvelopeId, 16
}
id! {
    /// One message, the same in every envelope that carries it.
    MessageId, 16
}
id! {
    /// A group.
    GroupId, 16
}
id! {
    /// One run of a relay: a new one at each start and each restore.
    RelayEpoch, 16
}
id! {
    /// A record that an account keeps at its relay; chosen by the client so that
    /// it says nothing.
    RecordId, 32
}
id! {
    /// An invitation, named by its hash: it is not the right to register.
    InviteId, 32
}
id! {
    /// A blob at a relay, named by the right to fetch it.
    BlobId, 32
}

impl AccountId {
    /// The id that belongs to an identity.
    pub fn of(identity: &IdentityKey) -> Self {
        Self(truncate(hash(Label::new("acct"), &[identity.as_bytes()])))
    }
}

impl DeviceId {
    /// The id that belongs to a device's keys.
    pub fn of(signing: &SigningKey, agreement: &AgreementKey) -> Self {
        Self(truncate(hash(Label::new("dev"), &[signing.as_bytes(), agreement.as_bytes()])))
    }
}

impl MailboxId {
    /// The mailbox of an account's device. The account is part of it: somebody
    /// who lists a stranger's device on his own card gains no mailbox by that.
    pub fn of(account: AccountId, device: DeviceId) -> Self {
        Self(truncate(hash(Label::new("mbx"), &[account.as_bytes(), device.as_bytes()])))
    }
}

impl BlobId {
    /// The id of the blob that a capability fetches.
    pub fn of(capability: &BlobCapability) -> Self {
        Self(hash(Label::new("blob"), &[capability.expose()]))
    }
}
