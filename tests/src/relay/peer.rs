//! A client of a relay that does what a test tells it: one link over real TLS,
//! driven by the protocol's own state machine.
//!
//! It reads while it writes, so that neither end waits for the other with full
//! buffers. Nothing runs behind its caller's back: the link moves only while one
//! of its calls is awaited.

mod verbs;

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    time::{Duration, Instant},
};

use msg_protocol::{
    error::Refusal,
    frame::RequestId,
    link::{ClientEvent, ClientLink, Closure, RequestError},
    push::Push,
    request::{Request, SignIn},
    response::{Response, SignedIn},
    time::Moment,
    version::Welcome,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split},
    net::TcpStream,
    time::sleep,
};
use tokio_rustls::client::TlsStream;

pub use self::verbs::{deposit, envelope};
use super::{Endpoint, Identity, raw::connect};

const READ_BYTES: usize = 16 * 1024;

/// One link to a relay.
pub struct Peer {
    reader: ReadHalf<TlsStream<TcpStream>>,
    writer: WriteHalf<TlsStream<TcpStream>>,
    link: ClientLink,
    began: Instant,
    /// A frame on its way out, and how much of it is written.
    frame: Option<(Vec<u8>, usize)>,
    flushed: bool,
    /// Whether the relay takes no more bytes. What it has said is still read.
    deaf: bool,
    input: Vec<u8>,
    welcome: Option<(Welcome, Option<SignedIn>)>,
    answers: BTreeMap<RequestId, Result<Response, Refusal>>,
    pushes: VecDeque<Push>,
}

