//! A store that is open, who it wakes, and how many run against it at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use msg_protocol::{id::MailboxId, response::Row};
use tokio::{sync::Barrier, task::JoinSet, time};

use super::{
    Engine,
    laboratory::{NOW, Person},
};
use crate::store::{
    Mailboxes as _, Store, Wake, Word,
    account::{Accounts as _, Creation},
    mailbox::{Appended, NewEnvelope},
};

/// How often each mailbox was said to have something new, and what was heard.
#[derive(Default)]
pub(crate) struct Wakes {
    counts: Mutex<HashMap<MailboxId, usize>>,
    words: Mutex<Vec<Word>>,
}

impl Wake for Wakes {
    fn wake(&self, mailbox: MailboxId) {
        *self.counts.lock().unwrap().entry(mailbox).or_default() += 1;
    }

    fn hear(&self, word: Word) {
        match word {
            Word::Arrived(mailbox) => self.wake(mailbox),
            word => self.words.lock().unwrap().push(word),
        }
    }

    fn here(&self) -> Vec<MailboxId> {
        Vec::new()
    }
}

impl Wakes {
    /// Waits until a mailbox has been woken more than `before` times.
    pub(crate) async fn after(&self, mailbox: MailboxId, before: usize) -> usize {
        for _ in 0..3_000 {
            let count = self.count(mailbox);
            if count > before {
                return count;
            }
            time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody was woken");
    }

    pub(crate) fn count(&self, mailbox: MailboxId) -> usize {
        self.counts.lock().unwrap().get(&mailbox).copied().unwrap_or(0)
    }

    /// Waits until that word was heard.
    pub(crate) async fn heard(&self, word: &Word) {
        for _ in 0..3_000 {
            if self.has_heard(word) {
                return;
            }
            time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody heard");
    }

    pub(crate) fn has_heard(&self, word: &Word) -> bool {
        self.words.lock().unwrap().contains(word)
    }
}

/// An engine with its store open.
pub(crate) struct World<E: Engine> {
    engine: E,
    pub(crate) store: Arc<E::Store>,
    pub(crate) wakes: Arc<Wakes>,
}

impl<E: Engine> World<E> {
    /// An empty store.
    pub(crate) async fn new() -> Self {
        let engine = E::fresh();
        let wakes = Arc::new(Wakes::default());
        let store = Arc::new(engine.open(wakes.clone()).await);
        Self { engine, store, wakes }
    }

    /// A store with that account.
    pub(crate) async fn with(person: Person) -> Self {
        let world = Self::new().await;
        world.register(person).await;
        world
    }

    pub(crate) async fn register(&self, person: Person) {
        let created = self.store.create_account(person.registration(), NOW).await;
        assert_eq!(created, Ok(Creation::Created));
    }

    /// The same place, opened again.
    pub(crate) async fn reopen(self) -> Self {
        let Self { engine, store, wakes } = self;
        assert_eq!(Arc::strong_count(&store), 1, "somebody still uses the store");
        drop(store);
        let store = Arc::new(engine.open(wakes.clone()).await);
        Self { engine, store, wakes }
    }

    /// The same for a move that has not ended.
    pub(crate) async fn reopen_arriving(self) -> Self {
        let Self { engine, store, wakes } = self;
        drop(store);
        let store = Arc::new(engine.open_to_move(wakes.clone()).await);
        Self { engine, store, wakes }
    }

    /// Appends what must be stored.
    pub(crate) async fn append(&self, envelope: NewEnvelope) {
        assert_eq!(self.store.append(envelope).await, Ok(Appended::Stored));
    }

    /// All that waits in a mailbox.
    pub(crate) async fn rows(&self, mailbox: MailboxId) -> Vec<Row> {
        self.store.collect(mailbox, 0, usize::MAX, usize::MAX, NOW).await.unwrap().rows
    }

    /// Runs so many at once, each with its number, and gives what they gave in
    /// the order of their numbers.
    pub(crate) async fn race<T, F>(
        &self,
        count: usize,
        run: impl Fn(Arc<E::Store>, usize) -> F,
    ) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let start = Arc::new(Barrier::new(count));
        let mut runs = JoinSet::new();
        for number in 0..count {
            let (start, run) = (start.clone(), run(self.store.clone(), number));
            runs.spawn(async move {
                start.wait().await;
                (number, run.await)
            });
        }
        let mut given = runs.join_all().await;
        given.sort_by_key(|(number, _)| *number);
        given.into_iter().map(|(_, value)| value).collect()
    }
}

/// Sweeps until nothing is left that is over; gives envelopes and blobs removed.
pub(crate) async fn sweep_all<S: Store>(store: &S, now: crate::store::RelayTime) -> (u64, u64) {
    let (mut envelopes, mut blobs) = (0, 0);
    for _ in 0..10_000 {
        let swept = store.sweep(now).await.unwrap();
        envelopes += swept.envelopes;
        blobs += swept.blobs;
        if !swept.more {
            return (envelopes, blobs);
        }
    }
    panic!("sweeping comes to no end");
}
