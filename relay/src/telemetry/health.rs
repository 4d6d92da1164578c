//! Whether the relay is well: for its operator, and for balancers that ask which
//! node may have the next link.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, timeout};

use crate::{service::Service, store::Store};

/// How long a store that nodes share may be out of reach before that is said: a
/// database that changes its primary is soon back, at all nodes alike.
const PATIENCE: Duration = Duration::from_secs(5);
/// In which the store must answer.
const TIME: Duration = Duration::from_secs(2);

/// Whether the relay is well, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It takes no links yet.
    Starting,
    /// It takes all that it grants.
    Ok,
    /// Below the floor of free space: no deposits.
    NoRoom,
    /// The store does not answer.
    NoStore,
    /// It has been told to stop.
    Leaving,
}

impl Health {
    /// The word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ok => "ok",
            Self::NoRoom => "no room",
            Self::NoStore => "store out of reach",
            Self::Leaving => "draining",
        }
    }

    /// Whether a device may be sent here. One without room still gives out and
    /// forgets what it has, and that is what makes room.
    pub(crate) const fn takes_links(self) -> bool {
        matches!(self, Self::Ok | Self::NoRoom)
    }
}

/// What there is to know it from.
pub(crate) struct Vitals<S> {
    service: OnceLock<Arc<Service<S>>>,
    leaving: AtomicBool,
    well_at: Mutex<Option<Instant>>,
}

impl<S> Default for Vitals<S> {
    /// Of a relay that starts.
    fn default() -> Self {
        Self {
            service: OnceLock::new(),
            leaving: AtomicBool::new(false),
            well_at: Mutex::new(None),
        }
    }
}

impl<S: Store> Vitals<S> {
    /// The relay serves from now on.
    pub(crate) fn serves(&self, service: Arc<Service<S>>) {
        // It does so once.
        let _ = self.service.set(service);
    }

    /// It has been told to stop.
    pub(crate) fn leaves(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether the relay is well.
    pub(crate) async fn health(&self) -> Health {
        if self.leaving.load(Ordering::Relaxed) {
            return Health::Leaving;
        }
        let Some(service) = self.service.get() else { return Health::Starting };
        let found = timeout(TIME, service.store().has_room()).await;
        let patience = if service.store().shared() { PATIENCE } else { Duration::ZERO };
        self.judge(found.ok().and_then(Result::ok), patience)
    }

    fn judge(&self, has_room: Option<bool>, patience: Duration) -> Health {
        let mut well_at = self.well_at.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(has_room) = has_room else {
            let was_well = well_at.is_some_and(|at| at.elapsed() < patience);
            return if was_well { Health::Ok } else { Health::NoStore };
        };
        *well_at = Some(Instant::now());
        if has_room { Health::Ok } else { Health::NoRoom }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;

    #[test]
    fn a_store_that_nodes_share_is_waited_for_and_one_of_our_own_is_not() {
        let vitals = Vitals::<Memory>::default();
        assert_eq!(vitals.judge(None, PATIENCE), Health::NoStore, "it was never there");
        assert_eq!(vitals.judge(Some(true), PATIENCE), Health::Ok);
        assert_eq!(vitals.judge(None, PATIENCE), Health::Ok);
        assert_eq!(vitals.judge(None, Duration::ZERO), Health::NoStore);
        *vitals.well_at.lock().unwrap() = Instant::now().checked_sub(PATIENCE);
        assert_eq!(vitals.judge(None, PATIENCE), Health::NoStore);
        assert_eq!(vitals.judge(Some(false), PATIENCE), Health::NoRoom);
        assert!(Health::NoRoom.takes_links() && !Health::NoStore.takes_links());
    }
}
