//! What an operator asks of a running relay: one JSON object on one line.

use core::fmt;
use std::path::PathBuf;

use msg_protocol::{
    address::AccountName,
    limits::{MAX_INVITE_DAYS, MAX_INVITE_NOTE_BYTES, MAX_INVITE_USES},
};
use serde::{Deserialize, Serialize};

use crate::store::account::Quota;

/// The version of orders and reports.
pub(crate) const VERSION: u8 = 1;
/// Bytes of an order, with the end of its line.
pub(crate) const MAX_ORDER_BYTES: usize = 16 * 1024;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub(crate) enum Order {
    /// An invitation is to be made.
    InviteCreate { uses: u32, days: u32, note: String },
    /// Which invitations are out.
    InviteList,
    /// An invitation is to be good for nothing; by its id or how that begins.
    InviteRevoke { id: String },
    /// Which accounts there are.
    UserList,
    /// An account in short.
    UserShow { name: AccountName },
    /// An account may not sign in from now on.
    UserSuspend { name: AccountName },
    /// It may again.
    UserResume { name: AccountName },
    /// An account goes, with all that is kept of it.
    UserDelete { name: AccountName },
    /// Other limits for an account.
    UserQuota { name: AccountName, change: QuotaChange },
    /// An account is an administrator from now on.
    AdminAdd { name: AccountName },
    /// It is none any more.
    AdminRemove { name: AccountName },
    /// Which accounts are administrators.
    AdminList,
    /// The relay in numbers.
    Stats,
    /// All that is kept of an account.
    Inspect { name: AccountName },
    /// A copy of the store in a file that is not there yet.
    BackUp { file: PathBuf },
    /// The whole store is to be read.
    Check,
    /// Room is to be given back to the file system.
    Compact,
}

/// What changes about an account's limits; what is not named stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct QuotaChange {
    /// First, all are the relay's again.
    pub(crate) default: bool,
    pub(crate) mailbox_envelopes: Option<u32>,
    pub(crate) mailbox_bytes: Option<u64>,
    pub(crate) blob_bytes: Option<u64>,
}

impl QuotaChange {
    /// Whether anything changes.
    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// What that quota becomes.
    pub(crate) fn of(self, quota: Quota) -> Quota {
        let before = if self.default { Quota::default() } else { quota };
        let named = Quota {
            mailbox_envelopes: self.mailbox_envelopes,
            mailbox_bytes: self.mailbox_bytes,
            blob_bytes: self.blob_bytes,
        };
        named.or(before)
    }
}

/// An order as it travels.
#[derive(Serialize, Deserialize)]
struct Numbered {
    v: u8,
    #[serde(flatten)]
    order: Order,
}

/// Why a line is no order. The asker's fault; it does not repeat the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NoOrder {
    /// It is not JSON, or of another shape.
    #[error("that is no order that this relay knows")]
    Unknown,
    /// It is of another version.
    #[error("the order is of another version than this relay")]
    Version,
    /// A number in it is too large, or its words are too long.
    #[error("the order exceeds a bound")]
    Bound,
}

impl Order {
    /// The line that says it.
    pub(crate) fn to_line(&self) -> Result<String, fmt::Error> {
        let numbered = Numbered { v: VERSION, order: self.clone() };
        // A path need not be text.
        let text = serde_json::to_string(&numbered).map_err(|_| fmt::Error)?;
        Ok(format!("{text}\n"))
    }

    /// Reads a line.
    pub(crate) fn read(line: &[u8]) -> Result<Self, NoOrder> {
        #[derive(Deserialize)]
        struct Version {
            v: u8,
        }
        let version: Version = serde_json::from_slice(line).map_err(|_| NoOrder::Unknown)?;
        if version.v != VERSION {
            return Err(NoOrder::Version);
        }
        let numbered: Numbered = serde_json::from_slice(line).map_err(|_| NoOrder::Unknown)?;
        if numbered.order.is_bounded() { Ok(numbered.order) } else { Err(NoOrder::Bound) }
    }

    fn is_bounded(&self) -> bool {
        match self {
            Self::InviteCreate { uses, days, note } => {
                (1..=MAX_INVITE_USES).contains(uses)
                    && (1..=MAX_INVITE_DAYS).contains(days)
                    && note.len() <= MAX_INVITE_NOTE_BYTES
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_back() {
        let name: AccountName = "bob".parse().unwrap();
        let change = QuotaChange { mailbox_bytes: Some(u64::MAX), ..QuotaChange::default() };
        for order in [
            Order::InviteCreate { uses: 2, days: 3, note: "for\nbob".into() },
            Order::InviteList,
            Order::UserQuota { name: name.clone(), change },
            Order::Inspect { name },
            Order::BackUp { file: "/b".into() },
        ] {
            let line = order.to_line().unwrap();
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(Order::read(line.as_bytes()), Ok(order));
        }
    }

    #[test]
    fn what_is_no_order_is_said_so() {
        let read = |text: &str| Order::read(text.as_bytes()).unwrap_err();
        assert_eq!(read(""), NoOrder::Unknown);
        assert_eq!(read("{\"v\":1,\"order\":\"dance\"}"), NoOrder::Unknown);
        assert_eq!(read("{\"v\":2,\"order\":\"stats\"}"), NoOrder::Version);
        assert_eq!(read("{\"v\":1,\"order\":\"inspect\",\"name\":\"../x\"}"), NoOrder::Unknown);
        let invite = "{\"v\":1,\"order\":\"invite-create\",\"uses\":0,\"days\":1,\"note\":\"\"}";
        assert_eq!(read(invite), NoOrder::Bound);
    }

    #[test]
    fn a_quota_changes_as_far_as_it_is_named() {
        let quota = Quota { mailbox_envelopes: Some(5), blob_bytes: Some(6), ..Quota::default() };
        let bytes = QuotaChange { blob_bytes: Some(7), ..QuotaChange::default() };
        assert_eq!(bytes.of(quota), Quota { blob_bytes: Some(7), ..quota });
        let default = QuotaChange { default: true, ..bytes };
        assert_eq!(default.of(quota), Quota { blob_bytes: Some(7), ..Quota::default() });
    }
}
