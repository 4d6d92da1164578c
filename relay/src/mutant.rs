//! Defects that a test plants to see its oracle object: one at a time, on one thread.
//! Without the feature `mutants`, which nothing that is shipped has, there are none.

/// A defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A deposit is answered before it is in the store.
    AcknowledgesEarly,
    /// A commit is not synced.
    SkipsSync,
}

#[cfg(feature = "mutants")]
pub use self::planting::plant;

/// Whether that one is there.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn is_planted(_: Mutant) -> bool {
    false
}

/// Whether that one is there.
#[cfg(feature = "mutants")]
pub(crate) fn is_planted(mutant: Mutant) -> bool {
    planting::planted() == Some(mutant)
}

#[cfg(feature = "mutants")]
mod planting {
    use std::cell::Cell;

    use super::Mutant;

    thread_local! {
        static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// From now on this thread has that defect; none without one.
    pub fn plant(mutant: Option<Mutant>) {
        PLANTED.set(mutant);
    }

    pub(super) fn planted() -> Option<Mutant> {
        PLANTED.get()
    }
}
