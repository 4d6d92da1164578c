//! Which links there are, and which devices are there: how one part of the relay
//! reaches another's link without waiting for it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Waker,
};

use msg_protocol::{
    envelope::Envelope,
    error::{Code, Refusal},
    id::MailboxId,
};

use crate::store::{Wake, Word};

/// Ephemeral envelopes that wait for a link to take them.
const MAX_PASSING: usize = 16;

/// Where others leave news for a link.
#[derive(Debug, Default)]
pub struct Inbox {
    state: Mutex<News>,
    arrived: AtomicBool,
}

/// What has been left for a link.
#[derive(Debug, Default)]
pub struct News {
    waker: Option<Waker>,
    /// Something may have arrived in the mailbox.
    pub arrived: bool,
    /// Ephemeral envelopes.
    pub passing: VecDeque<Envelope>,
    /// It may have been missed that the link is to be closed.
    pub doubtful: bool,
    /// One-time pairs run out: so many are left.
    pub prekeys_low: Option<u16>,
    /// The link is to be closed.
    pub closing: Option<Refusal>,
}

impl Inbox {
    /// Takes what has been left, and is woken for what comes next.
    pub fn take(&self, waker: &Waker) -> News {
        let mut news = self.lock();
        if news.waker.as_ref().is_none_or(|known| !known.will_wake(waker)) {
            news.waker = Some(waker.clone());
        }
        News {
            waker: None,
            arrived: self.arrived.swap(false, Ordering::AcqRel),
            passing: std::mem::take(&mut news.passing),
            doubtful: std::mem::take(&mut news.doubtful),
            prekeys_low: news.prekeys_low.take(),
            closing: news.closing.take(),
        }
    }

    /// Asks for the link to be closed when what is in flight is answered.
    pub fn close(&self, reason: Refusal) {
        self.leave(|news| news.closing = Some(reason));
    }

    fn arrived(&self) {
        // While the link has not looked, it knows already.
        if !self.arrived.swap(true, Ordering::AcqRel) {
            self.leave(|_| ());
        }
    }

    fn leave(&self, change: impl FnOnce(&mut News)) {
        let waker = {
            let mut news = self.lock();
            change(&mut news);
            news.waker.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All links, and the mailboxes of those that are signed in.
#[derive(Debug, Default)]
pub struct Presence {
    links: Mutex<HashMap<u64, Arc<Inbox>>>,
    mailboxes: Mutex<HashMap<MailboxId, Vec<Arc<Inbox>>>>,
    next: AtomicU64,
}

/// A link's place among the others; given up when it is dropped.
#[derive(Debug)]
pub struct Place {
    presence: Arc<Presence>,
    number: u64,
    inbox: Arc<Inbox>,
    mailbox: Option<MailboxId>,
}

impl Presence {
    /// A new link.
    pub fn enter(self: &Arc<Self>) -> Place {
        let inbox = Arc::new(Inbox::default());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.links).insert(number, Arc::clone(&inbox));
        Place { presence: Arc::clone(self), number, inbox, mailbox: None }
    }

    /// Links that there are.
    pub fn links(&self) -> usize {
        lock(&self.links).len()
    }

    /// Mailboxes whose device is there.
    pub fn devices(&self) -> usize {
        lock(&self.mailboxes).len()
    }

    /// Closes all links when what is in flight on each is answered.
    pub fn close_all(&self, reason: Refusal) {
        let links: Vec<Arc<Inbox>> = lock(&self.links).values().cloned().collect();
        for link in links {
            link.close(reason);
        }
    }

    /// Closes the links of one mailbox's device.
    pub fn close(&self, mailbox: MailboxId, reason: Refusal) {
        for link in self.of(mailbox) {
            link.close(reason);
        }
    }

    /// Hands an envelope to the device if it is there.
    pub fn pass(&self, envelope: &Envelope) {
        for link in self.of(envelope.mailbox) {
            link.leave(|news| {
                if news.passing.len() < MAX_PASSING {
                    news.passing.push_back(envelope.clone());
                }
            });
        }
    }

    /// Tells a device that its one-time pairs run out.
    pub fn prekeys_low(&self, mailbox: MailboxId, left: u16) {
        for link in self.of(mailbox) {
            link.leave(|news| news.prekeys_low = Some(left));
        }
    }

    fn of(&self, mailbox: MailboxId) -> Vec<Arc<Inbox>> {
        lock(&self.mailboxes).get(&mailbox).cloned().unwrap_or_default()
    }
}

impl Wake for Presence {
    fn wake(&self, mailbox: MailboxId) {
        for link in self.of(mailbox) {
            link.arrived();
        }
    }

    fn hear(&self, word: Word) {
        match word {
            Word::Arrived(mailbox) => self.wake(mailbox),
            Word::Pass(envelope) => self.pass(&envelope),
            Word::PrekeysLow(mailbox, left) => self.prekeys_low(mailbox, left),
            Word::Close(mailbox, reason) => self.close(mailbox, reason),
        }
    }

    fn here(&self) -> Vec<MailboxId> {
        lock(&self.mailboxes).keys().copied().collect()
    }

    fn wake_all(&self) {
        let links: Vec<_> = lock(&self.mailboxes).values().flatten().cloned().collect();
        for link in links {
            link.leave(|news| news.doubtful = true);
            link.arrived();
        }
    }

    fn doubt(&self, mailbox: MailboxId) {
        for link in self.of(mailbox) {
            link.leave(|news| news.doubtful = true);
        }
    }

    fn begin_anew(&self) {
        self.close_all(Refusal::for_now(Code::UNAVAILABLE, 1));
    }
}

impl Place {
    /// Where others leave news.
    pub const fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// The link is that mailbox's device's from now on. With more than `most` of
    /// them the oldest is closed.
    pub fn sign_in(&mut self, mailbox: MailboxId, most: u64) {
        self.mailbox = Some(mailbox);
        let oldest = {
            let mut mailboxes = lock(&self.presence.mailboxes);
            let links = mailboxes.entry(mailbox).or_default();
            links.push(Arc::clone(&self.inbox));
            let is_over = u64::try_from(links.len()).is_ok_and(|links| links > most);
            is_over.then(|| links.remove(0))
        };
        if let Some(oldest) = oldest {
            oldest.close(Refusal::for_good(Code::TOO_MANY_LINKS));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.presence.links).remove(&self.number);
        let Some(mailbox) = self.mailbox else { return };
        let mut mailboxes = lock(&self.presence.mailboxes);
        if let Some(links) = mailboxes.get_mut(&mailbox) {
            links.retain(|link| !Arc::ptr_eq(link, &self.inbox));
            if links.is_empty() {
                mailboxes.remove(&mailbox);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
