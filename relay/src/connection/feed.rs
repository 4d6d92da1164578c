//! What is pushed to a device that is there: its envelopes in order, as far as
//! it has given leave.
//!
//! Arrivals are hints. The mailbox is read from where the last push ended, so a
//! hint too many costs a look, and what a hint was missed for comes with the next.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use msg_protocol::{
    id::MailboxId, limits::MAX_ROWS_PER_ANSWER, link::ServerLink, push::Arrived, request::Request,
    time::Moment,
};

use crate::{
    fail_point,
    service::{Service, refusal::Answer},
    store::{Store, mailbox::RowPage},
};

/// Bytes of bodies that are read ahead of what is written.
const PAGE_BYTES: usize = 256 * 1024;

/// Milliseconds after which a store that failed is asked again.
const ASKS_AGAIN_MS: u64 = 1_000;

type Page = Pin<Box<dyn Future<Output = Answer<RowPage>> + Send>>;

/// The pushes of one link.
pub(super) struct Feed {
    mailbox: MailboxId,
    after: u64,
    stale: bool,
    page: Option<Page>,
    /// When a store that failed is asked again.
    asks_again_at: Option<Moment>,
}

impl Feed {
    pub(super) const fn new(mailbox: MailboxId) -> Self {
        Self { mailbox, after: 0, stale: true, page: None, asks_again_at: None }
    }

    /// There may be something new.
    pub(super) const fn note_arrival(&mut self, arrived: bool) {
        self.stale |= arrived;
    }

    /// Credit says from where on the device wants its envelopes.
    pub(super) fn note_request(&mut self, request: &Request) {
        if let Request::Credit(credit) = request {
            self.after = self.after.max(credit.after);
            self.stale = true;
        }
    }

    /// Pushes what can be pushed now; says whether anything was done.
    pub(super) fn poll<S: Store>(
        &mut self,
        service: &Arc<Service<S>>,
        link: &mut ServerLink,
        context: &mut Context<'_>,
        now: Moment,
    ) -> bool {
        let mut moved = false;
        loop {
            if self.page.is_none() && !self.begin(service, link, now) {
                return moved;
            }
            let Some(page) = &mut self.page else { return moved };
            let Poll::Ready(answer) = page.as_mut().poll(context) else { return moved };
            self.page = None;
            moved = true;
            let Ok(page) = answer else {
                self.stale = true;
                self.asks_again_at = Some(now.plus_ms(ASKS_AGAIN_MS));
                return moved;
            };
            if !self.push(service, link, page, now) {
                return moved;
            }
        }
    }

    /// When to look again, beside arrivals and credit.
    pub(super) fn timeout(&self) -> Option<Moment> {
        self.asks_again_at.filter(|_| self.stale)
    }

    fn begin<S: Store>(
        &mut self,
        service: &Arc<Service<S>>,
        link: &ServerLink,
        now: Moment,
    ) -> bool {
        if self.asks_again_at.is_some_and(|at| now < at) {
            return false;
        }
        self.asks_again_at = None;
        let most = usize::from(link.credit()).min(MAX_ROWS_PER_ANSWER);
        if !self.stale || most == 0 || !link.takes_pushes() {
            return false;
        }
        self.stale = false;
        let (service, mailbox, after) = (Arc::clone(service), self.mailbox, self.after);
        self.page =
            Some(Box::pin(async move { service.page(mailbox, after, most, PAGE_BYTES).await }));
        true
    }

    /// Pushes a page; says whether to go on.
    fn push<S: Store>(
        &mut self,
        service: &Arc<Service<S>>,
        link: &mut ServerLink,
        page: RowPage,
        now: Moment,
    ) -> bool {
        self.stale |= page.more;
        for row in page.rows {
            let sequence = row.sequence;
            // Credit that came meanwhile may have named a later place.
            if sequence <= self.after {
                continue;
            }
            if link.push(Arrived { row }.into(), now).is_err() {
                self.stale = true;
                return false;
            }
            fail_point::pass("forward");
            self.after = sequence;
            service.figures().pushes.add(1);
        }
        true
    }
}
