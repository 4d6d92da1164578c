//! The task that moves a link: bytes between the socket and the protocol's state
//! machine, requests to it and answers from it, and time.

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use msg_protocol::{
    error::Refusal,
    frame::RequestId,
    link::{ClientEvent, ClientLink, RequestError},
    push::Push,
    request::{Ping, Request},
    response::{Response, SignedIn},
    time::Moment,
    version::Welcome,
};
use tokio::{
    io::{
        AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, split,
    },
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::{LinkError, shared::Shared};

/// Time for writing what was sent when the owner closes the link, and again for
/// telling the relay.
pub(super) const LEAVING_TIMEOUT: Duration = Duration::from_secs(2);

/// Milliseconds of silence after which a relay that asks for less is asked
/// whether it is still there: a dead connection says nothing by itself.
const LONGEST_SILENCE_MS: u64 = 5 * 60 * 1_000;

const READ_BYTES: usize = 16 * 1024;

/// A request and where its answer goes.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) request: Box<Request>,
    pub(super) answer: oneshot::Sender<Result<Response, LinkError>>,
}

/// What the relay said when the link opened.
pub(super) type Opened = (Welcome, Option<SignedIn>);

/// Owns the socket.
pub(super) struct Driver<S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    link: ClientLink,
    began: Instant,
    heard: Moment,
    orders: mpsc::Receiver<Order>,
    /// Waits until the relay grants one more request, before those behind it.
    stalled: Option<Order>,
    waiting: BTreeMap<RequestId, oneshot::Sender<Result<Response, LinkError>>>,
    opened: Option<oneshot::Sender<Opened>>,
    outgoing: Outgoing,
    closing: Option<Refusal>,
    /// Until when what was sent is still written, once the owner has closed.
    leaving: Option<Moment>,
    shared: Arc<Shared>,
}

/// The frame on its way out.
#[derive(Debug, Default)]
struct Outgoing {
    frame: Vec<u8>,
    written: usize,
    flushed: bool,
    /// Whether the socket takes no more. What the relay has said is still read.
    broken: bool,
}

/// What a turn was for.
enum Happened {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    Ordered(Option<Order>),
    Due,
}

impl<S: AsyncRead + AsyncWrite> Driver<S> {
    pub(super) fn new(
        stream: S,
        link: ClientLink,
        orders: mpsc::Receiver<Order>,
        shared: Arc<Shared>,
        opened: oneshot::Sender<Opened>,
    ) -> Self {
        let (reader, writer) = split(stream);
        Self {
            reader,
            writer,
            link,
            began: Instant::now(),
            heard: Moment(0),
            orders,
            stalled: None,
            waiting: BTreeMap::new(),
            opened: Some(opened),
            outgoing: Outgoing { flushed: true, ..Outgoing::default() },
            closing: None,
            leaving: None,
            shared,
        }
    }

    /// Moves the link until it is closed, and says why before its askers learn.
    pub(super) async fn run(mut self) {
        let mut input = vec![0; READ_BYTES];
        let reason = loop {
            if let Err(reason) = self.turn(&mut input).await {
                break reason;
            }
        };
        self.shared.close(reason);
        self.waiting.clear();
        self.stalled = None;
        self.orders.close();
        if !self.outgoing.broken {
            let _ = timeout(LEAVING_TIMEOUT, self.writer.shutdown()).await;
        }
    }

    /// Lets one thing happen.
    async fn turn(&mut self, input: &mut [u8]) -> Result<(), LinkError> {
        let now = self.now();
        self.make_stalled(now);
        if self.outgoing.is_idle() {
            self.outgoing.begin(self.link.poll_output(now));
        }
        self.check_end(now)?;
        let due = self.began + Duration::from_millis(self.due(now).0);
        let takes_orders = self.stalled.is_none() && self.leaving.is_none() && self.is_open();
        let writes = !self.outgoing.is_idle() && !self.outgoing.broken;
        // In this order nothing waits for ever: what is written and asked for is bounded
        // by what the relay grants, what it sends is not.
        let happened = tokio::select! {
            biased;
            () = sleep_until(due) => Happened::Due,
            wrote = self.outgoing.write(&mut self.writer), if writes => Happened::Wrote(wrote),
            order = self.orders.recv(), if takes_orders => Happened::Ordered(order),
            read = self.reader.read(input) => Happened::Read(read),
        };
        let now = self.now();
        match happened {
            // A relay that was cut off ends its stream as well.
            Happened::Read(read) => self.take_input(input, read.unwrap_or(0), now),
            Happened::Wrote(wrote) => {
                self.outgoing.wrote(&wrote);
                Ok(())
            }
            Happened::Ordered(Some(order)) => {
                self.make(order, now);
                Ok(())
            }
            Happened::Ordered(None) => {
                let limit = u64::try_from(LEAVING_TIMEOUT.as_millis()).unwrap_or(0);
                self.leaving = Some(now.plus_ms(limit));
                Ok(())
            }
            Happened::Due => self.take_time(now),
        }
    }

