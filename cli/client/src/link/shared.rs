//! What the driver leaves for whoever has the link.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use msg_protocol::push::Push;
use tokio::sync::Notify;

use super::LinkError;

/// Pushes that nobody has taken yet, and the end.
#[derive(Debug, Default)]
pub(super) struct Shared {
    left: Mutex<Left>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Left {
    pushes: VecDeque<Push>,
    closure: Option<LinkError>,
}

impl Shared {
    /// Keeps a push. Envelopes are bounded by the credit that was given; of the
    /// others, which cost none, only the latest of each kind is kept.
    pub(super) fn push(&self, push: Push) {
        let mut left = self.left();
        if !push.costs_credit() {
            left.pushes.retain(|earlier| earlier.kind() != push.kind());
        }
        left.pushes.push_back(push);
        drop(left);
        self.changed.notify_waiters();
    }

    /// The link is closed. The first reason stands.
    pub(super) fn close(&self, reason: LinkError) {
        self.left().closure.get_or_insert(reason);
        self.changed.notify_waiters();
    }

    pub(super) fn closure(&self) -> Option<LinkError> {
        self.left().closure.clone()
    }

    /// Why nothing more comes.
    pub(super) fn error(&self) -> LinkError {
        self.closure().unwrap_or(LinkError::Here)
    }

    pub(super) async fn next_push(&self) -> Result<Push, LinkError> {
        self.wait(|left| match (left.pushes.pop_front(), left.closure.clone()) {
            (Some(push), _) => Some(Ok(push)),
            (None, closure) => closure.map(Err),
        })
        .await
    }

    pub(super) async fn closed(&self) -> LinkError {
        self.wait(|left| left.closure.clone()).await
    }

    /// Looks until there is something to see. The notice is ordered before each
    /// look, so that no change falls in between.
    async fn wait<T>(&self, mut look: impl FnMut(&mut Left) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            let seen = look(&mut self.left());
            if let Some(seen) = seen {
                return seen;
            }
            changed.await;
        }
    }

    /// A holder that panicked has left nothing half done: each change is one.
    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
