//! The engine in a database under test: one suite with all engines, as servers
//! are usually set, and where every transaction is SERIALIZABLE, which stands in
//! for databases that know nothing else.

mod cluster;
mod faults;
pub(super) mod in_database;
mod servers;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use msg_protocol::id::MailboxId;

use self::in_database::{InDatabase, Serializable};
use super::Options;
use crate::{
    store::{Wake, Word, conformance},
    test_folder::Folder,
};

/// A folder for the pieces of blobs.
fn blobs() -> Folder {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Folder::new(&format!("postgres-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// For a server of which nobody asks who follows it, and which is not waited for
/// long.
fn options(dsn: String, blobs: &Folder) -> Options {
    let patience = Duration::from_secs(2);
    let options = Options::new(dsn, format!("file://{}", blobs.path().display()));
    Options { allow_single_node: true, patience, ..options }
}

/// Nobody is here.
pub(super) struct Asleep;

impl Wake for Asleep {
    fn wake(&self, _: MailboxId) {}

    fn hear(&self, _: Word) {}

    fn here(&self) -> Vec<MailboxId> {
        Vec::new()
    }
}

mod read_committed {
    use super::*;

    conformance::suite!(InDatabase);
    conformance::durable_suite!(InDatabase);
}

mod serializable {
    use super::*;

    conformance::suite!(Serializable);
}
