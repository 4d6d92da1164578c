//! A group's commits: one link of the chain each. SPEC §"Groups".

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{GroupPolicy, GroupStateHash};
use crate::{
    address::{Address, Pin},
    bounded::{List, Str},
    card::CardRef,
    hash::{Label, hash},
    id::{AccountId, DeviceId, GroupId},
    key::{IdentityKey, SigningKey},
    kinded::kinded,
    limits::{MAX_GROUP_CHANGES, MAX_GROUP_COMMIT_BYTES, MAX_GROUP_NAME_BYTES},
    signed::{Signable, Signed, Verified},
};

/// The only format of commits and statements there is.
pub const GROUP_FORMAT: u8 = 1;

/// Hash of a commit's signed bytes. Of two rivals the lower often wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupCommitHash(pub [u8; 32]);

impl GroupCommitHash {
    /// What the first commit names as its predecessor.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Debug for GroupCommitHash {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "GroupCommitHash({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// One link of a group's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCommit {
    /// [`GROUP_FORMAT`].
    pub format: u8,
    /// The group.
    pub group: GroupId,
    /// 1 for the first, then one more each time.
    pub epoch: u32,
    /// The commit before; [`GroupCommitHash::NONE`] for the first.
    pub previous: GroupCommitHash,
    /// The account that makes the change.
    pub author: AccountId,
    /// The author's card that lists the device.
    pub card: CardRef,
    /// The author's device that signs.
    pub device: DeviceId,
    /// The changes, at least one, in order.
    pub changes: List<GroupChange, MAX_GROUP_CHANGES>,
    /// The state that they lead to.
    pub state: GroupStateHash,
}

kinded! {
    /// A change to a group.
    pub enum GroupChange[MAX_GROUP_COMMIT_BYTES] {
        /// The group begins.
        1 CreateGroup,
        /// An account is invited.
        2 AddMember,
        /// An account is no longer in it.
        3 RemoveMember,
        /// The group has another name.
        4 RenameGroup,
        /// A member becomes an admin.
        5 PromoteMember,
        /// An admin becomes a member.
        6 DemoteAdmin,
        /// The group has other rules.
        7 SetPolicy,
    }
}

/// The group begins, with its author as its only admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateGroup {
    /// The author's identity.
    pub identity: IdentityKey,
    /// Where the author lives.
    pub address: Address,
    /// That relay's key.
    pub pin: Option<Pin>,
    /// What the group is called.
    pub name: Str<MAX_GROUP_NAME_BYTES>,
    /// Its rules.
    pub policy: GroupPolicy,
}

/// An account is invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddMember {
    /// Who it is.
    pub identity: IdentityKey,
    /// Where it lives.
    pub address: Address,
    /// That relay's key.
    pub pin: Option<Pin>,
}

/// An account is no longer in the group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveMember {
    /// Who.
    pub account: AccountId,
}

/// The group has another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameGroup {
    /// The new one.
    pub name: Str<MAX_GROUP_NAME_BYTES>,
}

/// A member becomes an admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromoteMember {
    /// Who.
    pub account: AccountId,
}

/// An admin becomes a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoteAdmin {
    /// Who.
    pub account: AccountId,
}

/// The group has other rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPolicy {
    /// The new ones.
    pub policy: GroupPolicy,
}

impl Signable for GroupCommit {
    const LABEL: Label = Label::new("sig/group");
    type Signer = SigningKey;
    const MAX_BYTES: usize = MAX_GROUP_COMMIT_BYTES;

    fn check(&self) -> Result<(), &'static str> {
        if self.format != GROUP_FORMAT {
            return Err("unknown group format");
        }
        if self.epoch == 0 {
            return Err("group epoch is zero");
        }
        let first = self.epoch == 1;
        if first != (self.previous == GroupCommitHash::NONE) {
            return Err("only the first commit has no predecessor");
        }
        if self.changes.is_empty() {
            return Err("commit changes nothing");
        }
        for (index, change) in self.changes.iter().enumerate() {
            let creates = matches!(change, GroupChange::CreateGroup(_));
            if creates != (first && index == 0) {
                return Err("a group begins once, first of all");
            }
            if let GroupChange::CreateGroup(create) = change
                && AccountId::of(&create.identity) != self.author
            {
                return Err("a group begins with its author");
            }
        }
        Ok(())
    }
}

impl Signed<GroupCommit> {
    /// The hash that the next commit names.
    pub fn hash(&self) -> GroupCommitHash {
        GroupCommitHash(hash(Label::new("group-commit"), &[self.raw()]))
    }
}

impl Verified<GroupCommit> {
    /// The hash that the next commit names.
    pub fn hash(&self) -> GroupCommitHash {
        self.as_signed().hash()
    }
}
