//! What each word does, one file a word or a few that are alike: it asks the client
//! library, and reports.

mod admin;
mod ask;
mod completions;
mod config;
mod contacts;
mod delete_account;
mod doctor;
mod exec;
mod export;
mod files;
mod get;
mod group;
mod history;
mod lock;
mod man;
mod marks;
mod outbox;
mod passwd;
mod presence;
mod recv;
mod register;
mod reply;
mod run;
mod search;
mod send;
mod shown;
mod status;
mod stdin;
mod trust;
mod waiting;

use std::future::Future;

use crate::{
    args::{Args, Command, Globals},
    failure::{Exit, Failure},
};

/// Does what the arguments say.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let globals = &args.globals;
    match &args.command {
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
        Command::Unlock(args) => lock::unlock(globals, args),
        Command::Lock(_) => lock::lock(globals),
        other => wait_for(account_command(globals, other)),
    }
}

/// What needs relays, or a store that is unlocked.
async fn account_command(globals: &Globals, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Register(args) => register::run(globals, args).await,
        Command::Whoami(_) => status::whoami(globals).await,
        Command::Status(_) => status::status(globals).await,
        Command::AddContact(args) => contacts::add(globals, args).await,
        Command::Contacts(args) => contacts::list(globals, args).await,
        Command::Rename(args) => contacts::rename(globals, args).await,
        Command::RemoveContact(args) => contacts::remove(globals, args).await,
        Command::Requests(_) => contacts::requests(globals).await,
        Command::Accept(args) => contacts::accept(globals, args).await,
        Command::Block(args) => contacts::block(globals, args).await,
        Command::Unblock(args) => contacts::unblock(globals, args).await,
        Command::Verify(args) => trust::verify(globals, args).await,
        Command::Trust(args) => trust::trust(globals, args).await,
        Command::Link(args) => trust::link(globals, args).await,
        Command::Send(args) => send::run(globals, args).await,
        Command::Reply(args) => reply::run(globals, args).await,
        Command::Recv(args) => recv::run(globals, args).await,
        Command::Get(args) => get::run(globals, args).await,
        Command::History(args) => history::run(globals, args).await,
        Command::Search(args) => search::run(globals, args).await,
        Command::Export(args) => export::run(globals, args).await,
        Command::React(args) => marks::react(globals, args).await,
        Command::Edit(args) => marks::edit(globals, args).await,
        Command::Delete(args) => marks::delete(globals, args).await,
        Command::Who(args) => presence::who(globals, args).await,
        Command::Ping(args) => presence::ping(globals, args).await,
        Command::Run(args) => run::run(globals, args).await,
        Command::Ask(args) => ask::run(globals, args).await,
        Command::Outbox(args) => outbox::run(globals, args).await,
        Command::Group(args) => group::run(globals, args).await,
        Command::Admin(args) => admin::run(globals, args).await,
        Command::Passwd(_) => passwd::run(globals).await,
        Command::DeleteAccount(args) => delete_account::run(globals, args).await,
        Command::Doctor(_) => doctor::run(globals).await,
        Command::Config(args) => config::run(globals, args).await,
        Command::Completions(_) | Command::Man(_) | Command::Unlock(_) | Command::Lock(_) => {
            Err(Failure::new(Exit::Usage, "this needs no account"))
        }
    }
}

fn wait_for(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let outcome = runtime.block_on(command);
    // Who waits for a lock or a disk in vain is not waited for.
    runtime.shutdown_background();
    outcome
}
