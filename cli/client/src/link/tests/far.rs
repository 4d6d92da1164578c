//! The relay's end of a link: by the protocol's own state machine, or frame by
//! frame for relays that keep to nothing.

use msg_protocol::{
    bounded::Bytes,
    frame::{ClientFrame, FrameDecoder},
    id::RelayEpoch,
    limits::MAX_FRAME_BYTES,
    link::{Closure, Offer, ServerEvent, ServerLink},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};

use super::*;

const EPOCH: RelayEpoch = RelayEpoch([3; 16]);
const TIME: UnixSeconds = UnixSeconds(1_700_000_000);

/// What a relay answers now. A request that is not among it is kept for later.
pub(super) type Answers = Vec<(RequestId, Result<Response, Refusal>)>;

/// Runs a relay by the rules until the link closes, and says why it did.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    terms: Terms,
    mut handle: impl FnMut(RequestId, Request) -> Answers,
) -> Closure {
    let began = Instant::now();
    let now = || Moment(u64::try_from(began.elapsed().as_millis()).unwrap());
    let mut link = ServerLink::new(Offer { epoch: EPOCH, time: TIME, terms }, now());
    let mut buffer = vec![0; 1_000];
    let mut input = Vec::new();
    let mut event = None;
    loop {
        let mut rest = input.as_slice();
        while let Some(event) = event.take().or_else(|| link.handle_bytes(&mut rest, now())) {
            match event {
                ServerEvent::SignIn(shown) => {
                    assert_eq!(shown, sign_in());
                    link.accept_sign_in(signed_in(), now()).unwrap();
                }
                ServerEvent::Request(id, request) => {
                    for (id, answer) in handle(id, request) {
                        link.answer(id, answer, now()).unwrap();
                    }
                }
                ServerEvent::Closed(_) => {}
            }
        }
        input = rest.to_vec();
        if let Some(frame) = link.poll_output(now()) {
            if stream.write_all(&frame).await.is_err() {
                return Closure::Ended;
            }
            continue;
        }
        if let Some(closure) = link.closure() {
            stream.shutdown().await.ok();
            return closure;
        }
        stream.flush().await.unwrap();
        let due = link.poll_timeout().unwrap_or(now().plus_ms(1_000_000));
        let due = began + Duration::from_millis(due.0);
        event = tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(0) => link.handle_end(),
                Ok(bytes) => {
                    input.extend(&buffer[..bytes]);
                    None
                }
                // TLS that ends without saying so.
                Err(_) => return Closure::Truncated,
            },
            () = sleep_until(due) => link.handle_timeout(now()),
        };
    }
}

/// A relay that grants the usual and does all that it is asked.
pub(super) async fn serve_all(stream: DuplexStream) {
    serve(stream, Terms::default(), |id, request| vec![(id, Ok(answer(&request)))]).await;
}

/// An answer that tells the request.
pub(super) fn answer(request: &Request) -> Response {
    match request {
        Request::FetchBlob(fetch) => chunk_of(fetch.index),
        Request::CountPrekeys(_) => PrekeysLeft { one_time: 42 }.into(),
        Request::AskBlob(ask) => BlobStatus {
            length: u64::from(ask.blob.0[0]),
            missing: Vec::new().try_into().unwrap(),
            expires: TIME,
        }
        .into(),
        Request::Collect(_) => {
            Collected { rows: Vec::new().try_into().unwrap(), more: false }.into()
        }
        _ => Done {}.into(),
    }
}

pub(super) fn chunk_of(index: u32) -> Response {
    BlobChunk { length: u64::from(index), bytes: Bytes::new(vec![1; 9]).unwrap() }.into()
}

/// A relay, frame by frame.
pub(super) struct Far {
    pub(super) stream: DuplexStream,
    decoder: FrameDecoder,
}

impl Far {
    pub(super) fn new(stream: DuplexStream) -> Self {
        Self { stream, decoder: FrameDecoder::new(MAX_FRAME_BYTES) }
    }

    /// A relay that has taken the hello, and the sign-in if there is one.
    pub(super) async fn opened(stream: DuplexStream, signs_in: bool, terms: Terms) -> Self {
        let mut far = Self::new(stream);
        far.frame().await.unwrap();
        far.say(&ServerFrame::Welcome(Welcome { version: 1, epoch: EPOCH, time: TIME, terms }))
            .await;
        if signs_in {
            far.frame().await.unwrap();
            far.say(&ServerFrame::Response(RequestId(0), signed_in().into())).await;
        }
        far
    }

    /// The next frame; `None` at the end.
    pub(super) async fn frame(&mut self) -> Option<ClientFrame> {
        let mut byte = [0];
        while self.stream.read_exact(&mut byte).await.is_ok() {
            if let Some(body) = self.decoder.handle_bytes(&mut byte.as_slice()).unwrap() {
                return Some(ClientFrame::decode(&body).unwrap());
            }
        }
        None
    }

    pub(super) async fn request(&mut self) -> (RequestId, Request) {
        match self.frame().await {
            Some(ClientFrame::Request(id, request)) => (id, request),
            other => panic!("{other:?} is no request"),
        }
    }

    pub(super) async fn say(&mut self, frame: &ServerFrame) {
        self.raw(&frame.encode().unwrap()).await;
    }

    /// Says bytes, if anybody listens.
    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Says nothing more until the client is gone.
    pub(super) async fn outlast(&mut self) {
        while self.frame().await.is_some() {}
    }
}
