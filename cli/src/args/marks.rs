//! The words about what is done to messages afterwards.

use std::ffi::OsString;

use clap::Args;

/// Put a sign to a message.
///
/// Whoever it is with sees it, one sign of each person.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg react 3fa9c1 👍
  msg react 3fa9c1 --remove

The id is what `msg recv` and `msg history` show; its beginning is enough.")]
pub(crate) struct React {
    /// The message.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The sign: an emoji, or a short word.
    #[arg(value_name = "SIGN", required_unless_present = "remove")]
    pub(crate) sign: Option<String>,
    /// Take your sign back.
    #[arg(long, conflicts_with = "sign")]
    pub(crate) remove: bool,
}

/// Give a message of yours another text.
///
/// Who has read it already gets the new text as well, and both see that it was
/// edited. Messages older than 30 days stay as they are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg edit 3fa9c1 'at three, not at two'
  date | msg edit 3fa9c1")]
pub(crate) struct Edit {
    /// The message.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// What it is to say; - or nothing for stdin.
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: Vec<OsString>,
}

/// Delete a message of yours, there and here.
///
/// The other side's msg removes the text as soon as it hears of it. It cannot make
/// anybody forget what was read, copied or exported before.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg delete 3fa9c1
  msg delete 3fa9c1 --here      from this store alone; others' messages too")]
pub(crate) struct Delete {
    /// The message.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Remove it from this store alone.
    #[arg(long)]
    pub(crate) here: bool,
}
