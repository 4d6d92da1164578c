//! The words about groups.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use msg_client::engine::groups::replay::MAX_HISTORY;

use crate::completion;

/// Make groups, and change who is in them.
///
/// A group is a name with #, quoted for the shell: '#ops'. The relay knows nothing
/// of it: every message is sealed for each member. Members may live on different
/// relays.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  msg group create ops
  msg group add ops bob carol@relay.two
  msg group accept ops                join, when you were asked
  msg send '#ops' 'backup is done'
  msg group info ops")]
pub(crate) struct Group {
    #[command(subcommand)]
    pub(crate) command: GroupCommand,
}

/// What can be done to a group.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Make a group, with you as its admin.
    #[command(after_help = "Examples:\n  msg group create ops\n  msg group create ops bob carol")]
    Create {
        /// What it is called.
        #[arg(value_name = "NAME")]
        name: String,
        /// Contacts to ask into it.
        #[arg(value_name = "WHO", add = ArgValueCompleter::new(completion::contact))]
        who: Vec<String>,
    },
    /// Ask contacts into a group.
    ///
    /// They see nothing that was said before they joined, unless you choose otherwise.
    #[command(after_help = "\
Examples:
  msg group add ops bob carol
  msg group add ops dan --history 20")]
    Add {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
        /// Whom.
        #[arg(value_name = "WHO", required = true)]
        #[arg(add = ArgValueCompleter::new(completion::contact))]
        who: Vec<String>,
        /// Once they have joined, send them the last N messages, marked as passed on by you.
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        #[arg(value_parser = clap::value_parser!(u32).range(..=i64::from(MAX_HISTORY)))]
        history: u32,
    },
    /// Join a group that you were asked into.
    #[command(after_help = "Examples:\n  msg group accept ops")]
    Accept {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
    },
    /// Say no to an invitation.
    #[command(after_help = "Examples:\n  msg group decline ops")]
    Decline {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
    },
    /// Remove somebody from a group.
    #[command(after_help = "Examples:\n  msg group remove ops bob")]
    Remove {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
        /// Whom, as `msg group info` shows them.
        #[arg(value_name = "WHO")]
        who: String,
    },
    /// Leave a group.
    #[command(after_help = "Examples:\n  msg group leave ops")]
    Leave {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
    },
    /// Call a group something else, for everybody in it.
    #[command(after_help = "Examples:\n  msg group rename ops night-ops")]
    Rename {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
        /// Its new name.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Make a member an admin.
    #[command(after_help = "Examples:\n  msg group promote ops bob")]
    Promote {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
        /// Whom.
        #[arg(value_name = "WHO")]
        who: String,
    },
    /// Make an admin a member like others.
    #[command(after_help = "Examples:\n  msg group demote ops bob")]
    Demote {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
        /// Whom.
        #[arg(value_name = "WHO")]
        who: String,
    },
    /// Show who is in a group.
    #[command(after_help = "Examples:\n  msg group info ops --json")]
    Info {
        /// The group.
        #[arg(value_name = "GROUP")]
        group: String,
    },
    /// List groups and invitations.
    #[command(after_help = "Examples:\n  msg group list")]
    List,
}
