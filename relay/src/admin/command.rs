//! What the words of an operator do: from parsed arguments to an order, and from
//! its answer to text or JSON.

use std::{io, path::Path};

use super::{
    client::{AskError, ask},
    order::{MAX_NOTE_BYTES, Order, QuotaChange},
    report::Report,
    show,
};
use crate::{
    args::admin::{Admin, Invite, Quota, Users},
    output,
    private::{self, PrivateError},
    startup::{DataLock, LockError},
    store::redb::{OpenError, Redb},
};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OperationError {
    /// The words are wrong.
    #[error("the note has more than {MAX_NOTE_BYTES} bytes")]
    LongNote,
    /// The store is not as it should be.
    #[error("the store is damaged")]
    Faulty,
    /// The working folder is gone.
    #[error("cannot tell where the file would be: {0}")]
    Path(#[source] io::Error),
    /// No answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The data folder is not private.
    #[error(transparent)]
    Data(#[from] PrivateError),
    /// A relay runs where a backup should be restored.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The backup is none, or there is no place for it.
    #[error("cannot restore: {0}")]
    Restore(#[from] OpenError),
}

impl OperationError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Faulty => Some(
                "what is damaged is left out when it is met; msg-relay restore brings a backup back"
                    .to_owned(),
            ),
            Self::Ask(error) => error.hint(),
            Self::Data(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Restore(OpenError::Exists { path }) => {
                Some(format!("move {} away first; it is the store so far", path.display()))
            }
            _ => None,
        }
    }

    /// Whether it is the command line that is wrong.
    pub(crate) const fn is_usage(&self) -> bool {
        matches!(self, Self::LongNote)
    }
}

/// Does what the words say, about the relay of that data folder.
pub(crate) fn operate(folder: &Path, words: &Admin) -> Result<(), OperationError> {
    let (order, json) = match words {
        Admin::Invite(words) => invite(words)?,
        Admin::Users(words) => users(words),
        Admin::Stats(printing) => (Order::Stats, printing.json),
        Admin::Inspect { name, printing } => (Order::Inspect { name: name.clone() }, printing.json),
        Admin::Backup { file, printing } => {
            let file = std::path::absolute(file).map_err(OperationError::Path)?;
            (Order::BackUp { file }, printing.json)
        }
        Admin::Restore { file, printing } => return restore(folder, file, printing.json),
        Admin::Check(printing) => (Order::Check, printing.json),
        Admin::Compact(printing) => (Order::Compact, printing.json),
    };
    give(folder, &order, json)
}

/// Gives an order, and prints the answer.
fn give(folder: &Path, order: &Order, json: bool) -> Result<(), OperationError> {
    let (mut reports, mut is_faulty) = (Vec::new(), false);
    ask(folder, order, |line, report| {
        is_faulty |= matches!(&report, Report::Check { faults, .. } if !faults.is_empty());
        if json {
            return output::data(line);
        }
        reports.push(report);
        Ok(())
    })?;
    if !json {
        output::data(&show::text(order, &reports)).map_err(AskError::Io)?;
    }
    if let Some(talk) = show::talk(&reports) {
        output::talk(&talk);
    }
    if is_faulty { Err(OperationError::Faulty) } else { Ok(()) }
}

fn invite(words: &Invite) -> Result<(Order, bool), OperationError> {
    Ok(match words {
        Invite::Create { note, .. } if note.len() > MAX_NOTE_BYTES => {
            return Err(OperationError::LongNote);
        }
        Invite::Create { uses, days, note, printing } => {
            let (uses, days, note) = (*uses, *days, note.clone());
            (Order::InviteCreate { uses, days, note }, printing.json)
        }
        Invite::List(printing) => (Order::InviteList, printing.json),
        Invite::Revoke { id, printing } => {
            (Order::InviteRevoke { id: id.to_ascii_lowercase() }, printing.json)
        }
    })
}

fn users(words: &Users) -> (Order, bool) {
    match words {
        Users::List(printing) => (Order::UserList, printing.json),
        Users::Show(user) => (Order::UserShow { name: user.name.clone() }, user.printing.json),
        Users::Suspend(user) => {
            (Order::UserSuspend { name: user.name.clone() }, user.printing.json)
        }
        Users::Resume(user) => (Order::UserResume { name: user.name.clone() }, user.printing.json),
        Users::Delete { user, .. } => {
            (Order::UserDelete { name: user.name.clone() }, user.printing.json)
        }
        Users::Quota { user, quota } => {
            let change = change(quota);
            (Order::UserQuota { name: user.name.clone(), change }, user.printing.json)
        }
    }
}

const fn change(quota: &Quota) -> QuotaChange {
    QuotaChange {
        default: quota.default,
        mailbox_envelopes: quota.mailbox_envelopes,
        mailbox_bytes: quota.mailbox_bytes,
        blob_bytes: quota.blob_bytes,
    }
}

/// Makes the store of a relay that does not run.
fn restore(folder: &Path, file: &Path, json: bool) -> Result<(), OperationError> {
    private::make_folder(folder)?;
    let _lock = DataLock::take(folder)?;
    Redb::restore(file, folder)?;
    let done =
        Report::Done { message: format!("{} has the store of the backup", folder.display()) };
    let text = if json {
        done.to_line().map_err(io::Error::other).map_err(AskError::Io)?
    } else {
        show::one(&done)
    };
    Ok(output::data(&text).map_err(AskError::Io)?)
}
