//! What the owner of an account has chosen.

use serde::{Deserialize, Serialize};

use super::{ContactRow, Row, Trust};
use crate::store::Table;

/// Who is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TrustPolicy {
    /// Whoever was found first at an address.
    #[default]
    FirstUse,
    /// Whoever was verified.
    VerifiedOnly,
}

/// Which strangers are let in without a word of the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Accept {
    /// Nobody.
    #[default]
    Nobody,
    /// Who is on the list.
    Listed,
    /// Everybody.
    Everybody,
}

/// Which contacts something is done for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whom {
    /// None of them.
    Nobody,
    /// Those who were verified.
    Verified,
    /// All that were accepted.
    Contacts,
}

/// All that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsRow {
    /// Who is sent to.
    pub trust: TrustPolicy,
    /// Which strangers are let in.
    pub accept: Accept,
    /// The list for that: fingerprints and addresses, as text.
    pub accept_list: Vec<String>,
    /// Who is told that their messages have been read, and told at once.
    pub receipts: Whom,
    /// Whose groups we join without a word of the owner.
    pub groups: Whom,
    /// The proxy on the way to every relay, as text.
    pub proxy: Option<String>,
    /// Whether each recipient gets a link of their own.
    pub spread: bool,
    /// Whether contacts who ask are told that we are there.
    pub presence: bool,
}

impl Default for SettingsRow {
    fn default() -> Self {
        Self {
            trust: TrustPolicy::default(),
            accept: Accept::default(),
            accept_list: Vec::new(),
            receipts: Whom::Contacts,
            groups: Whom::Verified,
            proxy: None,
            spread: false,
            presence: false,
        }
    }
}

impl Row for SettingsRow {
    const TABLE: Table = Table::Account;
}

impl Whom {
    /// Whether it is done for somebody.
    pub fn includes(self, contact: &ContactRow) -> bool {
        match self {
            Self::Nobody => false,
            Self::Verified => contact.is_accepted() && contact.trust == Trust::Verified,
            Self::Contacts => contact.is_accepted(),
        }
    }
}
