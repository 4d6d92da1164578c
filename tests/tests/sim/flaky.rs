//! A store whose every verb takes its time, and which is full or fails when a fault
//! says so: before it has done anything, or when it has done all.
//!
//! A verb of the engine behind it ends within one poll, so that the order of what
//! happens is the seed's alone, even if the engine has a thread of its own.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use msg_protocol::{
    address::{AccountName, Pin},
    id::{AccountId, BlobId, DeviceId, MailboxId, RecordId, RelayEpoch},
    secret::SaltedHash,
    time::UnixSeconds,
};
use msg_relay::{
    quota::{TooOften, bucket::Rate},
    store::{
        Accounts, Blobs, Mailboxes, Maintenance, Nodes, Prekeys, Records, RelayTime, Result,
        Rights, Store, StoreError, Upkeep, Word,
        account::{Account, AccountChange, CardPage, Changed, Creation, Device, NewAccount, Whose},
        blob::{BlobState, ChunkKept, NewChunk, StoredChunk},
        mailbox::{Acknowledged, Appended, NewEnvelope, RowPage, Waiting},
        nodes::BucketKey,
        prekey::{NewPrekeys, PrekeyStock, Published, Taken, Taking},
        record::{Kept, RecordLimits, RecordPage},
        right::{Added, KnockRight, RightId, StoredInvite},
        upkeep::{Checked, Holdings, StoreFigures, Swept},
    },
};
use tokio::time::sleep;

use crate::machine::{chance, pause};

/// How a store is.
#[derive(Debug, Default)]
pub(crate) struct Mood {
    /// Of a thousand verbs, how many fail without a reason.
    fails: AtomicU64,
    /// Of a thousand that take room, how many find none.
    full: AtomicU64,
}

impl Mood {
    pub(crate) fn set(&self, fails: u64, full: u64) {
        self.fails.store(fails, Ordering::Relaxed);
        self.full.store(full, Ordering::Relaxed);
    }
}

/// A store in a mood.
pub(crate) struct Flaky<S> {
    pub(crate) inner: S,
    mood: Arc<Mood>,
}

impl<S> Flaky<S> {
    pub(crate) const fn new(inner: S, mood: Arc<Mood>) -> Self {
        Self { inner, mood }
    }

