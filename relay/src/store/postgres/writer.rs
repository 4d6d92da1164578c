//! Group commit: each writer has a connection and takes what has gathered for
//! its mailboxes, in one transaction and one trip to the database.
//!
//! ```text
//! queue -> up to a batch, in the order of mailboxes -> BEGIN … COMMIT -> answers
//!                                   \-> something failed: each by itself
//! ```
//!
//! A mailbox always has the same writer, so its envelopes stay in their order,
//! and two writers of one node never wait for each other. Those of several nodes
//! lock mailboxes in one order.

use core::iter::repeat;
use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use msg_protocol::id::MailboxId;
use tokio::{
    join,
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_postgres::types::ToSql;

use super::{
    deposit::{self, Deposit},
    failure::Failure,
    line::Line,
    nodes::Neighbours,
    pool::{FENCE, Pool, random_fence},
    removal::{self, Acknowledgement},
};
use crate::store::{
    self, StoreError,
    mailbox::{Acknowledged, Appended, Entry, NewEnvelope},
};

/// Jobs that share a commit.
const BATCH: usize = 64;
/// Jobs that wait for a writer.
const QUEUE: usize = 4_096;
/// How often a batch is tried that other transactions were in the way of.
const TRIES: u32 = 3;

/// All writers.
pub(super) struct Writers {
    queues: Vec<mpsc::Sender<Job>>,
    patience: Duration,
}

/// Something to write, and who waits for it.
enum Job {
    Append(Box<NewEnvelope>, oneshot::Sender<store::Result<Appended>>),
    Acknowledge(MailboxId, Acknowledged, oneshot::Sender<store::Result<()>>),
}

impl Writers {
    /// Starts so many.
    pub(super) fn start(pool: &Arc<Pool>, neighbours: &Arc<Neighbours>, count: usize) -> Self {
        let start = |_| {
            let (sender, queue) = mpsc::channel(QUEUE);
            let (pool, neighbours) = (Arc::clone(pool), Arc::clone(neighbours));
            tokio::spawn(Writer { pool, neighbours, line: None, fence: random_fence() }.run(queue));
            sender
        };
        Self { queues: (0..count.max(1)).map(start).collect(), patience: pool.patience() }
    }

    /// Keeps an envelope.
    pub(super) async fn append(&self, new: NewEnvelope) -> store::Result<Appended> {
        let mailbox = new.envelope.mailbox;
        self.ask(mailbox, |answer| Job::Append(Box::new(new), answer)).await
    }

    /// Forgets envelopes.
    pub(super) async fn acknowledge(
        &self,
        mailbox: MailboxId,
        which: Acknowledged,
    ) -> store::Result<()> {
        self.ask(mailbox, |answer| Job::Acknowledge(mailbox, which, answer)).await
    }

    async fn ask<T>(
        &self,
        mailbox: MailboxId,
        job: impl FnOnce(oneshot::Sender<store::Result<T>>) -> Job,
    ) -> store::Result<T> {
        let (answer, answered) = oneshot::channel();
        let first = mailbox.as_bytes().first_chunk().copied().map_or(0, u64::from_be_bytes);
        let number = first % self.queues.len() as u64;
        let writer = usize::try_from(number).ok().and_then(|number| self.queues.get(number));
        let writer = writer.ok_or(StoreError::Unavailable)?;
        let wait = async {
            writer.send(job(answer)).await.map_err(|_| StoreError::Unavailable)?;
            answered.await.unwrap_or(Err(StoreError::Unavailable))
        };
        timeout(self.patience, wait).await.unwrap_or(Err(StoreError::Unavailable))
    }
}

impl Job {
    const fn mailbox(&self) -> MailboxId {
        match self {
            Self::Append(new, _) => new.envelope.mailbox,
            Self::Acknowledge(mailbox, ..) => *mailbox,
        }
    }

    /// Who waited has given up, and takes the outcome as unknown.
    fn is_given_up(&self) -> bool {
        match self {
            Self::Append(_, answer) => answer.is_closed(),
            Self::Acknowledge(.., answer) => answer.is_closed(),
        }
    }
}

struct Writer {
    pool: Arc<Pool>,
    neighbours: Arc<Neighbours>,
    line: Option<Line>,
    fence: i32,
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut jobs, BATCH).await > 0 {
            jobs.retain(|job| !job.is_given_up());
            jobs.sort_by_key(Job::mailbox);
            let outcomes = self.commit(&jobs).await;
            self.settle(jobs.drain(..), outcomes);
        }
    }

    /// Writes all of them and commits; `None` if they may not have been written.
    /// Otherwise says of each whether it was done.
    async fn commit(&mut self, jobs: &[Job]) -> Option<Vec<bool>> {
        for _ in 0..TRIES {
            let slot = self.fence;
            let fence = [&slot as &(dyn ToSql + Sync)];
            let line = self.line().await?;
            // All are sent before the first has been answered, in this order.
            let begin = line.begin();
            let work = join_all(jobs.iter().map(|job| write(line, job)));
            let fenced = line.execute(FENCE, &fence);
            let (opened, done, fenced, ended) = join!(begin, work, fenced, line.commit());
            let done: Result<Vec<bool>, Failure> = done.into_iter().collect();
            let settled = opened.and(fenced.map(drop)).and(ended);
            match (done, settled) {
                (Ok(done), Ok(())) => {
                    self.pool.count_commit();
                    return Some(done);
                }
                // What failed has taken the others back with it.
                (Err(Failure::Again), _) | (Ok(_), Err(Failure::Again)) => (),
                (Err(Failure::Lost), _) | (Ok(_), Err(Failure::Lost)) => {
                    self.line = None;
                    return None;
                }
                _ => return None,
            }
        }
        None
    }

    /// A good connection with all that it needs prepared.
    async fn line(&mut self) -> Option<&Line> {
        if self.line.as_ref().is_none_or(|line| !line.is_good()) {
            self.line = None;
            let line = self.pool.dialer().dial(None).await.ok()?;
            for sql in removal::STATEMENTS.into_iter().chain([deposit::APPEND, FENCE]) {
                line.statement(sql).await.ok()?;
            }
            self.line = Some(line);
        }
        self.line.as_ref()
    }

    /// Answers what was done, and has the rest done one by one.
    fn settle(&self, jobs: impl Iterator<Item = Job>, outcomes: Option<Vec<bool>>) {
        let outcomes = outcomes.unwrap_or_default().into_iter().chain(repeat(false));
        for (job, done) in jobs.zip(outcomes) {
            match job {
                Job::Append(new, answer) if done => {
                    self.neighbours.arrived(new.envelope.mailbox);
                    // Who asked may have gone: the envelope stands.
                    let _ = answer.send(Ok(Appended::Stored));
                }
                Job::Acknowledge(.., answer) if done => {
                    let _ = answer.send(Ok(()));
                }
                job => {
                    let (pool, neighbours) = (Arc::clone(&self.pool), Arc::clone(&self.neighbours));
                    tokio::spawn(alone(pool, neighbours, job));
                }
            }
        }
    }
}

/// Does a job in a transaction of its own.
async fn alone(pool: Arc<Pool>, neighbours: Arc<Neighbours>, job: Job) {
    match job {
        Job::Append(new, answer) => {
            let mailbox = new.envelope.mailbox;
            let outcome = pool.change(Deposit(*new)).await;
            if outcome == Ok(Appended::Stored) {
                neighbours.arrived(mailbox);
            }
            let _ = answer.send(outcome);
        }
        Job::Acknowledge(mailbox, which, answer) => {
            let _ = answer.send(pool.change(Acknowledgement(mailbox, which)).await);
        }
    }
}

async fn write(line: &Line, job: &Job) -> Result<bool, Failure> {
    match job {
        Job::Append(new, _) if new.entry == Entry::Door => deposit::append(line, new).await,
        // A knock is looked at by itself.
        Job::Append(..) => Ok(false),
        Job::Acknowledge(mailbox, which, _) => {
            removal::acknowledge(line, *mailbox, *which).await.map(|()| true)
        }
    }
}
