//! One link over one stream: what comes goes to the service, what the service
//! says goes back, and what arrives meanwhile is pushed.
//!
//! The whole link is one task and one `poll`, so that an idle one costs its TLS
//! state and little more: there is no buffer that waits to be filled, no task
//! for each direction, and no future but for requests in flight.

mod budget;
mod feed;
mod flight;
mod output;

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use msg_protocol::{
    limits::WRITE_TIMEOUT_MS,
    link::{Closure, ServerEvent, ServerLink, Slow},
    push::{Passing, PrekeysLow},
    time::Moment,
    version::LinkKind,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout},
};

pub use self::budget::Budget;
use self::{
    budget::Share,
    feed::Feed,
    flight::{Flight, Landed},
    output::Output,
};
use crate::{
    gate::Pass,
    presence::Place,
    service::{Caller, Service, SignedInDevice},
    source::Source,
    store::Store,
};

/// Bytes that are read, or written, at once.
const PIECE_BYTES: usize = 16 * 1024;
/// How long a link waits that may not be read because all links hold too much.
const BUDGET_PAUSE: Duration = Duration::from_millis(20);
/// What a peer that is cut may still send before its stream is closed, so that
/// it reads our last word.
const LINGER_BYTES: usize = 256 * 1024;
const LINGER: Duration = Duration::from_millis(500);

thread_local! {
    /// Shared by all links of a thread: each is done with it when its poll ends.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE_BYTES]);
}

/// A link and its stream.
pub struct Connection<S: Store, T> {
    service: Arc<Service<S>>,
    stream: T,
    link: ServerLink,
    caller: Arc<Caller>,
    place: Place,
    flight: Flight,
    feed: Option<Box<Feed>>,
    output: Output,
    unread: Vec<u8>,
    timer: Pin<Box<Sleep>>,
    timer_at: Option<Moment>,
    ready_by: Option<Moment>,
    pass: Pass,
    share: Share,
}

impl<S: Store, T: AsyncRead + AsyncWrite + Unpin + Send> Connection<S, T> {
    /// A link on a stream whose TLS handshake is done. It must be ready by that
    /// moment.
    pub fn new(
        service: Arc<Service<S>>,
        stream: T,
        source: Source,
        budget: &Arc<Budget>,
        pass: Pass,
        ready_by: Moment,
    ) -> Self {
        let now = service.clock().moment();
        let frame_bytes = usize::try_from(service.limits().frame_bytes).unwrap_or(usize::MAX);
        Self {
            link: ServerLink::new(service.offer(), now).with_frame_limit(frame_bytes),
            caller: Arc::new(Caller { source, device: None }),
            place: service.presence().enter(),
            flight: Flight::default(),
            feed: None,
            output: Output::default(),
            unread: Vec::new(),
            timer: Box::pin(sleep_until(Instant::now())),
            timer_at: None,
            ready_by: Some(ready_by),
            pass,
            share: Share::of(budget),
            service,
            stream,
        }
    }

    /// Serves the link until it ends.
    pub async fn run(mut self) {
        let closure = poll_fn(|context| self.poll(context)).await;
        match closure {
            Closure::Slow(_) => self.service.figures().too_slow.add(1),
            Closure::Ended
            | Closure::Truncated
            | Closure::Here
            | Closure::SignInRefused(_)
            | Closure::Closing(_) => {}
            _ => self.service.figures().violations.add(1),
        }
        if closure == Closure::Slow(Slow::Reading) {
            // Who does not read hears no last word either.
            return;
        }
        let last_words = async {
            self.output.write_rest(&mut self.link, &mut self.stream).await?;
            self.stream.shutdown().await
        };
        let written = timeout(Duration::from_millis(WRITE_TIMEOUT_MS), last_words).await;
        if matches!(written, Ok(Ok(()))) && !matches!(closure, Closure::Ended) {
            self.linger().await;
        }
    }

