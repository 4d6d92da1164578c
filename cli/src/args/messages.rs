//! The words about messages.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use clap_complete::engine::ArgValueCompleter;
use msg_client::engine::idempotency::MAX_KEY_BYTES;

use super::{
    duration::{Span, SpanError, span},
    recipients::Recipients,
};
use crate::completion;

/// How far a message has to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wait {
    /// A device of the recipient has it.
    Delivered,
    /// The recipient has read it.
    Read,
}

/// What the commands that send have in common.
#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Wait until it got that far.
    #[arg(long, value_name = "LEVEL", conflicts_with = "queue")]
    pub(crate) wait: Option<Wait>,
    /// Wait at most that long; the message stays on its way.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = span)]
    pub(crate) timeout: Span,
    /// Be content if it waits here for the relay to come back.
    #[arg(long)]
    pub(crate) queue: bool,
    /// Send even if there is nothing to send.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Send once under that key, however often it is tried (7 days).
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<String>,
    /// Remove it that long after it was read, there and here.
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    pub(crate) expire: Option<u32>,
}

/// Seconds after which something goes.
fn expiry(text: &str) -> Result<u32, String> {
    let Span(time) = text.parse().map_err(|error: SpanError| error.to_string())?;
    let seconds = u32::try_from(time.as_secs()).ok().filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| "that is less than a second".to_owned())
}