    async fn around<T>(
        &self,
        takes_room: bool,
        verb: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        sleep(pause()).await;
        if takes_room && chance(self.mood.full.load(Ordering::Relaxed)) {
            return Err(StoreError::Full);
        }
        let fails = chance(self.mood.fails.load(Ordering::Relaxed));
        if fails && chance(500) {
            return Err(StoreError::Unavailable);
        }
        let done = at_once(verb);
        sleep(pause()).await;
        if fails { Err(StoreError::Unavailable) } else { done }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread: no virtual time passes meanwhile.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = std::pin::pin!(tokio::task::unconstrained(future));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

macro_rules! verbs {
    ($trait:ident { $($verb:ident [$room:literal] ($($name:ident: $type:ty),*) -> $output:ty;)* }) => {
        impl<S: Store> $trait for Flaky<S> {
            $(async fn $verb(&self, $($name: $type),*) -> Result<$output> {
                self.around($room, self.inner.$verb($($name),*)).await
            })*
        }
    };
}

verbs!(Accounts {
    create_account [true] (account: NewAccount, now: RelayTime) -> Creation;
    account [false] (whose: Whose<'_>) -> Option<Account>;
    device [false] (account: AccountId, device: DeviceId) -> Option<Device>;
    cards [false] (account: AccountId, from: u32, limit: usize) -> CardPage;
    change_account [true] (account: AccountId, by: Option<SaltedHash>, change: AccountChange) -> Changed;
    delete_account [false] (account: AccountId, by: Option<SaltedHash>) -> Changed;
    raise_counter [true] (account: AccountId, device: DeviceId, counter: u64) -> Option<u64>;
    accounts [false] (after: Option<&AccountName>, limit: usize) -> Vec<Account>;
});

verbs!(Prekeys {
    publish_prekeys [true] (account: AccountId, device: DeviceId, prekeys: NewPrekeys) -> Published;
    take_prekeys [true] (account: AccountId, devices: Vec<DeviceId>, taking: Taking, now: RelayTime) -> Option<Vec<Taken>>;
    prekey_stock [false] (account: AccountId, device: DeviceId) -> Option<PrekeyStock>;
});

verbs!(Rights {
    add_right [true] (account: AccountId, id: RightId, right: KnockRight, limit: usize, now: RelayTime) -> Added;
    right [false] (account: AccountId, id: RightId, now: RelayTime) -> Option<KnockRight>;
    tokens [false] (account: AccountId, now: RelayTime) -> Vec<(RightId, KnockRight)>;
    revoke_token [false] (account: AccountId, id: RightId) -> bool;
    add_invite [true] (id: RightId, invite: StoredInvite, limit: usize, now: RelayTime) -> bool;
    invites [false] (now: RelayTime) -> Vec<(RightId, StoredInvite)>;
    revoke_invite [false] (id: RightId) -> bool;
});

verbs!(Mailboxes {
    append [true] (envelope: NewEnvelope) -> Appended;
    collect [false] (mailbox: MailboxId, after: u64, envelopes: usize, bytes: usize, now: RelayTime) -> RowPage;
    acknowledge [false] (mailbox: MailboxId, which: Acknowledged) -> ();
    waiting [false] (mailbox: MailboxId) -> Waiting;
});

verbs!(Records {
    put_record [true] (account: AccountId, id: RecordId, expected: u64, value: Vec<u8>, limits: RecordLimits) -> Kept;
    records [false] (account: AccountId, after: Option<RecordId>, limit: usize, bytes: usize) -> RecordPage;
    delete_record [false] (account: AccountId, id: RecordId, expected: u64) -> bool;
});

verbs!(Blobs {
    put_chunk [true] (chunk: NewChunk) -> ChunkKept;
    blob [false] (account: AccountId, blob: BlobId, ranges: usize, now: RelayTime) -> Option<BlobState>;
    chunk [false] (blob: BlobId, index: u32, now: RelayTime) -> Option<StoredChunk>;
    delete_blob [false] (account: AccountId, blob: BlobId) -> bool;
});

impl<S: Store> Upkeep for Flaky<S> {
    fn epoch(&self) -> RelayEpoch {
        self.inner.epoch()
    }

    fn secret(&self) -> [u8; 32] {
        self.inner.secret()
    }

    async fn time(&self, wall: UnixSeconds) -> Result<RelayTime> {
        at_once(self.inner.time(wall))
    }

    async fn sweep(&self, now: RelayTime) -> Result<Swept> {
        self.around(false, self.inner.sweep(now)).await
    }

    async fn figures(&self) -> Result<StoreFigures> {
        self.around(false, self.inner.figures()).await
    }

    async fn holdings(
        &self,
        account: AccountId,
        envelopes: usize,
        now: RelayTime,
    ) -> Result<Option<Holdings>> {
        self.around(false, self.inner.holdings(account, envelopes, now)).await
    }
}

impl<S: Store> Nodes for Flaky<S> {
    fn shared(&self) -> bool {
        self.inner.shared()
    }

    fn tell(&self, word: Word) {
        self.inner.tell(word);
    }

    async fn take_shared(
        &self,
        bucket: BucketKey,
        rate: Rate,
        amount: u64,
    ) -> Result<core::result::Result<(), TooOften>> {
        self.around(false, self.inner.take_shared(bucket, rate, amount)).await
    }

    async fn pin(&self, own: Pin) -> Result<Pin> {
        self.around(false, self.inner.pin(own)).await
    }
}

verbs!(Maintenance {
    check [false] () -> Checked;
    back_up [false] (to: PathBuf) -> u64;
    compact [false] () -> (u64, u64);
});
