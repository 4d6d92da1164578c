//! The words about other people.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use crate::completion;

/// Add somebody.
///
/// WHO is a name on your own relay, an address, or a contact link. The identity
/// is pinned: from now on it cannot change unnoticed. A link carries the
/// identity, so whoever is added by one is verified from the start.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg add-contact bob
  msg add-contact bob@relay.two --as bob2
  msg add-contact 'msg:bob@relay.example?pin=…&id=…&token=…'
  msg add-contact - <link.txt       a link with a token is a secret until used

Both have to add each other, or one to accept the other's request.")]
pub(crate) struct AddContact {
    /// A name, an address or a contact link; - reads it from stdin.
    #[arg(value_name = "WHO")]
    pub(crate) who: String,
    /// Call them this [default: the name in their address].
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Trust this relay key, as shown by its operator, for an address without a link.
    #[arg(long, value_name = "PIN")]
    pub(crate) pin: Option<String>,
}

/// List contacts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg contacts
  msg contacts --json | jq -r 'select(.trust == \"verified\") | .name'")]
pub(crate) struct Contacts {
    /// Also those who are blocked.
    #[arg(long)]
    pub(crate) all: bool,
}

/// Call a contact something else.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg rename bob bob.work

Only you see the name.")]
pub(crate) struct Rename {
    /// Who it is.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
    /// What they are called from now on.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Remove a contact.
///
/// Messages stay. Whoever is removed can send a request again; `msg block` ends
/// that.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg remove-contact bob")]
pub(crate) struct RemoveContact {
    /// Who it is.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
}

/// List strangers who want to reach you.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg requests
  msg requests --json | jq -r .address")]
pub(crate) struct Requests {}

/// Accept a request.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg accept bob
  msg accept bob@relay.two --as bob2")]
pub(crate) struct Accept {
    /// Name or address, as `msg requests` shows it.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
    /// Call them this.
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Block somebody: drop what they send, and shut them out at the relay.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg block mallory
  msg block mallory@relay.two")]
pub(crate) struct Block {
    /// A contact, or somebody in `msg requests`.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
}

/// Let somebody in again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg unblock mallory
  msg contacts --all      shows who is blocked")]
pub(crate) struct Unblock {
    /// Who it is.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
}

/// Show or check the safety number that you share with a contact.
///
/// Compare it over another channel: by voice, or side by side. If both see the
/// same sixty digits, nobody stands between you.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg verify bob                      show the number; on a terminal, ask
  msg verify bob --qr                 also as a QR code
  msg verify bob --number '12345 67890 …'
                                      mark as verified if it is that; else exit 3
  msg verify bob --expect FINGERPRINT the same with what `msg whoami` shows them")]
pub(crate) struct Verify {
    /// Who it is.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
    /// The safety number that they read out: sixty digits.
    #[arg(long, value_name = "DIGITS", conflicts_with = "expect")]
    pub(crate) number: Option<String>,
    /// Their fingerprint, as they told you.
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) expect: Option<String>,
    /// Draw the number as a QR code.
    #[arg(long)]
    pub(crate) qr: bool,
}

/// Accept the changed identity of a contact.
///
/// Shows the old and the new fingerprint and asks. Ask the person first: a
/// changed identity is a new installation, or somebody else.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg trust bob                       show both, and ask
  msg trust bob --expect FINGERPRINT  only if the new one is that; else exit 3

Messages that were held back are sent then.")]
pub(crate) struct Trust {
    /// Who it is.
    #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) who: String,
    /// The new fingerprint, as they told you.
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) expect: Option<String>,
}

/// Show a link with which others can add you.
///
/// It carries a token that is good once and for 30 days: whoever comes with it
/// is accepted without asking.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg link
  msg link --qr
  msg link --no-token     for everybody, and for good; they come as a request")]
pub(crate) struct Link {
    /// Draw it as a QR code.
    #[arg(long)]
    pub(crate) qr: bool,
    /// Without the right to be accepted unasked.
    #[arg(long)]
    pub(crate) no_token: bool,
}