/// Why a link is of no more use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// No connection, another key than the pinned one, or a broken stream.
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    /// The link is closed.
    #[error("link: {0}")]
    Closed(#[from] Closure),
    /// The link takes no such request now.
    #[error("request: {0}")]
    Request(#[from] RequestError),
}

impl Peer {
    /// Opens a link on which nobody signs in.
    pub async fn anonymous(endpoint: &Endpoint) -> Result<Self, PeerError> {
        Self::open(endpoint, ClientLink::anonymous(Moment(0))).await
    }

    /// Opens a link for the identity's device.
    pub async fn sign_in(endpoint: &Endpoint, identity: &Identity) -> Result<Self, PeerError> {
        Self::sign_in_counting(endpoint, identity, 1).await
    }

    /// The same, showing a counter.
    pub async fn sign_in_counting(
        endpoint: &Endpoint,
        identity: &Identity,
        counter: u64,
    ) -> Result<Self, PeerError> {
        Self::sign_in_with(endpoint, identity.sign_in(counter)).await
    }

    /// Opens a link with a given sign-in.
    pub async fn sign_in_with(endpoint: &Endpoint, sign_in: SignIn) -> Result<Self, PeerError> {
        Self::open(endpoint, ClientLink::signed_in(sign_in, Moment(0))).await
    }

    async fn open(endpoint: &Endpoint, link: ClientLink) -> Result<Self, PeerError> {
        let (reader, writer) = split(connect(endpoint).await?);
        let mut peer = Self {
            reader,
            writer,
            link,
            began: Instant::now(),
            frame: None,
            flushed: true,
            deaf: false,
            input: vec![0; READ_BYTES],
            welcome: None,
            answers: BTreeMap::new(),
            pushes: VecDeque::new(),
        };
        while peer.welcome.is_none() {
            peer.turn().await?;
        }
        Ok(peer)
    }

    /// What the relay said when the link opened.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome.as_ref().expect("the link has been opened").0
    }

    /// What the relay answered to the sign-in.
    pub fn signed_in(&self) -> &SignedIn {
        let (_, signed_in) = self.welcome.as_ref().expect("the link has been opened");
        signed_in.as_ref().expect("the link is signed in")
    }

    /// Makes a request and waits for its answer; a link that closes instead fails
    /// the test.
    pub async fn request(&mut self, request: impl Into<Request>) -> Result<Response, Refusal> {
        let id = self.send(request).unwrap();
        self.wait(id).await.unwrap()
    }

    /// Makes a request. It leaves with the next call that waits.
    pub fn send(&mut self, request: impl Into<Request>) -> Result<RequestId, PeerError> {
        let now = self.now();
        Ok(self.link.request(request.into(), now)?)
    }

    /// Waits for the answer to a request. Each answer is given once.
    pub async fn wait(&mut self, id: RequestId) -> Result<Result<Response, Refusal>, PeerError> {
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                return Ok(answer);
            }
            self.turn().await?;
        }
    }

    /// Waits for the next push.
    pub async fn push(&mut self) -> Result<Push, PeerError> {
        loop {
            if let Some(push) = self.pushes.pop_front() {
                return Ok(push);
            }
            self.turn().await?;
        }
    }

    /// The pushes that have come so far.
    pub fn pushes(&mut self) -> Vec<Push> {
        self.pushes.drain(..).collect()
    }

    /// Keeps the link going until the relay closes it, and says why it did. What
    /// is asked keeps its answers.
    pub async fn closed(&mut self) -> PeerError {
        loop {
            if let Err(error) = self.turn().await {
                return error;
            }
        }
    }

    /// Keeps the link going for so long, or until it closes.
    pub async fn linger(&mut self, time: Duration) -> Result<(), PeerError> {
        let end = sleep(time);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                turn = self.turn() => turn?,
            }
        }
    }

    /// The stream below the link, for bytes that the link would never send. What
    /// the link had read and not told is gone.
    pub fn into_stream(self) -> TlsStream<TcpStream> {
        self.reader.unsplit(self.writer)
    }

    /// Reads or writes something, or lets time pass. Nothing is lost if the call
    /// is dropped before it has ended.
    async fn turn(&mut self) -> Result<(), PeerError> {
        if let Some(closure) = self.link.closure() {
            return Err(closure.into());
        }
        let now = self.now();
        if self.frame.is_none() {
            self.frame = self.link.poll_output(now).map(|frame| (frame, 0));
            self.flushed &= self.frame.is_none();
        }
        let due = self.link.poll_timeout().unwrap_or(now.plus_ms(1_000));
        let rest = Duration::from_millis(due.0.saturating_sub(now.0));
        let writes = !self.flushed && !self.deaf;
        let read = tokio::select! {
            read = self.reader.read(&mut self.input) => Some(or_end(read)?),
            written = write(&mut self.writer, self.frame.as_ref()), if writes => {
                self.wrote(written);
                None
            }
            () = sleep(rest) => None,
        };
        match read {
            Some(0) => {
                let event = self.link.handle_end();
                self.take(event)
            }
            Some(bytes) => self.took(bytes),
            None => {
                let event = self.link.handle_timeout(self.now());
                self.take(event)
            }
        }
    }

    fn wrote(&mut self, result: io::Result<usize>) {
        match (result, &mut self.frame) {
            (Ok(bytes), Some((frame, written))) => {
                *written += bytes;
                if *written == frame.len() {
                    self.frame = None;
                }
            }
            (Ok(_), None) => self.flushed = true,
            (Err(_), _) => self.deaf = true,
        }
    }

    fn took(&mut self, bytes: usize) -> Result<(), PeerError> {
        let now = self.now();
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..bytes];
        while let Some(event) = self.link.handle_bytes(&mut rest, now) {
            self.keep(event);
        }
        self.input = input;
        self.link.closure().map_or(Ok(()), |closure| Err(closure.into()))
    }

    fn take(&mut self, event: Option<ClientEvent>) -> Result<(), PeerError> {
        if let Some(event) = event {
            self.keep(event);
        }
        self.link.closure().map_or(Ok(()), |closure| Err(closure.into()))
    }

    fn keep(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Ready(welcome, signed_in) => self.welcome = Some((welcome, signed_in)),
            ClientEvent::Answer(id, answer) => drop(self.answers.insert(id, answer)),
            ClientEvent::Push(push) => self.pushes.push_back(push),
            ClientEvent::Closed(_) => {}
        }
    }

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.began.elapsed().as_millis()).unwrap())
    }
}

/// A relay that was cut off ends its stream as well: nothing more will come.
fn or_end(read: io::Result<usize>) -> io::Result<usize> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    match read {
        Err(error) if [BrokenPipe, ConnectionReset, UnexpectedEof].contains(&error.kind()) => Ok(0),
        other => other,
    }
}

/// Writes what is left of the frame, or flushes what was written before.
async fn write(
    writer: &mut WriteHalf<TlsStream<TcpStream>>,
    frame: Option<&(Vec<u8>, usize)>,
) -> io::Result<usize> {
    match frame {
        Some((frame, written)) => writer.write(&frame[*written..]).await,
        None => writer.flush().await.map(|()| 0),
    }
}

#[cfg(test)]
mod tests;