/// A key: of the script's choosing, and nothing that another could be taken for.
fn idempotency_key(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > MAX_KEY_BYTES {
        return Err(format!("a key has 1 to {MAX_KEY_BYTES} bytes"));
    }
    if text.contains(char::is_control) {
        return Err("a key has no control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// Send a text, or files.
///
/// The first argument is the recipient, or several with commas between them; the
/// rest is the text. Without a text, or with -, all of stdin is the message.
/// A message that cannot leave now is kept, and leaves with the next command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg send bob hello
  msg send bob,carol 'lunch at noon?'
  msg send '#ops' 'backup is done'      everybody in a group
  msg send -g ops 'backup is done'      the same
  df -h | msg send bob
  tail -f app.log | msg send ops --lines
  msg send bob --wait delivered --timeout 1m 'are you there?'
  msg send bob --file report.pdf photos/
  pg_dump shop | msg send bob --file - --name shop.sql
  msg send bob -- -5 degrees            after -- all is text
  msg send bob --expire 1h 'the code is 4711'   gone an hour after it was read
  msg send ops --idempotency-key backup-$(date +%F) 'backup is done'

Several words are joined by blanks; quote what the shell would change. When the
first of several words is itself a contact, nothing is sent: write bob,carol for
two recipients, or quote the text. A text shows in the list of processes: send
secrets through stdin. -g NAME instead of a recipient is short for '#NAME'.

A text of any length arrives exactly. A folder goes as a tar stream. A command that
is killed while it sends a file goes on where it was when it is run again; the
relay's limits are said before anything is sent.

With --idempotency-key, whoever tries again (a script, two at once, a job that was
restarted) sends nothing twice, and is told what became of the first.

How far a message got: queued (kept here), relay (durable there), delivered (a
device has it), read. `msg send` returns at relay, or exits with 4 if the relay
cannot be reached, 8 if it refuses, 3 if the recipient's key has changed, 5 if
only some of several recipients were reached, 9 if --wait took too long.")]
pub(crate) struct Send {
    /// A contact, or several: bob,carol; a group is a name with #.
    #[arg(value_name = "TO[,TO...]", add = ArgValueCompleter::new(completion::recipients))]
    pub(crate) to: Recipients,
    /// What to say; - or nothing for stdin.
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: Vec<OsString>,
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// Send each line of stdin as a message of its own, as it comes.
    #[arg(long, conflicts_with_all = ["text", "reply_to", "idempotency_key"])]
    pub(crate) lines: bool,
    /// Send files or folders instead of a text; - for stdin.
    #[arg(long = "file", value_name = "FILE", num_args = 1.., value_hint = ValueHint::AnyPath)]
    #[arg(conflicts_with_all = ["text", "lines"])]
    pub(crate) files: Vec<PathBuf>,
    /// Call the file that.
    #[arg(long, value_name = "NAME", requires = "files")]
    pub(crate) name: Option<String>,
    /// Answer that message.
    #[arg(long, value_name = "ID")]
    pub(crate) reply_to: Option<String>,
}

/// Show what has come, and mark it as read.
///
/// A message is marked only after it was written: when the reader goes away, as
/// in `msg recv | head -1`, msg stops quietly, and what was not written stays
/// unread. Each message has an id for `msg reply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg recv                    all that is unread
  msg recv -n 1               one, and leave the rest
  msg recv --from bob --timeout 5m
                              wait up to five minutes if there is nothing yet
  msg recv --follow           stay, and show what comes; Ctrl-C ends it
  msg recv --follow --json | jq --unbuffered -r .body
  msg recv -n 1 --raw >file   exactly the bytes that were sent
  msg recv --follow --from alice --reply --exec ./bot --verbose
                              a bot that takes orders from one person

--exec runs a program for each message, one after the other and without a shell. It
finds the message as a line of JSON on stdin, and all but the body in MSG_ID,
MSG_FROM, MSG_GROUP, MSG_ADDRESS, MSG_FINGERPRINT, MSG_TRUST, MSG_KIND,
MSG_REPLY_TO, MSG_SENT_AT, MSG_STORED_AT, MSG_REDELIVERED and MSG_DOUBTFUL. Exit
code 0 marks the message as read; with any other it stays unread and is given
again, later each time. Who is killed in between gives it again with
MSG_REDELIVERED=1. Strangers trigger nothing, and neither do repeated or own
messages, nor news of a group, nor what was passed on of earlier messages.
MSG_GROUP is empty but for what was said in a group: there the answer goes to
the group, and MSG_FROM of somebody who is no contact is an address. A program
that obeys some and not others goes by MSG_FINGERPRINT. With --handler-timeout,
one that takes too long is ended, and the message given again later. --exec
stands last.

Exits with 0 if there was nothing, with 9 if nothing came within --timeout, with 1
if a program left a message unread.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is there or not")]
pub(crate) struct Recv {
    /// Take at most that many.
    #[arg(short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Stay, and show messages as they come.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only from that contact, or in that group.
    #[arg(long, value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) from: Option<String>,
    /// Leave them unread.
    #[arg(long, conflicts_with = "follow")]
    pub(crate) peek: bool,
    /// Write the bodies alone, byte for byte; not to a terminal.
    #[arg(long, conflicts_with = "json")]
    pub(crate) raw: bool,
    /// Give each message to that program; the words behind are its arguments.
    #[arg(long, value_name = "PROG", num_args = 1.., allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["peek", "raw"])]
    pub(crate) exec: Vec<OsString>,
    /// Answer with what the program prints.
    #[arg(long, requires = "exec")]
    pub(crate) reply: bool,
    /// End the program, and all that it has started, if it takes longer than that.
    #[arg(long, value_name = "TIME", value_parser = span, requires = "exec")]
    pub(crate) handler_timeout: Option<Span>,
    /// Wait that long for a message; with --follow, end after that long.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(crate) timeout: Option<Span>,
}

/// Answer a message.
///
/// It goes to whoever sent it, or to whom you sent it; in a group, to all of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg reply 3fa9c1 'yes, go ahead'
  date | msg reply 3fa9c1

The id is what `msg recv` and `msg history` show; its beginning is enough.")]
pub(crate) struct Reply {
    /// The message.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// What to say; - or nothing for stdin.
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: Vec<OsString>,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// Show what was sent and received, oldest first.
///
/// Works without a network, and marks nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg history                 the last 20 messages
  msg history bob -n 100
  msg history '#ops'
  msg history --since 2d --json")]
pub(crate) struct History {
    /// Only with that contact, or in that group.
    #[arg(value_name = "WITH", add = ArgValueCompleter::new(completion::contact))]
    pub(crate) with: Option<String>,
    /// The last N.
    #[arg(short = 'n', value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,
    /// Not older than that.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(crate) since: Option<Span>,
}

/// Show or change what is on its way.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg outbox                  what has not been confirmed yet
  msg outbox retry            try all of it now
  msg outbox cancel 3fa9c1    give a message up")]
pub(crate) struct Outbox {
    #[command(subcommand)]
    pub(crate) command: Option<OutboxCommand>,
}

/// What can be done to the outbox.
#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Show what is on its way (as without a word).
    #[command(after_help = "Examples:\n  msg outbox list --json")]
    List,
    /// Try now what waits or has failed.
    #[command(after_help = "Examples:\n  msg outbox retry")]
    Retry,
    /// Give a message up; it may have arrived all the same.
    #[command(after_help = "Examples:\n  msg outbox cancel 3fa9c1")]
    Cancel {
        /// The message.
        #[arg(value_name = "ID")]
        id: String,
    },
}
