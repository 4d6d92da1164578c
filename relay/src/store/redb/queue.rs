//! What waits for the writer: envelopes in the order of their sequence numbers,
//! and every other change between them.

use std::collections::VecDeque;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::batch::Batch;
use crate::store::{Result, StoreError};

/// Most envelopes and changes of one commit.
pub(crate) const BATCH_JOBS: usize = 1_024;
/// Most bytes of one commit.
pub(crate) const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// A change that a commit may hold. It is applied again when another change of
/// its batch fails.
pub(crate) trait Change: Send {
    /// Makes the change. An error undoes all that it did.
    fn apply(&mut self, batch: &mut Batch<'_>) -> Result<()>;

    /// Tells who asked: that it is durable, or that it failed.
    fn settle(self: Box<Self>, outcome: Result<()>);
}

/// A closure that makes a change, and who waits for what it gives.
pub(crate) struct Call<F, T> {
    run: F,
    given: Option<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<F, T> Call<F, T> {
    /// A change, and where its outcome will come.
    pub(crate) fn new(run: F) -> (Self, oneshot::Receiver<Result<T>>) {
        let (answer, waiting) = oneshot::channel();
        (Self { run, given: None, answer }, waiting)
    }
}

impl<T: Send, F: FnMut(&mut Batch<'_>) -> Result<T> + Send> Change for Call<F, T> {
    fn apply(&mut self, batch: &mut Batch<'_>) -> Result<()> {
        self.given = None;
        self.given = Some((self.run)(batch)?);
        Ok(())
    }

    fn settle(self: Box<Self>, outcome: Result<()>) {
        let Self { given, answer, .. } = *self;
        let given = outcome.and_then(|()| given.ok_or(StoreError::Unavailable));
        // Who asked may have gone: the change stands.
        let _ = answer.send(given);
    }
}

/// A change with what the writer must know of it.
pub(crate) struct Job {
    /// The change.
    pub(crate) change: Box<dyn Change>,
    /// Bytes that it writes, roughly.
    pub(crate) bytes: usize,
    /// Whether it frees room: it is tried again once the ballast is gone.
    pub(crate) frees: bool,
    /// Its place in the queue.
    pub(crate) _slot: OwnedSemaphorePermit,
}

/// What the writer does next.
pub(crate) enum Work {
    /// The envelope with that sequence number, of that many bytes, and its place
    /// in the queue.
    Append(u64, usize, OwnedSemaphorePermit),
    /// Another change.
    Change(Job),
    /// Giving room back to the file system, which needs the store alone.
    Compact(oneshot::Sender<Result<(u64, u64)>>),
}

impl Work {
    fn bytes(&self) -> usize {
        match self {
            Self::Append(_, bytes, _) => *bytes,
            Self::Change(job) => job.bytes,
            Self::Compact(_) => BATCH_BYTES,
        }
    }
}

/// Takes what goes into one commit; a compaction goes alone.
pub(crate) fn take_batch(queue: &mut VecDeque<Work>) -> Vec<Work> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while let Some(next) = queue.front() {
        bytes += next.bytes();
        if batch.len() >= BATCH_JOBS || (!batch.is_empty() && bytes > BATCH_BYTES) {
            break;
        }
        batch.extend(queue.pop_front());
    }
    batch
}
