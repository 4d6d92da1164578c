//! `msg-relay migrate`: a store that moves between the data folder and a database.
//!
//! It has both for itself: the folder by its lock, the database by the lock that
//! running nodes share. What was cut off goes on when it is run again.

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use data_encoding::HEXLOWER;
use tokio::runtime;

use crate::{
    admin::{self, Migrated, Report},
    args::{Destination, Migrate},
    config::{Config, Database, Engine},
    output,
    presence::Presence,
    private,
    run::{RunError, database_options, folder_options},
    startup::DataLock,
    store::{
        StoreError,
        portable::{Kind, Mark, Moved, PageLimits, Portable, Side, Step, TransferError, transfer},
        postgres::{self, Postgres},
        redb::{self, Redb},
    },
};

/// How often it says how far it is.
const TOLD_EACH: Duration = Duration::from_secs(2);
/// How long the database may take for a page.
const PATIENCE: Duration = Duration::from_mins(2);

/// Why a store has not been moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum MigrateError {
    /// Only one place is known.
    #[error("no database is configured")]
    NoDatabase,
    /// There is nothing to move.
    #[error("there is no store in {}", .0.display())]
    NoSource(PathBuf),
    /// One of the stores cannot be opened.
    #[error(transparent)]
    Open(#[from] RunError),
    /// The move has failed.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// Nobody reads the report; everything has been moved.
    #[error("everything is moved, but stdout cannot be written: {0}")]
    Output(#[source] io::Error),
}

impl MigrateError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoDatabase => {
                "both places must be known: set `store = \"postgres\"`, `postgres.dsn` and `blobs`, whichever way it goes"
            }
            Self::NoSource(_) => "name the relay's folder with --data",
            Self::Open(error) => return error.hint(),
            Self::Transfer(error) => transfer_hint(error),
            Self::Output(_) => "msg-relay check, once the relay runs, says whether all is well",
        };
        Some(hint.to_owned())
    }

    /// A word for programs.
    const fn code(&self) -> &'static str {
        match self {
            Self::NoDatabase => "usage",
            Self::NoSource(_) => "no-source",
            Self::Open(RunError::Lock(_) | RunError::Database(postgres::OpenError::Running)) => {
                "relay-runs"
            }
            Self::Open(_) => "store",
            Self::Transfer(TransferError::Damaged { .. }) => "damaged",
            Self::Transfer(TransferError::Occupied) => "exists",
            Self::Transfer(TransferError::OtherSource | TransferError::Unfinished) => "unfinished",
            Self::Transfer(TransferError::Store { error: StoreError::Full, .. }) => "full",
            Self::Transfer(TransferError::Differs { .. }) => "differs",
            Self::Transfer(_) => "unavailable",
            Self::Output(_) => "gone",
        }
    }

    /// Whether it is the configuration that is wrong.
    pub(crate) const fn is_usage(&self) -> bool {
        matches!(self, Self::NoDatabase)
    }

    fn report(&self) -> Report {
        let code = self.code().to_owned();
        Report::Error { code, message: self.to_string(), hint: self.hint() }
    }
}

const fn transfer_hint(error: &TransferError) -> &'static str {
    match error {
        TransferError::Damaged { .. } => {
            "restore a backup; or leave them behind with --skip-damaged"
        }
        TransferError::Occupied => {
            "move store.redb, or empty the database, first; but if an earlier run has told its checksum, all is there already"
        }
        TransferError::OtherSource => {
            "remove what has arrived, store.redb or the tables of the database, and begin again"
        }
        TransferError::Unfinished => "end that one first, in the same direction",
        TransferError::Differs { .. } => {
            "remove what has arrived and begin again; if it happens again, check both disks"
        }
        _ => "run it again: it goes on where it was cut off",
    }
}

/// Moves the store as the words say, and reports. What fails is also said as JSON
/// where that is wanted.
pub(crate) fn migrate(config: &Config, words: Migrate) -> Result<(), MigrateError> {
    let json = words.printing.json;
    let done = carry_out(config, words).and_then(|moved| {
        let report = Report::Migrated(report(config, words.to, &moved));
        admin::print(&report, json).map_err(MigrateError::Output)
    });
    if let Err(error) = &done
        && json
        && let Ok(line) = error.report().to_line()
    {
        // The error itself is what counts.
        let _ = output::data(&line);
    }
    done
}

