//! Another machine in the place of this one, for one thread: its clock and its
//! randomness are a test's, and long work is done at once, between two pauses in
//! which anything may happen. Only with the feature `simulation`.

use std::{cell::RefCell, path::Path, rc::Rc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::lock::{Lock, LockError};

/// Between two looks at a lock that somebody else has.
const LOOK: Duration = Duration::from_millis(10);

/// A machine.
pub trait Machine {
    /// The time since 1970, by its wall clock.
    fn since_1970(&self) -> Duration;

    /// Fills bytes with its randomness.
    fn fill(&self, bytes: &mut [u8]);

    /// How long something takes that is done aside.
    fn pause(&self) -> Duration;
}

thread_local! {
    static MACHINE: RefCell<Option<Rc<dyn Machine>>> = const { RefCell::new(None) };
}

/// From now on this thread runs on that machine; on its own again without one.
pub fn run_on(machine: Option<Rc<dyn Machine>>) {
    MACHINE.set(machine);
}

/// The machine that this thread runs on, if it is not its own.
pub(super) fn machine() -> Option<Rc<dyn Machine>> {
    MACHINE.with_borrow(Clone::clone)
}

/// How long something takes that is done aside there.
pub(super) fn pause() -> Option<Duration> {
    machine().map(|machine| machine.pause())
}

/// Waits for a lock without standing in the way of who has it.
pub(super) async fn lock(path: &Path, what: &str, wait: Duration) -> Result<Lock, LockError> {
    let until = Instant::now() + wait;
    loop {
        match Lock::acquire(path, what, Duration::ZERO) {
            Err(LockError::Busy { .. }) if Instant::now() < until => {
                sleep(LOOK + pause().unwrap_or_default()).await;
            }
            outcome => return outcome,
        }
    }
}
