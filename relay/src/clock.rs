//! The three clocks of a relay.
//!
//! Moments for the deadlines of links, relay time for what expires, and the wall
//! clock for what people and other devices write and read. Only the last can
//! jump: it turns their times into relay time, and decides nothing after that.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use msg_protocol::time::{Moment, UnixSeconds};
use tokio::time::Instant;

use crate::store::RelayTime;

/// Seconds of a day.
pub(crate) const DAY_S: u64 = 24 * 60 * 60;

/// The clocks of one run.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    base: RelayTime,
    /// Seconds by which another node was ahead.
    ahead_s: AtomicU64,
}

impl Clock {
    /// Starts, with the store's time as it was last kept.
    pub fn start(base: RelayTime) -> Self {
        Self { started: Instant::now(), base, ahead_s: AtomicU64::new(0) }
    }

    /// Milliseconds since the start.
    pub fn moment(&self) -> Moment {
        Moment(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When a moment comes, for timers.
    pub fn instant(&self, moment: Moment) -> Instant {
        self.started + Duration::from_millis(moment.0)
    }

    /// What things expire by.
    pub fn relay_time(&self) -> RelayTime {
        self.own_time().plus_s(self.ahead_s.load(Ordering::Relaxed))
    }

    /// Relay time is at least that from now on: nodes that share a store go by the
    /// one of them that is ahead.
    pub fn catch_up(&self, time: RelayTime) {
        self.ahead_s.fetch_max(self.own_time().until(time), Ordering::Relaxed);
    }

    fn own_time(&self) -> RelayTime {
        self.base.plus_s(self.started.elapsed().as_secs())
    }

    /// What a wall clock's time will be in relay time, if the wall clock is right now.
    pub fn in_relay_time(&self, wall: UnixSeconds) -> RelayTime {
        self.relay_time().plus_s(wall.0.saturating_sub(Self::wall().0))
    }

    /// What a relay time will be on the wall clock, if that is right now.
    pub fn on_wall(&self, time: RelayTime) -> UnixSeconds {
        UnixSeconds(Self::wall().0.saturating_add(self.relay_time().until(time)))
    }

    /// The wall clock.
    pub fn wall() -> UnixSeconds {
        UnixSeconds(since_1970().as_secs())
    }
}

/// The time since 1970, by the wall clock; none before that.
pub(crate) fn since_1970() -> Duration {
    #[cfg(any(test, feature = "simulation"))]
    if let Some(machine) = crate::simulation::machine() {
        return machine.since_1970();
    }
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
