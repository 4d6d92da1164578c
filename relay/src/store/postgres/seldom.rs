//! What is said now and then, however often there is cause: a database that is away
//! is noticed by everybody at once.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Between two times.
const BETWEEN: Duration = Duration::from_secs(30);

/// When it was said last.
#[derive(Default)]
pub(super) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Whether it is to be said now.
    pub(super) fn is_due(&self) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.is_none_or(|at| at.elapsed() >= BETWEEN);
        if is_due {
            *said = Some(Instant::now());
        }
        is_due
    }
}
