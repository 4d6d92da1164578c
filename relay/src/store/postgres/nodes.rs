//! What the nodes of a cluster are to each other: words over the database's
//! notifications, and what all of them count together.
//!
//! - One task sends: words that gather go out together, an arrival once however
//!   often it was said. A notification inside the transaction that deposits would
//!   make all transactions of the database commit one after the other.
//! - What is sent waits for no disk: a word is a hint. One that does not fit into
//!   a notification is left out.
//! - One connection listens. Whenever it is made anew, every device here is
//!   looked after, and every [`POLL`] the mailboxes of those that are here are
//!   asked whether something came that nobody said, and whether they are still
//!   there and their accounts not suspended.
//! - That connection is asked for a sign of life now and then. One that gives none
//!   is given up, and what is dialled next finds out whether another server has
//!   taken its place.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use data_encoding::BASE64_NOPAD;
use msg_protocol::{address::Pin, id::MailboxId};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_postgres::Notification;

use super::{
    Postgres,
    dialer::Dialer,
    failure::Failure,
    line::{Hear, Line},
    pool::Change,
    value::{column, id_in, number, number_in},
};
use crate::{
    quota::{TooOften, bucket::Rate},
    store::{
        Nodes, Result, Wake, Word,
        nodes::{BucketKey, MAX_WORD_BYTES},
    },
};

/// Words that wait to be sent; what comes beyond them is left out.
const WAITING: usize = 8_192;
/// Words that are sent together.
const TOGETHER: usize = 512;
/// Bytes of a notification, in text; the database takes fewer than 8,000.
const MAX_NOTE: usize = 7_900;
/// What tells nodes apart, before the words of one.
type Node = [u8; NODE_BYTES];
const NODE_BYTES: usize = 8;
/// The length of a word, before it.
const LENGTH_BYTES: usize = 2;
/// How often mailboxes are asked.
const POLL: Duration = Duration::from_secs(30);
/// How often the server that is listened to is asked for a sign of life, and how
/// long it may take.
const PROBE: Duration = Duration::from_secs(5);
/// How often a connection is looked at, and made anew if it is gone.
const LOOK: Duration = Duration::from_millis(500);

/// The lock that every running node shares, so that nobody moves the store away
/// under it.
pub(super) const RUNNING: i64 = 7_263_117_001;

/// The other nodes, and the devices on this one.
pub(super) struct Neighbours {
    wake: Arc<dyn Wake>,
    words: mpsc::Sender<Word>,
    /// Tells this node's own words from those of others.
    node: Node,
}

impl Neighbours {
    /// With tasks that speak and listen, for as long as they are not aborted.
    pub(super) fn start(
        dialer: &Arc<Dialer>,
        wake: Arc<dyn Wake>,
    ) -> (Arc<Self>, Vec<tokio::task::AbortHandle>) {
        let (words, waiting) = mpsc::channel(WAITING);
        let node = crate::random::bytes().unwrap_or_default();
        let neighbours = Arc::new(Self { wake, words, node });
        let speaking = tokio::spawn(speak(Arc::clone(dialer), node, waiting));
        let listening = tokio::spawn(listen(Arc::clone(dialer), Arc::clone(&neighbours)));
        (neighbours, vec![speaking.abort_handle(), listening.abort_handle()])
    }

    /// Nobody to speak to.
    pub(super) fn none(wake: Arc<dyn Wake>) -> (Arc<Self>, Vec<tokio::task::AbortHandle>) {
        let (words, _) = mpsc::channel(1);
        (Arc::new(Self { wake, words, node: [0; NODE_BYTES] }), Vec::new())
    }

    /// Something has arrived: devices here and elsewhere hear of it.
    pub(super) fn arrived(&self, mailbox: MailboxId) {
        self.wake.wake(mailbox);
        self.tell(Word::Arrived(mailbox));
    }

    fn tell(&self, word: Word) {
        // What fits into no notification takes no room among those that wait.
        if matches!(word, Word::Pass(_)) && !fits(word.encode().len()) {
            return;
        }
        // A word that finds no room is left out: the others will look.
        let _ = self.words.try_send(word);
    }

