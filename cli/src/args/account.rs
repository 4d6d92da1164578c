//! The words about one's own account.

use clap::Args;
use msg_protocol::address::{AccountName, AddressError, RelayAddress};

use super::duration::{Span, span};

/// Make an account at a relay.
///
/// Asks twice for a password, from which the relay learns nothing. Without
/// --relay the relay is the one behind the @.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg register alice --relay 'msg-relay://relay.example:7777/?pin=…&invite=…'
  msg register alice@relay.example
  msg register backup --relay LINK --unattended
                          no password: a key beside the store, as for cron
  msg register alice@relay.example --invite <invitation.txt
  msg register alice@relay.example --proxy socks5h://127.0.0.1:9050
                          through Tor, from now on: msg config shows it

A relay link and an invitation can be given as - to be read from stdin, so that
they do not show in the list of processes.")]
pub(crate) struct Register {
    /// Your name there, or your whole address.
    #[arg(value_name = "NAME[@RELAY]")]
    pub(crate) who: NewAccount,
    /// The link that the relay printed or its operator sent; - for stdin.
    #[arg(long, value_name = "LINK")]
    pub(crate) relay: Option<String>,
    /// Read an invitation from stdin, or ask for it.
    #[arg(long)]
    pub(crate) invite: bool,
    /// Keep the key beside the store instead of asking for a password.
    #[arg(long)]
    pub(crate) unattended: bool,
}

/// A name, and perhaps where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewAccount {
    /// The name.
    pub(crate) name: AccountName,
    /// The relay, if it was named.
    pub(crate) relay: Option<RelayAddress>,
}

impl core::str::FromStr for NewAccount {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.split_once('@') {
            None => Ok(Self { name: text.parse()?, relay: None }),
            Some((name, relay)) if !relay.contains('@') => {
                Ok(Self { name: name.parse()?, relay: Some(relay.parse()?) })
            }
            Some(_) => Err(AddressError::SecondAt),
        }
    }
}

/// Show your address and fingerprint.
///
/// Works without a network.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg whoami
  msg whoami --json | jq -r .fingerprint")]
pub(crate) struct Whoami {}

/// Show whether the relay is there, and what waits.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg status              relay, round trip, queue, unread messages, requests
  msg status --json | jq .unread

Exits with 4 if the relay cannot be reached.")]
pub(crate) struct Status {}

/// Change the password.
///
/// The old one is needed, as is the relay. What was sent and received stays.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg passwd              asks for the old password, then twice for the new one")]
pub(crate) struct Passwd {}

/// Let later commands work without the password, for a while.
///
/// The store's key, never the password, is put into the kernel's keyring of your
/// user, and goes by itself when the time is over.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg unlock              for eight hours
  msg unlock --for 30m
  msg lock                end it now")]
pub(crate) struct Unlock {
    /// For how long.
    #[arg(long = "for", value_name = "TIME", default_value = "8h", value_parser = span)]
    pub(crate) duration: Span,
}

/// Forget what `msg unlock` has kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg lock")]
pub(crate) struct Lock {}

/// Delete the account, at the relay and here.
///
/// Messages that wait at the relay go with it. The name may be taken by others
/// afterwards. There is no way back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg delete-account                        asks first
  msg delete-account --yes alice@relay.example")]
pub(crate) struct DeleteAccount {
    /// Do not ask; the address is repeated as a check.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) yes: Option<String>,
}

/// Check the store, the folder, the clock and the relay.
///
/// Changes nothing. Exits with 1 if something is wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg doctor
  msg doctor --json | jq 'select(.state != \"ok\")'")]
pub(crate) struct Doctor {}

/// Show or change settings.
///
/// Settings are kept in the store. A flag or its twin in the environment wins over
/// them for one command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg config                              all settings
  msg config trust.policy verified-only   send to nobody who is not verified
  msg config accept all                   let every stranger in, as a bot may
  msg config accept listed
  msg config accept.list carol@relay.example,dave@relay.example
  msg config proxy socks5h://127.0.0.1:9050
  msg config proxy --reset

Settings:
  trust.policy   first-use, verified-only: whom messages are sent to
  accept         none, listed, all: which strangers are let in without asking
  accept.list    fingerprints and addresses with commas between them
  receipts       contacts, verified, none: who is told what you have read
  groups         verified, contacts, none: whose groups are joined without asking
  proxy          socks5h://HOST:PORT or none: the way to every relay
  spread         on, off: a link of its own, in its own time, for each recipient

What trust.policy holds back waits in msg outbox.")]
pub(crate) struct Config {
    /// Which one.
    #[arg(value_name = "SETTING")]
    pub(crate) setting: Option<String>,
    /// What it is to be.
    #[arg(value_name = "VALUE")]
    pub(crate) value: Option<String>,
    /// Go back to what it is if nobody chooses.
    #[arg(long, requires = "setting", conflicts_with = "value")]
    pub(crate) reset: bool,
}
