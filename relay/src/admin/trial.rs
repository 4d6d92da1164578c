//! `msg-relay selftest`: which relay is tried, and what is printed of it.

use std::{
    io::{self, BufRead as _},
    path::Path,
};

use msg_protocol::address::RelayLink;

use super::{
    client::{AskError, ask},
    command::OperationError,
    order::Order,
    report::Report,
};
use crate::{
    output,
    selftest::{self, Passed},
};

/// What `invite list` shows while it runs.
const NOTE: &str = "selftest";

/// Tries the relay of a link, or else the one that runs on a data folder.
pub(super) fn run(folder: &Path, link: Option<&str>, json: bool) -> Result<(), OperationError> {
    let (link, invitation) = match link {
        Some("-") => (from_stdin()?.parse()?, None),
        Some(text) => (text.parse()?, None),
        None => own(folder)?,
    };
    let outcome = selftest::run(&link, |passed| print(&passed, json));
    if let Some(id) = invitation {
        // Used up, most of the time; it ends by itself tomorrow.
        let _ = ask(folder, &Order::InviteRevoke { id }, |_, _| Ok(()));
    }
    outcome?.map_err(AskError::Io)?;
    Ok(())
}

/// The link of the relay that runs here, with an invitation good for two, and its id.
fn own(folder: &Path) -> Result<(RelayLink, Option<String>), OperationError> {
    let mut found = None;
    let order = Order::InviteCreate { uses: 2, days: 1, note: NOTE.to_owned() };
    ask(folder, &order, |_, report| {
        if let Report::NewInvite(invite) = report {
            found = Some(invite);
        }
        Ok(())
    })?;
    let invite = found.ok_or(AskError::NoAnswer)?;
    Ok((invite.link.parse()?, Some(invite.id)))
}

fn from_stdin() -> Result<String, OperationError> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(OperationError::Stdin)?;
    Ok(line.trim().to_owned())
}

fn print(passed: &Passed, json: bool) -> io::Result<()> {
    let ms = u64::try_from(passed.time.as_millis()).unwrap_or(u64::MAX);
    if !json {
        return output::data(&format!("ok  {ms:>5} ms  {}\n", passed.step));
    }
    let report = Report::Passed { step: passed.step.to_owned(), ms };
    let line = report.to_line().map_err(|_| io::ErrorKind::InvalidData)?;
    output::data(&line)
}