    /// Whether there is nothing left to do.
    fn check_end(&self, now: Moment) -> Result<(), LinkError> {
        let written = self.outgoing.is_idle() || self.outgoing.broken;
        if self.leaving.is_some_and(|limit| written || limit <= now) {
            return Err(LinkError::Here);
        }
        match self.closing {
            // It will answer nothing more, so that nothing is worth waiting for.
            Some(reason) if self.link.in_flight() == 0 => Err(LinkError::Closing(reason)),
            _ => Ok(()),
        }
    }

    fn due(&self, now: Moment) -> Moment {
        let quiet = self.is_quiet().then(|| self.heard.plus_ms(LONGEST_SILENCE_MS));
        let due = self.link.poll_timeout().into_iter().chain(quiet).chain(self.leaving).min();
        due.unwrap_or(now.plus_ms(LONGEST_SILENCE_MS))
    }

    /// Whether the link is ready.
    const fn is_open(&self) -> bool {
        self.opened.is_none()
    }

    fn is_quiet(&self) -> bool {
        self.is_open() && self.closing.is_none() && self.link.in_flight() == 0
    }

    fn make_stalled(&mut self, now: Moment) {
        if let Some(order) = self.stalled.take() {
            self.make(order, now);
        }
    }

    fn make(&mut self, order: Order, now: Moment) {
        let Order { request, answer } = order;
        match self.link.request(Request::clone(&request), now) {
            Ok(id) => drop(self.waiting.insert(id, answer)),
            Err(RequestError::Full) => self.stalled = Some(Order { request, answer }),
            Err(error) => {
                let error = match self.closing {
                    Some(reason) => LinkError::Closing(reason),
                    None => LinkError::Request(error),
                };
                // An asker that has gone wants no answer.
                let _ = answer.send(Err(error));
            }
        }
    }

    fn take_input(&mut self, input: &[u8], bytes: usize, now: Moment) -> Result<(), LinkError> {
        let mut rest = input.get(..bytes).unwrap_or_default();
        if rest.is_empty() {
            let event = self.link.handle_end();
            return self.take(event);
        }
        self.heard = now;
        while let Some(event) = self.link.handle_bytes(&mut rest, now) {
            self.take(Some(event))?;
        }
        Ok(())
    }

    fn take_time(&mut self, now: Moment) -> Result<(), LinkError> {
        if self.is_quiet() && self.heard.plus_ms(LONGEST_SILENCE_MS) <= now {
            // Nobody waits for the answer. If there is none, the link closes.
            let _ = self.link.request(Ping {}.into(), now);
        }
        let event = self.link.handle_timeout(now);
        self.take(event)
    }

    fn take(&mut self, event: Option<ClientEvent>) -> Result<(), LinkError> {
        match event {
            None => {}
            Some(ClientEvent::Ready(welcome, signed_in)) => {
                if let Some(opened) = self.opened.take() {
                    // Whoever opened the link and went has ended this task too.
                    let _ = opened.send((welcome, signed_in));
                }
            }
            Some(ClientEvent::Answer(id, answer)) => {
                if let Some(asker) = self.waiting.remove(&id) {
                    let _ = asker.send(answer.map_err(LinkError::Refused));
                }
            }
            Some(ClientEvent::Push(Push::Closing(closing))) => self.closing = Some(closing.reason),
            Some(ClientEvent::Push(push)) => self.shared.push(push),
            Some(ClientEvent::Closed(closure)) => return Err(closure.into()),
        }
        Ok(())
    }

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

impl<S> Drop for Driver<S> {
    /// However the task ends, nobody waits for it.
    fn drop(&mut self) {
        self.shared.close(LinkError::Here);
    }
}

impl Outgoing {
    /// Whether all is written and flushed.
    fn is_idle(&self) -> bool {
        self.flushed && self.frame.is_empty()
    }

    fn begin(&mut self, frame: Option<Vec<u8>>) {
        if let Some(frame) = frame {
            *self = Self { frame, written: 0, flushed: false, broken: self.broken };
        }
    }

    /// Writes what is left of the frame, or flushes. Dropped, it has done nothing.
    async fn write<W: AsyncWrite + Unpin>(&self, writer: &mut W) -> io::Result<usize> {
        match self.frame.get(self.written..) {
            Some(rest) if !rest.is_empty() => match writer.write(rest).await? {
                0 => Err(io::ErrorKind::WriteZero.into()),
                bytes => Ok(bytes),
            },
            _ => writer.flush().await.map(|()| 0),
        }
    }

    fn wrote(&mut self, result: &io::Result<usize>) {
        match result {
            Ok(0) => *self = Self { flushed: true, ..Self::default() },
            Ok(bytes) => self.written += bytes,
            Err(_) => self.broken = true,
        }
    }
}
