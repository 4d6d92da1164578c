//! The words for shells and manuals.

use std::path::PathBuf;

use clap::Args;

/// Print what makes a shell complete words, flags and names of contacts.
///
/// Names are offered if the store opens without a question: unattended, or after
/// `msg unlock`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg completions bash >~/.local/share/bash-completion/completions/msg
  msg completions zsh >~/.zfunc/_msg       with fpath+=~/.zfunc before compinit
  msg completions fish >~/.config/fish/completions/msg.fish")]
pub(crate) struct Completions {
    /// Whose: bash, zsh, fish, elvish or powershell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: String,
}

/// Print the manual page, or write those of all commands into a folder.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg man | man -l -
  msg man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write msg.1, msg-send.1 and so on there; the folder is made.
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}
