//! What a relay does by itself: it removes what has expired, a little at a time,
//! and keeps its clock.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tracing::{debug, warn};

use crate::{
    service::Service,
    store::{
        Store,
        upkeep::{BETWEEN_SWEEPS, Swept},
    },
};

/// Between two sweeps when there is nothing more to remove, and when there is.
const PAUSE: (Duration, Duration) = (BETWEEN_SWEEPS, Duration::from_millis(100));

/// Sweeps until it is dropped.
pub(super) async fn sweep<S: Store>(service: Arc<Service<S>>) {
    loop {
        let pause = match service.store().sweep(service.clock().relay_time()).await {
            Ok(swept) => {
                note(&swept);
                if swept.more { PAUSE.1 } else { PAUSE.0 }
            }
            Err(error) => {
                warn!(error = %error, "cannot remove what has expired");
                PAUSE.0
            }
        };
        sleep(pause).await;
    }
}

fn note(swept: &Swept) {
    let Swept { envelopes, blobs, rights, .. } = *swept;
    if envelopes + blobs + rights > 0 {
        debug!(envelopes, blobs, rights, "expired");
    }
}
