//! How an operator speaks to a running relay: through a socket in the data
//! folder, which only the user who runs the relay can open.
//!
//! ```text
//! command -> client --one order--> socket -> serve -> desk -> service, store
//!         <- show   <--reports--
//! ```
//!
//! An order is one line, its answer some lines; both are JSON. Nothing that is
//! secret travels but an invitation, once, to whoever has made it.

mod client;
mod command;
mod database;
mod date;
mod desk;
mod error;
mod order;
mod report;
mod serve;
mod show;
mod socket;
mod trial;
mod wipe;

pub(crate) use self::{
    command::{operate, print},
    desk::Desk,
    report::{Migrated, Report},
    serve::serve,
    socket::{Socket, SocketError},
};

#[cfg(test)]
mod tests;
