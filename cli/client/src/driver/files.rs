//! Files: sealed once, brought to our relay, fetched from the sender's, and opened
//! in their place when all of it has been checked.
//!
//! ```text
//! source ──seal──▶ payload on the shelf ──upload──▶ our relay      then its messages leave
//! their relay ──fetch──▶ payload on the shelf ──open──▶ a file      then it gets its name
//! ```
//!
//! What lies on the shelf is sealed, so that a kill leaves no plaintext, and is
//! sealed once: whatever becomes of the source, no key ever seals two contents. An
//! upload that was killed goes on with the pieces that the relay misses, a download
//! behind the pieces that are here. Nothing holds more than a few pieces in memory.

mod addressees;
mod error;
mod fetch;
mod open;
mod place;
mod seal;
mod send;
mod shelf;
mod source;
mod text;
mod unpack;
mod upload;

use std::{fmt, sync::Arc};

pub use self::{
    error::FileError,
    open::{Destination, Got},
    send::{FileSending, FileSent},
    source::Source,
    text::{MAX_SHOWN_BYTES, is_shown},
};

/// What a transfer is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A source is sealed.
    Sealing,
    /// It is brought to our relay.
    Uploading,
    /// It is fetched.
    Fetching,
    /// It is opened.
    Opening,
}

type Watcher = dyn Fn(Stage, u64, Option<u64>) + Send + Sync;

/// Who is told how far a transfer is: bytes that are done, and of how many.
#[derive(Clone)]
pub struct Progress(Arc<Watcher>);

impl Progress {
    /// Tells `watcher`, many times a second.
    pub fn new(watcher: impl Fn(Stage, u64, Option<u64>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(watcher))
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self::new(|_, _, _| {})
    }

    pub(crate) fn tell(&self, stage: Stage, done: u64, of: Option<u64>) {
        (self.0)(stage, done, of);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Progress(..)")
    }
}
