//! The words of an administrator.

use clap::{Args, Subcommand, value_parser};
use msg_protocol::{
    address::AccountName,
    limits::{MAX_INVITE_DAYS, MAX_INVITE_USES},
};

/// Make invitations to your relay, and decide about its accounts.
///
/// For accounts that the relay's operator has named administrators, with
/// msg-relay admin add NAME. Whoever is none is refused, exit code 8. An
/// administrator sees names, counts and sizes, and can read no message.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg admin invite create --note 'for bob'
  msg admin users list
  msg admin users suspend mallory")]
pub(crate) struct Admin {
    #[command(subcommand)]
    pub(crate) command: AdminCommand,
}

/// What an administrator decides about.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Make, list or revoke invitations to register.
    #[command(after_help = "Examples:\n  msg admin invite create\n  msg admin invite list")]
    #[command(subcommand, arg_required_else_help = true)]
    Invite(InviteCommand),
    /// List, show, suspend, resume or delete accounts, or change their quota.
    #[command(after_help = "Examples:\n  msg admin users list\n  msg admin users show bob")]
    #[command(subcommand, arg_required_else_help = true)]
    Users(UsersCommand),
}

/// What can be done about invitations.
#[derive(Debug, Subcommand)]
pub(crate) enum InviteCommand {
    /// Make an invitation and print it as a link, which is shown only now.
    #[command(after_help = "\
Examples:
  msg admin invite create --note 'for bob'
  msg admin invite create --uses 20 --days 7
  msg admin invite create --json | jq -r .link")]
    Create {
        /// Accounts that it is good for.
        #[arg(long, value_name = "COUNT", default_value_t = 1)]
        #[arg(value_parser = value_parser!(u32).range(1..=i64::from(MAX_INVITE_USES)))]
        uses: u32,
        /// Days that it is good for.
        #[arg(long, value_name = "DAYS", default_value_t = 30)]
        #[arg(value_parser = value_parser!(u32).range(1..=i64::from(MAX_INVITE_DAYS)))]
        days: u32,
        /// Words about it, for whoever lists invitations.
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        note: String,
    },
    /// List the invitations that are out.
    #[command(after_help = "Examples:\n  msg admin invite list")]
    List,
    /// Revoke an invitation.
    #[command(after_help = "Examples:\n  msg admin invite revoke 3fa9c1d2e3f4")]
    Revoke {
        /// Its id in `invite list`, or four or more digits with which that begins.
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// What can be done about accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// List the accounts.
    #[command(after_help = "Examples:\n  msg admin users list --json | jq -r .name")]
    List,
    /// Show an account in short.
    #[command(after_help = "Examples:\n  msg admin users show bob")]
    Show {
        /// The account's name.
        #[arg(value_name = "NAME")]
        name: AccountName,
    },
    /// Keep an account from signing in. Its mail waits.
    #[command(after_help = "Examples:\n  msg admin users suspend mallory")]
    Suspend {
        /// The account's name.
        #[arg(value_name = "NAME")]
        name: AccountName,
    },
    /// Let it sign in again.
    #[command(after_help = "Examples:\n  msg admin users resume mallory")]
    Resume {
        /// The account's name.
        #[arg(value_name = "NAME")]
        name: AccountName,
    },
    /// Delete an account with all that the relay keeps of it.
    ///
    /// Your own password is needed: what is stored here is not enough. There is no
    /// way back.
    #[command(after_help = "\
Examples:
  msg admin users delete mallory                 asks first
  msg admin users delete mallory --yes mallory")]
    Delete {
        /// The account's name.
        #[arg(value_name = "NAME")]
        name: AccountName,
        /// Do not ask; the name is repeated as a check.
        #[arg(long, value_name = "NAME")]
        yes: Option<AccountName>,
    },
    /// Give an account other limits than everybody's.
    #[command(after_help = "\
Examples:
  msg admin users quota bob --mailbox-bytes 1GiB
  msg admin users quota bob --default")]
    Quota {
        /// The account's name.
        #[arg(value_name = "NAME")]
        name: AccountName,
        #[command(flatten)]
        quota: Quota,
    },
}

/// Limits of one account; those that are not named stay.
#[derive(Debug, Clone, Copy, Args)]
#[group(id = "limits", required = true, multiple = true)]
pub(crate) struct Quota {
    /// Envelopes that a mailbox holds.
    #[arg(long, value_name = "COUNT")]
    pub(crate) mailbox_envelopes: Option<u32>,
    /// Bytes that a mailbox holds.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) mailbox_bytes: Option<u64>,
    /// Bytes of all files that others can fetch.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) blob_bytes: Option<u64>,
    /// First, take back what was set for this account.
    #[arg(long)]
    pub(crate) default: bool,
}

/// A size: bytes, or a number with KiB, MiB, GiB or TiB.
fn size(text: &str) -> Result<u64, &'static str> {
    const SAID: &str = "expected a size, as in 500MiB";
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        "t" | "tib" => 40,
        _ => return Err(SAID),
    };
    let number: u64 = digits.trim().parse().map_err(|_| SAID)?;
    number.checked_mul(1 << shift).ok_or(SAID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("5"), Ok(5));
        assert_eq!(size("2KiB"), Ok(2_048));
        assert_eq!(size("1gib"), Ok(1 << 30));
        for wrong in ["", "GiB", "1.5GiB", "1PB", "-1", "99999999999TiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