    fn hear(&self, said: &Notification) {
        let Some((node, words)) = unpack(said.payload()) else { return };
        if node != self.node {
            for word in words {
                self.wake.hear(word);
            }
        }
    }
}

/// Sends what gathers.
async fn speak(dialer: Arc<Dialer>, node: Node, mut waiting: mpsc::Receiver<Word>) {
    let mut line = None;
    let mut words = Vec::with_capacity(TOGETHER);
    while waiting.recv_many(&mut words, TOGETHER).await > 0 {
        let notes = pack(node, words.drain(..));
        // Once more over another connection: this one may have gone unnoticed.
        for _ in 0..2 {
            if line.as_ref().is_none_or(|line: &Line| !line.is_good()) {
                line = dial_to_speak(&dialer).await;
            }
            let Some(open) = &line else {
                sleep(LOOK).await;
                continue;
            };
            if send(open, &notes).await.is_ok() && open.is_good() {
                break;
            }
            line = None;
        }
    }
}

async fn dial_to_speak(dialer: &Dialer) -> Option<Line> {
    let line = dialer.dial(None).await.ok()?;
    line.run("SET synchronous_commit = off").await.ok()?;
    Some(line)
}

async fn send(line: &Line, notes: &[String]) -> core::result::Result<(), Failure> {
    for note in notes {
        line.query("SELECT pg_notify('msg_relay', $1)", &[note]).await?;
    }
    Ok(())
}

/// Whether a word of so many bytes fits into a notification of its own.
fn fits(bytes: usize) -> bool {
    BASE64_NOPAD.encode_len(NODE_BYTES + LENGTH_BYTES + bytes) <= MAX_NOTE
}

/// Words as notifications: each begins with the node, then come the words, each
/// behind its length.
fn pack(node: Node, words: impl Iterator<Item = Word>) -> Vec<String> {
    let mut arrived = HashSet::new();
    let mut notes = Vec::new();
    let mut bytes = node.to_vec();
    for word in words {
        if matches!(word, Word::Arrived(mailbox) if !arrived.insert(mailbox)) {
            continue;
        }
        let word = word.encode();
        let Ok(length) = u16::try_from(word.len()) else { continue };
        if !fits(word.len()) {
            continue;
        }
        let longer = bytes.len() + LENGTH_BYTES + word.len();
        if BASE64_NOPAD.encode_len(longer) > MAX_NOTE {
            notes.push(BASE64_NOPAD.encode(&bytes));
            bytes = node.to_vec();
        }
        bytes.extend(length.to_be_bytes());
        bytes.extend(word);
    }
    if bytes.len() > node.len() {
        notes.push(BASE64_NOPAD.encode(&bytes));
    }
    notes
}