    /// Reads a little more before the stream is closed: closing one with unread
    /// bytes resets it, and what we said last would be lost.
    async fn linger(&mut self) {
        let drain = async {
            let mut left = LINGER_BYTES;
            let mut bytes = [0; 1_024];
            while left > 0 {
                match self.stream.read(&mut bytes).await {
                    Ok(0) | Err(_) => return,
                    Ok(read) => left = left.saturating_sub(read),
                }
            }
        };
        // Whether it ended or the time is up: the stream is dropped next.
        let _ = timeout(LINGER, drain).await;
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Closure> {
        loop {
            let now = self.service.clock().moment();
            let mut moved = self.take_news(context, now);
            moved |= self.poll_flight(context, now);
            moved |= self.poll_feed(context, now);
            moved |= match self.output.poll(&mut self.link, &mut self.stream, context, now) {
                Ok(moved) => moved,
                Err(_) => return Poll::Ready(Closure::Ended),
            };
            moved |= self.poll_input(context, now);
            self.share.hold(self.link.held_bytes());
            if let Some(closure) = self.link.closure() {
                return Poll::Ready(closure);
            }
            if !moved && self.poll_timer(context, now).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// What others have left for the link.
    fn take_news(&mut self, context: &Context<'_>, now: Moment) -> bool {
        let news = self.place.inbox().take(context.waker());
        let mut moved = false;
        if let Some(feed) = &mut self.feed {
            moved |= news.arrived;
            feed.note_arrival(news.arrived);
            for envelope in news.passing {
                // Ephemeral: whoever has no leave for it now never gets it.
                moved |= self.link.push(Passing { envelope }.into(), now).is_ok();
                self.service.figures().passed.add(1);
            }
            if let Some(one_time) = news.prekeys_low {
                moved |= self.link.push(PrekeysLow { one_time }.into(), now).is_ok();
            }
        }
        if let Some(device) = self.caller.device.filter(|_| news.doubtful) {
            self.flight.look_after(Arc::clone(&self.service), device);
            moved = true;
        }
        if let Some(reason) = news.closing {
            self.link.drain(reason, now);
            moved = true;
        }
        moved
    }

    fn poll_flight(&mut self, context: &mut Context<'_>, now: Moment) -> bool {
        let mut moved = false;
        while let Some(landed) = self.flight.poll_next(context) {
            moved = true;
            self.land(landed, now);
        }
        moved
    }

    /// A link that closed meanwhile takes no answer, and nobody waits for it.
    fn land(&mut self, landed: Landed, now: Moment) {
        match landed {
            Landed::Answer(id, answer) => {
                let _ = self.link.answer(id, answer, now);
            }
            Landed::LookedAfter(None) => {}
            Landed::LookedAfter(Some(reason)) => self.link.drain(reason, now),
            Landed::Checked(Ok(device), counter) => self.sign_in(device, counter),
            Landed::SignedIn(Ok(signed_in)) => {
                let accepted = self.link.accept_sign_in(signed_in, now);
                if accepted.is_ok() {
                    self.become_ready(LinkKind::SignedIn);
                }
            }
            Landed::Checked(Err(refusal), _) | Landed::SignedIn(Err(refusal)) => {
                self.service.figures().refused(refusal.code);
                let _ = self.link.refuse_sign_in(refusal, now);
            }
        }
    }

    fn sign_in(&mut self, device: SignedInDevice, counter: u64) {
        self.place.sign_in(device.mailbox, self.service.limits().links_per_device);
        self.caller = Arc::new(Caller { source: self.caller.source, device: Some(device) });
        self.feed = Some(Box::new(Feed::new(device.mailbox)));
        self.flight.sign_in(Arc::clone(&self.service), device, counter);
    }

    fn become_ready(&mut self, kind: LinkKind) {
        self.ready_by = None;
        self.pass.become_ready();
        self.service.figures().link_ready(kind);
    }

    fn poll_feed(&mut self, context: &mut Context<'_>, now: Moment) -> bool {
        let Some(feed) = &mut self.feed else { return false };
        feed.poll(&self.service, &mut self.link, context, now)
    }

    fn poll_input(&mut self, context: &mut Context<'_>, now: Moment) -> bool {
        if !self.link.wants_input() {
            return false;
        }
        if !self.unread.is_empty() {
            let unread = std::mem::take(&mut self.unread);
            self.handle_bytes(&unread, now);
            return true;
        }
        if self.share.is_over(&self.service.limits()) {
            return self.pause(now);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.handle_bytes(buffer.filled(), now);
                }
                Poll::Ready(Ok(())) => drop(self.link.handle_end()),
                Poll::Ready(Err(error)) => self.handle_error(&error),
            }
            true
        })
    }

    fn handle_error(&mut self, _error: &io::Error) {
        // Whatever TLS or the network found, nobody is there to be told.
        drop(self.link.handle_end());
    }

    fn handle_bytes(&mut self, mut input: &[u8], now: Moment) {
        while !input.is_empty() && self.link.wants_input() {
            let was_ready = self.link.party().is_some();
            let event = self.link.handle_bytes(&mut input, now);
            if !was_ready && self.link.party().is_some() {
                self.become_ready(LinkKind::Anonymous);
            }
            match event {
                Some(ServerEvent::SignIn(sign_in)) => {
                    let source = self.caller.source;
                    self.flight.check(Arc::clone(&self.service), source, sign_in);
                }
                Some(ServerEvent::Request(id, request)) => {
                    if let Some(feed) = &mut self.feed {
                        feed.note_request(&request);
                    }
                    self.flight.take_off(&self.service, &self.caller, id, request);
                }
                Some(ServerEvent::Closed(_)) | None => {}
            }
        }
        self.unread.extend_from_slice(input);
    }

    /// Looks again after a while whether the others hold less.
    fn pause(&mut self, now: Moment) -> bool {
        let ms = u64::try_from(BUDGET_PAUSE.as_millis()).unwrap_or(0);
        self.set_timer(now.plus_ms(ms));
        false
    }

    fn poll_timer(&mut self, context: &mut Context<'_>, now: Moment) -> Poll<()> {
        if self.ready_by.is_some_and(|ready_by| ready_by <= now) {
            drop(self.link.handle_end());
            self.service.figures().too_slow.add(1);
            return Poll::Ready(());
        }
        let feed = self.feed.as_ref().and_then(|feed| feed.timeout());
        let next = self.link.poll_timeout().into_iter().chain(self.ready_by).chain(feed).min();
        // A deadline that moves away, as at every byte, moves no timer: it fires
        // early once and is set anew then. A pause has set it without a deadline.
        if let Some(next) = next.filter(|next| self.timer_at.is_none_or(|at| *next < at)) {
            self.set_timer(next);
        }
        if self.timer_at.is_none() || self.timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.timer_at = None;
        drop(self.link.handle_timeout(self.service.clock().moment()));
        Poll::Ready(())
    }

    fn set_timer(&mut self, moment: Moment) {
        // One millisecond later, since moments are rounded down.
        let instant = self.service.clock().instant(moment.plus_ms(1));
        self.timer.as_mut().reset(instant);
        self.timer_at = Some(moment);
    }
}

#[cfg(test)]
mod tests;
