//! The words by which an operator speaks to a running relay. Each finds it by its
//! data folder.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, value_parser};
use msg_protocol::address::AccountName;

use super::Printing;
use crate::config::parse_size;

/// What an operator asks of a relay, most of it while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Admin {
    /// Make, list or revoke invitations to register.
    #[command(subcommand, arg_required_else_help = true)]
    Invite(Invite),
    /// List, show, suspend, resume or delete accounts, or change their quota.
    #[command(subcommand, arg_required_else_help = true)]
    Users(Users),
    /// Name, dismiss or list administrators: accounts that need no shell here.
    #[command(name = "admin", subcommand, arg_required_else_help = true)]
    Admins(Admins),
    /// Print the relay in numbers.
    Stats(Printing),
    /// Print all that the relay keeps of an account.
    ///
    /// Cards, hashes, counts and sizes: there is nothing else.
    #[command(after_help = "Example:
  msg-relay inspect bob | less")]
    Inspect {
        /// The account's name.
        name: AccountName,
        #[command(flatten)]
        printing: Printing,
    },
    /// Write a consistent copy of the store to a new file, while the relay runs.
    ///
    /// TLS key and configuration are not in it: copy them once, and keep them safe.
    #[command(after_help = "Example:
  msg-relay backup /backup/relay-$(date +%F).redb")]
    Backup {
        /// A file that is not there yet.
        file: PathBuf,
        #[command(flatten)]
        printing: Printing,
    },
    /// Make the store out of a backup. The relay must not run, and must have no store.
    #[command(after_help = "Example:
  systemctl stop msg-relay
  msg-relay --data /var/lib/msg-relay restore /backup/relay-2026-01-31.redb")]
    Restore {
        /// A file that `backup` wrote.
        file: PathBuf,
        #[command(flatten)]
        printing: Printing,
    },
    /// Delete the store: all accounts, and all mail that waits. The relay must not run.
    ///
    /// Key, certificate, configuration and log stay, so that links go on to name this
    /// relay; with --key it is another relay afterwards. Asks for the folder's name
    /// first. What a disk or a backup still has of it, this cannot reach.
    #[command(after_help = "Examples:
  msg-relay wipe
  msg-relay --data /var/lib/msg-relay wipe --key --yes")]
    Wipe {
        /// Delete the relay's own TLS key and certificate too.
        #[arg(long)]
        key: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        printing: Printing,
    },
    /// Try the relay from outside: two throw-away accounts hand each other an envelope.
    ///
    /// They register by the address that users are told, and are deleted at the end.
    /// Without a link it is the relay that runs here, with an invitation for the
    /// moment.
    #[command(after_help = "Examples:
  msg-relay selftest
  msg-relay selftest 'msg-relay://relay.example:7777/?pin=…&invite=…'")]
    Selftest {
        /// Another relay; - reads the link from stdin. An invitation in it must be good for two.
        link: Option<String>,
        #[command(flatten)]
        printing: Printing,
    },
    /// Read the whole store and say what is wrong with it; exit 1 if anything is.
    Check(Printing),
    /// Give room of the store back to the file system.
    Compact(Printing),
}

/// What can be done about invitations.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Invite {
    /// Make an invitation and print it as a link, which is shown only now.
    #[command(after_help = "Examples:
  msg-relay invite create --note 'for bob'
  msg-relay invite create --uses 20 --days 7")]
    Create {
        /// Accounts that it is good for.
        #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
        /// Days that it is good for.
        #[arg(long, default_value_t = 30, value_parser = value_parser!(u32).range(1..=3_650))]
        days: u32,
        /// Words for yourself, shown by `invite list`.
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        printing: Printing,
    },
    /// List the invitations that are out.
    List(Printing),
    /// Revoke an invitation.
    Revoke {
        /// Its id in `invite list`, or four or more digits with which that begins.
        id: String,
        #[command(flatten)]
        printing: Printing,
    },
}

/// What can be done about accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Users {
    /// List the accounts.
    List(Printing),
    /// Show an account in short.
    Show(User),
    /// Keep an account from signing in. Its mail waits.
    Suspend(User),
    /// Let it sign in again.
    Resume(User),
    /// Delete an account with all that is kept of it.
    #[command(after_help = "There is no way back: --yes says that you know.

Example:
  msg-relay users delete bob --yes")]
    Delete {
        #[command(flatten)]
        user: User,
        /// Really.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Give an account other limits than everybody's.
    #[command(after_help = "Examples:
  msg-relay users quota bob --mailbox-bytes 1GiB
  msg-relay users quota bob --default")]
    Quota {
        #[command(flatten)]
        user: User,
        #[command(flatten)]
        quota: Quota,
    },
}

/// What can be done about administrators.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Admins {
    /// Let an account make invitations and decide about accounts, with `msg admin`.
    ///
    /// It may list, suspend, resume and delete accounts and change their quota, but
    /// for those of other administrators. It is told no more than `users show` is.
    #[command(after_help = "Example:
  msg-relay admin add alice    then, as alice: msg admin invite create")]
    Add(User),
    /// Take that back, at once.
    Remove(User),
    /// List the administrators.
    List(Printing),
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub(crate) struct User {
    /// The account's name.
    pub(crate) name: AccountName,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// Limits of one account; those that are not named stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ClapArgs)]
#[group(id = "limits", required = true, multiple = true)]
pub(crate) struct Quota {
    /// Envelopes that a mailbox holds.
    #[arg(long, value_name = "COUNT")]
    pub(crate) mailbox_envelopes: Option<u32>,
    /// Bytes that a mailbox holds.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) mailbox_bytes: Option<u64>,
    /// Bytes of all blobs together.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) blob_bytes: Option<u64>,
    /// First, take back what was set for this account.
    #[arg(long)]
    pub(crate) default: bool,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Words {
        #[command(subcommand)]
        admin: Admin,
    }

    fn read(line: &str) -> Result<Admin, clap::Error> {
        let words = ["msg-relay"].into_iter().chain(line.split(' '));
        Words::try_parse_from(words).map(|words| words.admin)
    }

    #[test]
    fn the_definitions_hold_together() {
        <Words as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn an_invitation_is_good_for_one_account_and_thirty_days() {
        let Admin::Invite(Invite::Create { uses, days, note, .. }) = read("invite create").unwrap()
        else {
            panic!("another word")
        };
        assert_eq!((uses, days, note.as_str()), (1, 30, ""));
        assert!(read("invite create --uses 0").is_err());
    }

    #[test]
    fn an_account_goes_only_by_two_words_and_a_name_that_could_be_one() {
        assert!(read("users delete bob").is_err());
        assert!(read("users delete bob --yes").is_ok());
        assert!(read("users show ../x").is_err());
    }

    #[test]
    fn a_quota_is_a_size_and_at_least_one() {
        let Admin::Users(Users::Quota { quota, .. }) =
            read("users quota bob --mailbox-bytes 1GiB").unwrap()
        else {
            panic!("another word")
        };
        assert_eq!(quota.mailbox_bytes, Some(1 << 30));
        assert!(read("users quota bob").is_err());
    }
}
