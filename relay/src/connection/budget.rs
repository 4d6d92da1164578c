//! What all links together may make the relay hold.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::limits::Limits;

/// Bytes that any link may hold, however much the others do.
const FREE_BYTES: usize = 8 * 1024;

/// Bytes that all links hold.
#[derive(Debug, Default)]
pub struct Budget {
    held: AtomicUsize,
}

impl Budget {
    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// What one link holds of it.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    held: usize,
}

impl Share {
    pub(super) fn of(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), held: 0 }
    }

    /// The link holds so many bytes now.
    pub(super) fn hold(&mut self, bytes: usize) {
        if bytes > self.held {
            self.budget.held.fetch_add(bytes - self.held, Ordering::Relaxed);
        } else if bytes < self.held {
            self.budget.held.fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
    }

    /// Whether nothing more is to be read from this link. Whatever is in flight
    /// still lands, so this passes; and a link that holds next to nothing is read
    /// all the same: those who hold much must not silence those who sign in, ask
    /// little or acknowledge.
    pub(super) fn is_over(&self, limits: &Limits) -> bool {
        let held = u64::try_from(self.budget.held()).unwrap_or(u64::MAX);
        held >= limits.all_request_bytes && self.held > FREE_BYTES
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.hold(0);
    }
}