/// The node that speaks, and what it says; what cannot be read is left out.
fn unpack(text: &str) -> Option<(Node, Vec<Word>)> {
    if text.len() > MAX_NOTE {
        return None;
    }
    let bytes = BASE64_NOPAD.decode(text.as_bytes()).ok()?;
    let (node, mut rest) = bytes.split_first_chunk::<NODE_BYTES>()?;
    let mut words = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<LENGTH_BYTES>() {
        let (word, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        words.extend(Word::decode(word).ok().filter(|_| word.len() <= MAX_WORD_BYTES));
        rest = after;
    }
    Some((*node, words))
}

/// Hears what others say, and looks for what nobody said.
async fn listen(dialer: Arc<Dialer>, neighbours: Arc<Neighbours>) {
    let mut seen = HashMap::new();
    loop {
        if let Some(line) = dial_to_listen(&dialer, &neighbours).await {
            neighbours.wake.wake_all();
            let now = Instant::now();
            let (mut next_probe, mut next_poll) = (now + PROBE, now + POLL);
            while line.is_good() {
                sleep(LOOK).await;
                let now = Instant::now();
                if now >= next_probe {
                    next_probe = now + PROBE;
                    if !is_alive(&line).await {
                        break;
                    }
                }
                if now >= next_poll {
                    next_poll = now + POLL;
                    let polled = timeout(POLL, poll(&line, &neighbours, &mut seen)).await;
                    if !matches!(polled, Ok(Ok(()))) {
                        break;
                    }
                }
            }
        }
        sleep(LOOK).await;
    }
}

async fn dial_to_listen(dialer: &Dialer, neighbours: &Arc<Neighbours>) -> Option<Line> {
    let hearing = Arc::clone(neighbours);
    let hear: Hear = Arc::new(move |note| hearing.hear(&note));
    let line = dialer.dial(Some(&hear)).await.ok()?;
    line.query("SELECT pg_advisory_lock_shared($1)", &[&RUNNING]).await.ok()?;
    line.run("LISTEN msg_relay").await.ok()?;
    Some(line)
}

/// Whether the server at the other end still does something.
async fn is_alive(line: &Line) -> bool {
    matches!(timeout(PROBE, line.row("SELECT 1", &[])).await, Ok(Ok(Some(_))))
}

async fn poll(
    line: &Line,
    neighbours: &Neighbours,
    seen: &mut HashMap<MailboxId, i64>,
) -> core::result::Result<(), Failure> {
    const ASK: &str = "SELECT m.id, m.last_seq, a.suspended FROM mailbox m \
         JOIN account a ON a.id = m.acct WHERE m.id = ANY($1)";
    let here = neighbours.wake.here();
    let ids: Vec<&[u8]> = here.iter().map(|mailbox| mailbox.as_bytes().as_slice()).collect();
    let mut now = HashMap::new();
    for row in line.query(ASK, &[&ids]).await? {
        let (mailbox, last) = (MailboxId(id_in(&row, 0)?), column(&row, 1)?);
        if seen.get(&mailbox) != Some(&last) {
            neighbours.wake.wake(mailbox);
        }
        if column(&row, 2)? {
            neighbours.wake.doubt(mailbox);
        }
        now.insert(mailbox, last);
    }
    for gone in here.iter().filter(|mailbox| !now.contains_key(mailbox)) {
        neighbours.wake.doubt(*gone);
    }
    *seen = now;
    Ok(())
}

impl Nodes for Postgres {
    fn shared(&self) -> bool {
        true
    }

    fn tell(&self, word: Word) {
        self.neighbours.tell(word);
    }

    async fn take_shared(
        &self,
        bucket: BucketKey,
        rate: Rate,
        amount: u64,
    ) -> Result<core::result::Result<(), TooOften>> {
        self.pool.change(TakeShared { bucket, rate, amount }).await
    }

    async fn pin(&self, own: Pin) -> Result<Pin> {
        self.pool.change(KeepPin(own)).await
    }
}

struct TakeShared {
    bucket: BucketKey,
    rate: Rate,
    amount: u64,
}

impl Change for TakeShared {
    type Outcome = core::result::Result<(), TooOften>;

    async fn run(&self, line: &Line) -> core::result::Result<Self::Outcome, Failure> {
        const MAKE: &str =
            "INSERT INTO bucket (key, full_at) VALUES ($1, 0) ON CONFLICT DO NOTHING";
        const LOCK: &str = "SELECT full_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint \
             FROM bucket WHERE key = $1 FOR UPDATE";
        const KEEP: &str = "UPDATE bucket SET full_at = $2 WHERE key = $1";
        let key = self.bucket.as_bytes().as_slice();
        line.execute(MAKE, &[&key]).await?;
        let row = line.row(LOCK, &[&key]).await?.ok_or(Failure::Again)?;
        let (full_at_ns, now_us) = (number_in(&row, 0)?, number_in(&row, 1)?);
        match self.rate.take(full_at_ns, self.amount, now_us.saturating_mul(1_000)) {
            Ok(full_at_ns) => {
                line.execute(KEEP, &[&key, &number(full_at_ns)]).await?;
                Ok(Ok(()))
            }
            Err(too_often) => Ok(Err(too_often)),
        }
    }
}

struct KeepPin(Pin);

impl Change for KeepPin {
    type Outcome = Pin;

    async fn run(&self, line: &Line) -> core::result::Result<Pin, Failure> {
        const KEEP: &str = "UPDATE relay SET pin = coalesce(pin, $1) RETURNING pin";
        let row = line.row(KEEP, &[&self.0.as_bytes().as_slice()]).await?;
        Ok(Pin::new(id_in(&row.ok_or(Failure::Again)?, 0)?))
    }
}

#[cfg(test)]
mod tests;
