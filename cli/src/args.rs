//! The command line: words, flags and their help. What the words do stands in
//! `commands`.
//!
//! No flag takes a secret: an argument can be read by everybody on the machine,
//! and shells keep it. A flag that many commands share has a twin in the
//! environment; the flag wins.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod archive;
pub(crate) mod contacts;
pub(crate) mod duration;
pub(crate) mod files;
pub(crate) mod globals;
pub(crate) mod groups;
pub(crate) mod marks;
pub(crate) mod messages;
pub(crate) mod presence;
pub(crate) mod recipients;
pub(crate) mod scripts;
pub(crate) mod shell;
pub(crate) mod usage;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub(crate) use self::globals::Globals;
use self::{
    account::{Config, DeleteAccount, Doctor, Lock, Passwd, Register, Status, Unlock, Whoami},
    admin::Admin,
    archive::{Export, Search},
    contacts::{
        Accept, AddContact, Block, Contacts, Link, RemoveContact, Rename, Requests, Trust, Unblock,
        Verify,
    },
    files::Get,
    groups::Group,
    marks::{Delete, Edit, React},
    messages::{History, Outbox, Recv, Reply, Send},
    presence::{Ping, Who},
    scripts::{Ask, Run},
    shell::{Completions, Man},
};

const AFTER_HELP: &str = "\
First steps:
  msg register alice --relay LINK   make an account; LINK is what your relay printed
  msg add-contact bob               somebody on the same relay, or bob@host, or a link
  msg send bob hello                send a text
  df -h | msg send bob              send what a command prints
  msg recv                          show what has come, and mark it read

Exit codes:
  0 done              1 failed                      2 wrong usage
  3 trust: a key has changed, or is not verified    4 relay unreachable, message kept
  5 only some of several recipients                 6 locked, and no way to ask
  7 store busy        8 refused by the relay        9 not that far within the time

`msg COMMAND --help` explains a command, with examples.";

/// End-to-end encrypted messages for people and for scripts.
#[derive(Debug, Parser)]
#[command(name = "msg", version, after_help = AFTER_HELP, max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(subcommand_required = true, infer_long_args = false)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    // The account.
    Register(Register),
    Whoami(Whoami),
    Status(Status),
    Passwd(Passwd),
    Unlock(Unlock),
    Lock(Lock),
    DeleteAccount(DeleteAccount),
    Doctor(Doctor),
    Config(Config),
    // Contacts.
    AddContact(AddContact),
    Contacts(Contacts),
    Rename(Rename),
    RemoveContact(RemoveContact),
    Requests(Requests),
    Accept(Accept),
    Block(Block),
    Unblock(Unblock),
    Verify(Verify),
    Trust(Trust),
    Link(Link),
    Who(Who),
    Ping(Ping),
    // Messages.
    Send(Send),
    #[command(visible_alias = "inbox")]
    Recv(Recv),
    Get(Get),
    Reply(Reply),
    History(History),
    React(React),
    Edit(Edit),
    Delete(Delete),
    Run(Run),
    Ask(Ask),
    Search(Search),
    Export(Export),
    Outbox(Outbox),
    // Groups.
    Group(Group),
    // The relay.
    Admin(Admin),
    // The shell.
    Completions(Completions),
    Man(Man),
}

/// Whether errors are to be JSON, asked before the arguments are understood: they
/// may be what is wrong.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    let falsey = ["", "0", "false", "no", "off", "n", "f"];
    let twin = std::env::var("MSG_JSON").unwrap_or_default().to_lowercase();
    // What stands behind these is for another program.
    let is_ours = |argument: &&OsString| *argument != "--" && *argument != "--exec";
    let before_text = arguments.iter().take_while(is_ours);
    !falsey.contains(&twin.as_str()) || before_text.into_iter().any(|argument| argument == "--json")
}

#[cfg(test)]
mod tests;
