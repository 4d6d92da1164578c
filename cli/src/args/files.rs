//! The words about files.

use std::path::PathBuf;

use clap::Args;

/// Fetch a file that somebody sent.
///
/// It gets the name that its sender gave it, made safe, in this folder; another
/// one if that name is taken. Nothing is ever overwritten, and the file gets its
/// name only when all of it has been checked. What was cut off goes on where it was.
/// What was sent as a folder comes as NAME.tar, or with --unpack as a new folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg get 3fa9c1                  into this folder
  msg get 3fa9c1 -o ~/Downloads   into that folder
  msg get 3fa9c1 -o report.pdf    under that name
  msg get 3fa9c1 --unpack         what was sent as a folder, as a folder

The id is what `msg recv` and `msg history` show; its beginning is enough.
The sender's relay keeps a file for a while, often 30 days.

--unpack makes a new folder, whole or not at all, and writes nowhere else: what has
paths out of it, devices, or two things of one name is refused; links that would
lead out of it are left out. Whose the files are, and their times, is not kept.")]
pub(crate) struct Get {
    /// The message.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Put it there: a folder, a file that is not there yet, or - for stdout.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Unpack what was sent as a folder.
    #[arg(short = 'x', long)]
    pub(crate) unpack: bool,
}
