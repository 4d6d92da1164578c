//! A link to the relay that is tried: one request at a time, over a socket that
//! blocks.

use std::{
    io::{self, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use msg_protocol::{
    address::{Pin, RelayLink},
    error::{Code, Refusal},
    link::{ClientEvent, ClientLink, Closure, RequestError},
    request::{Request, SignIn},
    response::Response,
    time::Moment,
};
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};

use super::trust::trusting;

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 16 * 1024;

/// Why the link is of no more use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum FarError {
    /// The name leads nowhere.
    #[error("the address leads nowhere: {0}")]
    Resolve(#[source] io::Error),
    /// Nobody listens there, or nothing comes through.
    #[error("nobody answers there: {0}")]
    Connect(#[source] io::Error),
    /// Another key, or no TLS 1.3.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The link names no key.
    #[error("the link names no key")]
    NoPin,
    /// The connection broke, or nothing came for too long.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The relay has closed the link.
    #[error("{0}")]
    Closed(#[from] Closure),
    /// The link takes no request.
    #[error("{0}")]
    Request(#[from] RequestError),
    /// The relay refuses.
    #[error("{0}")]
    Refused(Refusal),
}

impl FarError {
    /// What to do about it.
    pub(super) const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Resolve(_) | Self::Connect(_) => {
                "`public` in the configuration is the address that users are told; \
                 does it lead here, through the firewall?"
            }
            Self::Tls(_) => "another key answers there than the link names",
            Self::NoPin => "copy the link whole, as the relay prints it",
            Self::Io(_) | Self::Closed(_) => {
                "the relay's log says why; something between here and there may cut links"
            }
            Self::Refused(refusal) => return refused(refusal.code),
            Self::Request(_) => return None,
        })
    }
}

const fn refused(code: Code) -> Option<&'static str> {
    match code {
        Code::NOT_OPEN | Code::DENIED => {
            Some("a link with an invitation for two lets it in: msg-relay invite create --uses 2")
        }
        Code::RATE_LIMITED | Code::TOO_MANY_LINKS => {
            Some("this machine has asked too often: msg-relay limits shows how much it may")
        }
        Code::RELAY_FULL => Some("msg-relay stats shows how much room there is"),
        Code::UNAVAILABLE | Code::INTERNAL => Some("the relay's log says why"),
        _ => None,
    }
}

/// A link.
pub(super) struct Far {
    stream: StreamOwned<ClientConnection, TcpStream>,
    link: ClientLink,
    began: Instant,
    events: Vec<ClientEvent>,
}

impl Far {
    /// One on which nobody signs in.
    pub(super) fn anonymous(relay: &RelayLink) -> Result<Self, FarError> {
        Self::open(relay, ClientLink::anonymous(Moment(0)))
    }

    /// One of a device.
    pub(super) fn signed_in(relay: &RelayLink, sign_in: SignIn) -> Result<Self, FarError> {
        Self::open(relay, ClientLink::signed_in(sign_in, Moment(0)))
    }

    fn open(relay: &RelayLink, link: ClientLink) -> Result<Self, FarError> {
        let pin = relay.pin.ok_or(FarError::NoPin)?;
        let stream = connect(relay, pin)?;
        let mut far = Self { stream, link, began: Instant::now(), events: Vec::new() };
        loop {
            let is_ready = |event: &ClientEvent| matches!(event, ClientEvent::Ready(..));
            if far.events.drain(..).any(|event| is_ready(&event)) {
                return Ok(far);
            }
            far.turn()?;
        }
    }

    /// Makes a request and waits for its answer.
    pub(super) fn ask(&mut self, request: impl Into<Request>) -> Result<Response, FarError> {
        let now = self.now();
        let id = self.link.request(request.into(), now)?;
        loop {
            for event in self.events.drain(..) {
                if let ClientEvent::Answer(answered, answer) = event
                    && answered == id
                {
                    return answer.map_err(FarError::Refused);
                }
            }
            self.turn()?;
        }
    }

    /// Writes what there is to say, and reads what comes.
    fn turn(&mut self) -> Result<(), FarError> {
        let now = self.now();
        while let Some(frame) = self.link.poll_output(now) {
            self.stream.write_all(&frame)?;
        }
        self.stream.flush()?;
        let mut input = [0; READ_BYTES];
        let read = self.stream.read(&mut input)?;
        let now = self.now();
        if read == 0 {
            self.events.extend(self.link.handle_end());
        }
        let mut rest = input.get(..read).unwrap_or_default();
        while let Some(event) = self.link.handle_bytes(&mut rest, now) {
            self.events.push(event);
        }
        self.link.closure().map_or(Ok(()), |closure| Err(closure.into()))
    }

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

fn connect(
    relay: &RelayLink,
    pin: Pin,
) -> Result<StreamOwned<ClientConnection, TcpStream>, FarError> {
    let addresses = (relay.relay.host.to_dial_text(), relay.relay.port()).to_socket_addrs();
    let mut nowhere = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses.map_err(FarError::Resolve)? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(tcp) => {
                tcp.set_nodelay(true)?;
                tcp.set_read_timeout(Some(PATIENCE))?;
                tcp.set_write_timeout(Some(PATIENCE))?;
                let name = ServerName::from(address.ip());
                let mut connection = ClientConnection::new(trusting(pin)?, name)?;
                let mut tcp = tcp;
                while connection.is_handshaking() {
                    connection.complete_io(&mut tcp).map_err(shaken)?;
                }
                return Ok(StreamOwned::new(connection, tcp));
            }
            Err(error) => nowhere = error,
        }
    }
    Err(FarError::Connect(nowhere))
}

/// What TLS says about a handshake stands inside the error of the socket.
fn shaken(error: io::Error) -> FarError {
    match error.downcast::<rustls::Error>() {
        Ok(error) => FarError::Tls(error),
        Err(error) => FarError::Io(error),
    }
}