fn carry_out(config: &Config, words: Migrate) -> Result<Moved, MigrateError> {
    let Engine::Postgres(database) = &config.engine else { return Err(MigrateError::NoDatabase) };
    if words.to == Destination::Postgres && !Redb::is_in(&config.data) {
        return Err(MigrateError::NoSource(config.data.clone()));
    }
    private::make_folder(&config.data).map_err(RunError::from)?;
    let _lock = DataLock::take(&config.data).map_err(RunError::from)?;
    let runtime =
        runtime::Builder::new_multi_thread().enable_all().build().map_err(RunError::Process)?;
    let moved = runtime.block_on(between(config, database, words));
    if let Err(MigrateError::Transfer(TransferError::Damaged { count, named })) = &moved {
        name("is damaged, or belongs to what is", named, *count);
    }
    let moved = moved?;
    name("is left behind", &moved.total.named, moved.total.damaged);
    Ok(moved)
}

async fn between(
    config: &Config,
    database: &Database,
    words: Migrate,
) -> Result<Moved, MigrateError> {
    let options = database_options(database)?;
    let options = postgres::Options { patience: PATIENCE, ..options };
    let nobody = Arc::new(Presence::default());
    let table = Postgres::open_to_move(options, nobody).await.map_err(RunError::from)?;
    let folder = folder(config, words.to)?;
    match words.to {
        Destination::Postgres => moved(&folder, &table, words.skip_damaged).await,
        Destination::Redb => moved(&table, &folder, words.skip_damaged).await,
    }
}

/// The store in the folder. A source is not written to: it needs no room.
fn folder(config: &Config, to: Destination) -> Result<Redb, MigrateError> {
    let options = folder_options(config);
    let options = match to {
        Destination::Redb => options,
        Destination::Postgres => redb::Options { ballast_bytes: 0, ..options },
    };
    let nobody = Arc::new(Presence::default());
    Ok(Redb::open_to_move(&config.data, options, nobody).map_err(RunError::from)?)
}

async fn moved<S: Portable, D: Portable>(
    source: &S,
    destination: &D,
    skip_damaged: bool,
) -> Result<Moved, MigrateError> {
    let mut told: Option<Instant> = None;
    let note = |step: Step| {
        let is_news = matches!(step, Step::Resumed(_));
        if is_news || told.is_none_or(|told| told.elapsed() >= TOLD_EACH) {
            told = Some(Instant::now());
            output::talk(&said(step));
        }
    };
    Ok(transfer(source, destination, skip_damaged, PageLimits::USUAL, note).await?)
}

fn said(step: Step) -> String {
    match step {
        Step::Read(side @ Side::Source, items) => format!("{items} items read at the {side}\n"),
        Step::Read(side @ Side::Destination, items) => {
            format!("{items} items read anew at the {side}\n")
        }
        Step::Copied(items, all) => format!("{items} of {all} items copied\n"),
        Step::Resumed(items) => format!("{items} items are there already; going on\n"),
    }
}

/// Says which rows cannot be read, as many as are named.
fn name(what: &str, named: &[Mark], count: u64) {
    for mark in named {
        output::talk(&format!("{mark} {what}\n"));
    }
    let more = count.saturating_sub(named.len() as u64);
    if more > 0 {
        output::talk(&format!("and {more} more\n"));
    }
}

fn report(config: &Config, to: Destination, moved: &Moved) -> Migrated {
    let (folder, database) =
        (config.data.to_string_lossy().into_owned(), "the database".to_owned());
    let (from, to, next) = match to {
        Destination::Postgres => (
            folder,
            database,
            vec![
                "start it with store = \"postgres\", postgres.dsn and blobs as they are now".to_owned(),
                "move store.redb away: a relay that starts on it again knows nothing of the database".to_owned(),
            ],
        ),
        Destination::Redb => (
            database,
            folder,
            vec![
                "set store = \"redb\", without postgres.* and blobs, and start it".to_owned(),
                "let no relay start on the database again".to_owned(),
            ],
        ),
    };
    let counts = Kind::ALL.iter().filter(|kind| **kind != Kind::Facts);
    Migrated {
        from,
        to,
        items: moved.total.items(),
        counts: counts.map(|kind| (kind.words().to_owned(), moved.total.count(*kind))).collect(),
        sha256: HEXLOWER.encode(&moved.total.sha256),
        left_behind: moved.total.damaged,
        next,
    }
}
