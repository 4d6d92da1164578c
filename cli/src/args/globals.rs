//! The flags of every command, and their twins in the environment.

use std::path::PathBuf;

use clap::{Args, builder::FalseyValueParser};

use super::duration::{Span, span};
use crate::paths::Profile;

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is there or not")]
pub(crate) struct Globals {
    /// Print JSON, one object a line; errors too.
    #[arg(long, global = true, env = "MSG_JSON", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,
    /// Use another account of yours.
    #[arg(long, global = true, env = "MSG_PROFILE", hide_env_values = true, value_name = "NAME")]
    #[arg(default_value_t)]
    pub(crate) profile: Profile,
    /// Keep everything in this folder [default: ~/.local/share/msg].
    #[arg(long, global = true, env = "MSG_HOME", hide_env_values = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Say nothing but errors and what was asked for.
    #[arg(short, long, global = true, env = "MSG_QUIET", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,
    /// Say what is being done.
    #[arg(short, long, global = true, env = "MSG_VERBOSE", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new(), conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Wait that long for other commands that use the store.
    #[arg(long, global = true, env = "MSG_LOCK_WAIT", hide_env_values = true)]
    #[arg(value_name = "TIME", default_value = "30s", value_parser = span)]
    pub(crate) lock_wait: Span,
    /// Reach relays through that proxy: socks5h://HOST:PORT, as of Tor; or none.
    #[arg(long, global = true, env = "MSG_PROXY", hide_env_values = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Give each recipient a link of their own, at a time of its own.
    #[arg(long, global = true, env = "MSG_SPREAD", hide_env_values = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) spread: bool,
    /// Read the password from that file descriptor, as in 3<secret.txt.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) password_fd: Option<u32>,
}
