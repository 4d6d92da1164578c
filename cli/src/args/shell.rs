//! The words for shells and manuals.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Print the completions of a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg completions bash >~/.local/share/bash-completion/completions/msg
  msg completions zsh >~/.zfunc/_msg       with fpath+=~/.zfunc before compinit
  msg completions fish >~/.config/fish/completions/msg.fish")]
pub(crate) struct Completions {
    /// Whose.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
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
