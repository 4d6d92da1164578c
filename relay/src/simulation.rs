//! Another machine in the place of this one, for one thread: its clock and its
//! randomness are a test's. Only with the feature `simulation`.

pub mod disk;

use std::{cell::RefCell, rc::Rc, time::Duration};

/// A machine.
pub trait Machine {
    /// The time since 1970, by its wall clock.
    fn since_1970(&self) -> Duration;

    /// Fills bytes with its randomness.
    fn fill(&self, bytes: &mut [u8]);
}

thread_local! {
    static MACHINE: RefCell<Option<Rc<dyn Machine>>> = const { RefCell::new(None) };
}

/// From now on this thread runs on that machine; on its own again without one.
pub fn run_on(machine: Option<Rc<dyn Machine>>) {
    MACHINE.set(machine);
}

/// The machine that this thread runs on, if it is not its own.
pub(crate) fn machine() -> Option<Rc<dyn Machine>> {
    MACHINE.with_borrow(Clone::clone)
}
