//! Rows that are kept by a test, behind the sections of a profile. Only with the
//! feature `simulation`.

use super::{Rows, StoreError};
use crate::step::{Changes, Commit, Draft, Step};

/// Keeps rows.
pub trait Engine: Send + Sync {
    /// Shows the rows as they are to `look`, once.
    fn read(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), StoreError>;

    /// Makes changes durable, all or none.
    fn commit(&self, changes: Changes) -> Result<(), StoreError>;
}

struct Into<'a>(&'a dyn Engine);

impl Commit for Into<'_> {
    type Error = StoreError;

    fn commit(self, changes: Changes) -> Result<(), StoreError> {
        if changes.is_empty() { Ok(()) } else { self.0.commit(changes) }
    }
}

pub(super) fn section<T, E: From<StoreError>>(
    engine: &dyn Engine,
    decide: impl FnOnce(Draft<'_>) -> Result<Step<T>, E>,
) -> Result<T, E> {
    let step = look(engine, |rows| decide(Draft::new(rows)))?;
    Ok(step.commit(Into(engine))?)
}

pub(super) fn look<T, E: From<StoreError>>(
    engine: &dyn Engine,
    look: impl FnOnce(&dyn Rows) -> Result<T, E>,
) -> Result<T, E> {
    let (mut look, mut seen) = (Some(look), None);
    engine.read(&mut |rows| seen = look.take().map(|look| look(rows)))?;
    seen.unwrap_or_else(|| Err(StoreError::Full.into()))
}
