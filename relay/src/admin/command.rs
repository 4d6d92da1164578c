//! What the words of an operator do: from parsed arguments to an order, and from
//! its answer to text or JSON.

use std::{io, path::Path};

use msg_protocol::{address::LinkError, limits::MAX_INVITE_NOTE_BYTES};

use super::{
    client::{AskError, ask},
    database::{self, DatabaseDoesIt},
    order::{Order, QuotaChange},
    report::Report,
    show, trial, wipe,
};
use crate::{
    args::{
        Printing,
        admin::{Admin, Admins, Invite, Quota, User, Users},
    },
    config::Config,
    output,
    private::{self, PrivateError},
    selftest::SelftestError,
    startup::{DataLock, LockError},
    store::redb::{OpenError, Redb},
    tls::TlsError,
};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OperationError {
    /// The words are wrong.
    #[error("the note has more than {MAX_INVITE_NOTE_BYTES} bytes")]
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
    /// The text is no link.
    #[error("relay link: {0}")]
    Link(#[from] LinkError),
    /// Stdin cannot be read.
    #[error("stdin cannot be read: {0}")]
    Stdin(#[source] io::Error),
    /// There is nothing to delete.
    #[error("there is no folder {}", .0.display())]
    NoFolder(std::path::PathBuf),
    /// The database's own tools do it.
    #[error(transparent)]
    Database(#[from] DatabaseDoesIt),
    /// Nobody can be asked whether they mean it.
    #[error("there is no terminal to ask")]
    Unasked,
    /// Somebody did not mean it.
    #[error("that is not its name; nothing was deleted")]
    Disagreed,
    /// A file of the relay's key cannot be removed.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The relay did not pass.
    #[error(transparent)]
    Selftest(#[from] SelftestError),
    /// The store's files are not what they should be: a backup that is none, or no
    /// place for it.
    #[error(transparent)]
    Store(#[from] OpenError),
}

impl OperationError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Faulty => Some(
                "what is damaged is left out when it is met; msg-relay restore brings a backup back"
                    .to_owned(),
            ),
            Self::Database(error) => Some(error.hint.to_owned()),
            Self::Ask(error) => error.hint(),
            Self::Data(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Selftest(error) => error.hint().map(str::to_owned),
            Self::Unasked => Some("--yes says that you mean it".to_owned()),
            Self::NoFolder(_) => Some("name the relay's folder with --data".to_owned()),
            Self::Store(OpenError::Exists { path }) => {
                Some(format!("move {} away first; it is the store so far", path.display()))
            }
            _ => None,
        }
    }

    /// A word for programs.
    fn code(&self) -> &str {
        match self {
            Self::LongNote | Self::Unasked | Self::Database(_) => "usage",
            Self::Faulty => "damaged",
            Self::Path(_) => "path",
            Self::Ask(error) => error.code(),
            Self::Data(_) => "not-private",
            Self::Lock(_) => "relay-runs",
            Self::Link(_) | Self::Stdin(_) => "link",
            Self::Selftest(_) => "selftest",
            Self::NoFolder(_) | Self::Tls(_) | Self::Store(_) => "store",
            Self::Disagreed => "disagreed",
        }
    }

    /// The line that says it to programs.
    fn report(&self) -> Report {
        Report::Error { code: self.code().to_owned(), message: self.to_string(), hint: self.hint() }
    }

    /// Whether it is the command line that is wrong.
    pub(crate) const fn is_usage(&self) -> bool {
        matches!(self, Self::LongNote | Self::Link(_) | Self::Unasked | Self::Database(_))
    }
}

/// Does what the words say, about the relay of that configuration's data folder. What fails is
/// also said as JSON where that is wanted.
pub(crate) fn operate(config: &Config, words: &Admin) -> Result<(), OperationError> {
    let done = match database::refusal(&config.engine, words) {
        Some(refusal) => Err(OperationError::Database(refusal)),
        None => obey(&config.data, words),
    };
    if let Err(error) = &done
        && printing(words).json
        && let Ok(line) = error.report().to_line()
    {
        // The error itself is what counts.
        let _ = output::data(&line);
    }
    done
}

fn obey(folder: &Path, words: &Admin) -> Result<(), OperationError> {
    let order = match words {
        Admin::Invite(words) => invite(words)?,
        Admin::Users(words) => users(words),
        Admin::Admins(words) => admins(words),
        Admin::Stats(_) => Order::Stats,
        Admin::Inspect { name, .. } => Order::Inspect { name: name.clone() },
        Admin::Backup { file, .. } => {
            Order::BackUp { file: std::path::absolute(file).map_err(OperationError::Path)? }
        }
        Admin::Selftest { link, printing } => {
            return trial::run(folder, link.as_deref(), printing.json);
        }
        Admin::Restore { file, printing } => return restore(folder, file, printing.json),
        Admin::Wipe { key, yes, printing } => {
            return Ok(
                print(&wipe::wipe(folder, *key, *yes)?, printing.json).map_err(AskError::Io)?
            );
        }
        Admin::Check(_) => Order::Check,
        Admin::Compact(_) => Order::Compact,
    };
    give(folder, &order, printing(words).json)
}

/// How the answer is printed.
const fn printing(words: &Admin) -> Printing {
    match words {
        Admin::Stats(printing)
        | Admin::Check(printing)
        | Admin::Compact(printing)
        | Admin::Inspect { printing, .. }
        | Admin::Backup { printing, .. }
        | Admin::Restore { printing, .. }
        | Admin::Wipe { printing, .. }
        | Admin::Selftest { printing, .. }
        | Admin::Invite(
            Invite::Create { printing, .. }
            | Invite::List(printing)
            | Invite::Revoke { printing, .. },
        )
        | Admin::Users(Users::List(printing))
        | Admin::Admins(Admins::List(printing)) => *printing,
        Admin::Admins(Admins::Add(user) | Admins::Remove(user))
        | Admin::Users(
            Users::Show(user)
            | Users::Suspend(user)
            | Users::Resume(user)
            | Users::Delete { user, .. }
            | Users::Quota { user, .. },
        ) => user.printing,
    }
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

fn invite(words: &Invite) -> Result<Order, OperationError> {
    Ok(match words {
        Invite::Create { note, .. } if note.len() > MAX_INVITE_NOTE_BYTES => {
            return Err(OperationError::LongNote);
        }
        Invite::Create { uses, days, note, .. } => {
            Order::InviteCreate { uses: *uses, days: *days, note: note.clone() }
        }
        Invite::List(_) => Order::InviteList,
        Invite::Revoke { id, .. } => Order::InviteRevoke { id: id.to_ascii_lowercase() },
    })
}

fn users(words: &Users) -> Order {
    let name = |user: &User| user.name.clone();
    match words {
        Users::List(_) => Order::UserList,
        Users::Show(user) => Order::UserShow { name: name(user) },
        Users::Suspend(user) => Order::UserSuspend { name: name(user) },
        Users::Resume(user) => Order::UserResume { name: name(user) },
        Users::Delete { user, .. } => Order::UserDelete { name: name(user) },
        Users::Quota { user, quota } => {
            Order::UserQuota { name: name(user), change: change(quota) }
        }
    }
}

fn admins(words: &Admins) -> Order {
    match words {
        Admins::Add(user) => Order::AdminAdd { name: user.name.clone() },
        Admins::Remove(user) => Order::AdminRemove { name: user.name.clone() },
        Admins::List(_) => Order::AdminList,
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
    Ok(print(&done, json).map_err(AskError::Io)?)
}

/// Prints one report.
pub(crate) fn print(report: &Report, json: bool) -> io::Result<()> {
    let text = if json { report.to_line().map_err(io::Error::other)? } else { show::one(report) };
    output::data(&text)
}
