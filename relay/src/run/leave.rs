//! How a relay leaves that has been told to stop: balancers are told, links still
//! come for as long as it takes them to hear, and then what is in flight is
//! answered.

use std::{future::pending, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tracing::info;

use crate::{service::Service, store::Store};

/// Where a relay is in leaving.
pub(super) struct Leave {
    stop: watch::Sender<bool>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Links still come, until then.
    Leaving(Instant),
    Draining,
}

impl Leave {
    /// Nobody has said so yet; `stop` is what drains.
    pub(super) const fn new(stop: watch::Sender<bool>) -> Self {
        Self { stop, stage: Stage::Serving }
    }

    /// Whether the relay has been told to stop.
    pub(super) fn has_begun(&self) -> bool {
        self.stage != Stage::Serving
    }

    /// The relay has been told to stop.
    pub(super) fn begin<S: Store>(&mut self, service: &Service<S>) {
        let seconds = service.limits().leave_s;
        if seconds == 0 {
            return self.drain(service);
        }
        info!(seconds, "leaving: links still come for a while; a second signal stops at once");
        self.stage = Stage::Leaving(Instant::now() + Duration::from_secs(seconds));
    }

    /// When no more links come.
    pub(super) async fn over(&self) {
        match self.stage {
            Stage::Leaving(until) => sleep_until(until).await,
            Stage::Serving | Stage::Draining => pending().await,
        }
    }

    /// No more links come, and those that are there finish.
    pub(super) fn drain<S: Store>(&mut self, service: &Service<S>) {
        info!(
            links = service.presence().links(),
            "stopping once what is in flight is answered; a second signal stops at once"
        );
        self.stage = Stage::Draining;
        self.stop.send_replace(true);
    }
}
