//! What a relay does by itself: it removes what has expired, a little at a time,
//! and keeps its clock.

use std::{sync::Arc, time::Duration};

use msg_protocol::time::UnixSeconds;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::{
    clock::Clock,
    service::Service,
    store::{
        Store,
        upkeep::{BETWEEN_SWEEPS, Swept},
    },
};

/// Between two sweeps when there is nothing more to remove, and when there is.
const PAUSE: (Duration, Duration) = (BETWEEN_SWEEPS, Duration::from_millis(100));

/// How often it is looked whether the machine has slept, and for how long it has then.
const LOOK: Duration = Duration::from_secs(1);
const SLEPT_S: u64 = 5;

/// Sweeps until it is dropped.
pub(super) async fn sweep<S: Store>(service: Arc<Service<S>>) {
    loop {
        let pause = match service.store().sweep(service.clock().relay_time()).await {
            Ok(swept) => {
                note(&swept);
                keep_pace(&service).await;
                if swept.more { PAUSE.1 } else { PAUSE.0 }
            }
            Err(error) => {
                warn!(error = %error, "cannot remove what has expired");
                PAUSE.0
            }
        };
        rest(&service, pause).await;
    }
}

/// Waits, and finds its time anew when the machine has slept meanwhile: no moment has
/// passed then, and other nodes are ahead.
async fn rest<S: Store>(service: &Service<S>, pause: Duration) {
    let (began, wall) = (Instant::now(), Clock::wall());
    let mut noticed_s = 0;
    while began.elapsed() < pause {
        sleep(LOOK.min(pause.saturating_sub(began.elapsed()))).await;
        let slept_s = slept_s(began.elapsed(), wall, Clock::wall());
        if slept_s > noticed_s + SLEPT_S {
            noticed_s = slept_s;
            keep_pace(service).await;
        }
    }
}

/// What passed between two looks at the wall clock beside what has passed for us.
fn slept_s(passed: Duration, before: UnixSeconds, after: UnixSeconds) -> u64 {
    after.0.saturating_sub(before.0).saturating_sub(passed.as_secs())
}

/// Nodes that share a store keep their time in it, each when it sweeps.
async fn keep_pace<S: Store>(service: &Service<S>) {
    if service.store().shared()
        && let Ok(time) = service.store().time(Clock::wall()).await
    {
        service.clock().catch_up(time);
    }
}

fn note(swept: &Swept) {
    let Swept { envelopes, blobs, rights, .. } = *swept;
    if envelopes + blobs + rights > 0 {
        debug!(envelopes, blobs, rights, "expired");
    }
}

#[cfg(test)]
mod tests {
    use msg_protocol::version::Registration;

    use super::*;
    use crate::{
        limits::Limits,
        presence::Presence,
        service::Policy,
        store::{RelayTime, Upkeep as _, memory::Memory},
        telemetry::figures::Figures,
    };

    fn node(time: u64, open: impl FnOnce(Arc<Presence>) -> Memory) -> Service<Memory> {
        let presence = Arc::new(Presence::default());
        let policy = Policy { registration: Registration::Open, exempt_loopback: true };
        let clock = Clock::start(RelayTime(time));
        let (limits, figures) = (Limits::default(), Arc::new(Figures::default()));
        Service::new(open(Arc::clone(&presence)), presence, limits, policy, clock, figures)
    }

    #[test]
    fn a_machine_that_has_slept_is_behind_its_wall_clock() {
        let slept = |passed, wall| {
            slept_s(Duration::from_secs(passed), UnixSeconds(1_000), UnixSeconds(wall))
        };
        assert_eq!(slept(10, 1_010), 0);
        assert_eq!(slept(10, 4_610), 3_600);
        assert_eq!(slept(10, 5), 0, "a wall clock that was set back says nothing");
    }

    #[tokio::test]
    async fn a_node_that_is_behind_catches_up_and_none_goes_back() {
        let behind = node(1_000, |presence| Memory::new(presence).unwrap());
        let ahead = node(9_000, |presence| behind.store().node(presence));
        for node in [&behind, &ahead] {
            node.store().sweep(node.clock().relay_time()).await.unwrap();
        }
        for node in [&ahead, &behind] {
            keep_pace(node).await;
            assert!((9_000..9_100).contains(&node.clock().relay_time().0));
        }
    }
}
