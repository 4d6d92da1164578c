//! What a group's chain of commits amounts to. SPEC §"Groups".

use core::fmt;

use serde::{Deserialize, Serialize};

use super::GroupCommitHash;
use crate::{
    address::{Address, Pin},
    bounded::{List, Str},
    codec,
    hash::{Label, hash},
    id::{AccountId, GroupId},
    key::IdentityKey,
    limits::{MAX_GROUP_MEMBERS, MAX_GROUP_NAME_BYTES},
};

/// Hash of a group's state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupStateHash(pub [u8; 32]);

impl fmt::Debug for GroupStateHash {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "GroupStateHash({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// A group after a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupState {
    /// The group.
    pub group: GroupId,
    /// The epoch of that commit.
    pub epoch: u32,
    /// The commit before it.
    pub previous: GroupCommitHash,
    /// What the group is called.
    pub name: Str<MAX_GROUP_NAME_BYTES>,
    /// Its rules.
    pub policy: GroupPolicy,
    /// Its members, in rising order of their account ids.
    pub members: List<GroupMember, MAX_GROUP_MEMBERS>,
}

impl GroupState {
    /// The hash that commits and messages name.
    pub fn hash(&self) -> GroupStateHash {
        GroupStateHash(hash(Label::new("group-state"), &[&codec::encode(self)]))
    }

    /// The member with that account.
    pub fn member(&self, account: AccountId) -> Option<&GroupMember> {
        self.members.iter().find(|member| member.account() == account)
    }
}

/// One account in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMember {
    /// Who it is. The account's id follows from it.
    pub identity: IdentityKey,
    /// Where to write to.
    pub address: Address,
    /// That relay's key.
    pub pin: Option<Pin>,
    /// What it may do.
    pub role: Role,
}

impl GroupMember {
    /// The member's account.
    pub fn account(&self) -> AccountId {
        AccountId::of(&self.identity)
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Added by an admin. Nothing is sealed to it before its own statement.
    Invited,
    /// Reads and writes.
    Member,
    /// Makes commits as well.
    Admin,
}

/// A group's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPolicy {
    /// Who may write.
    pub writers: Writers,
    /// Seconds after reading until messages are to go, if they say nothing else.
    pub expire_s: Option<u32>,
}

/// Who may write to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Writers {
    /// Every member.
    Members,
    /// Admins only.
    Admins,
}
