//! The client's side of SOCKS 5 (RFC 1928) with user name and password (RFC
//! 1929). A proxy that tells streams apart by login, as Tor does, is shown one
//! for each isolation. What is read is bounded by the lengths of the protocol.

use std::{io, net::SocketAddr};

use msg_protocol::address::RelayAddress;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use zeroize::Zeroizing;

use super::{
    SocksFault,
    proxy::{Login, Proxy},
};

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const BY_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const V4: u8 = 1;
const NAME: u8 = 3;
const V6: u8 = 4;

/// Bytes of a user name and of a password.
const MAX_PART_BYTES: usize = 255;

/// Where the proxy shall connect to.
#[derive(Debug)]
pub(super) enum Target {
    /// An address.
    Address(SocketAddr),
    /// A name that the proxy finds, and a port.
    Name(String, u16),
}

impl Target {
    /// The relay, its name left to the proxy.
    pub(super) fn of(relay: &RelayAddress) -> Self {
        let host = relay.host.to_dial_text();
        match host.parse() {
            Ok(address) => Self::Address(SocketAddr::new(address, relay.port())),
            Err(_) => Self::Name(host, relay.port()),
        }
    }

    fn encode(&self) -> Result<Vec<u8>, SocksFault> {
        let mut request = vec![VERSION, CONNECT, 0];
        let port = match self {
            Self::Address(SocketAddr::V4(address)) => {
                request.push(V4);
                request.extend(address.ip().octets());
                address.port()
            }
            Self::Address(SocketAddr::V6(address)) => {
                request.push(V6);
                request.extend(address.ip().octets());
                address.port()
            }
            Self::Name(name, port) => {
                request.push(NAME);
                push_part(&mut request, name.as_bytes()).ok_or(SocksFault::HostUnreachable)?;
                *port
            }
        };
        request.extend(port.to_be_bytes());
        Ok(request)
    }
}

/// What the proxy is offered to know its client by.
pub(super) struct Offer {
    login: Option<Login>,
    /// Whether it may do without.
    optional: bool,
}

impl Offer {
    /// The proxy's own login, or else the isolation in its place.
    pub(super) fn new(proxy: &Proxy, isolation: &str) -> Result<Self, SocksFault> {
        if proxy.login.is_some() {
            return Ok(Self { login: proxy.login.clone(), optional: false });
        }
        if isolation.len() > MAX_PART_BYTES {
            return Err(SocksFault::Isolation);
        }
        let part = || Zeroizing::new(isolation.as_bytes().to_vec());
        let login = (!isolation.is_empty()).then(|| Login { user: part(), password: part() });
        Ok(Self { login, optional: true })
    }

    const fn methods(&self) -> &'static [u8] {
        match (&self.login, self.optional) {
            (None, _) => &[VERSION, 1, NO_LOGIN],
            (Some(_), true) => &[VERSION, 2, NO_LOGIN, BY_PASSWORD],
            (Some(_), false) => &[VERSION, 1, BY_PASSWORD],
        }
    }
}

/// Asks the proxy for a connection. Afterwards the stream is the relay's.
pub(super) async fn connect(
    stream: &mut TcpStream,
    target: &Target,
    offer: &Offer,
) -> Result<(), SocksFault> {
    stream.write_all(offer.methods()).await?;
    match (read::<2>(stream).await?, &offer.login) {
        ([VERSION, NO_LOGIN], None) => {}
        ([VERSION, NO_LOGIN], Some(_)) if offer.optional => {}
        ([VERSION, BY_PASSWORD], Some(login)) => log_in(stream, login).await?,
        ([VERSION, 0xff], _) => return Err(SocksFault::NoMethod),
        _ => return Err(SocksFault::NotSocks),
    }
    stream.write_all(&target.encode()?).await?;
    read_reply(stream).await
}

async fn log_in(stream: &mut TcpStream, login: &Login) -> Result<(), SocksFault> {
    let mut request = Zeroizing::new(Vec::with_capacity(3 + 2 * MAX_PART_BYTES));
    request.push(LOGIN_VERSION);
    push_part(&mut request, &login.user).ok_or(SocksFault::Login)?;
    push_part(&mut request, &login.password).ok_or(SocksFault::Login)?;
    stream.write_all(&request).await?;
    match read::<2>(stream).await? {
        [LOGIN_VERSION, 0] => Ok(()),
        [LOGIN_VERSION, _] => Err(SocksFault::Login),
        _ => Err(SocksFault::NotSocks),
    }
}

async fn read_reply(stream: &mut TcpStream) -> Result<(), SocksFault> {
    let [version, reply, _] = read::<3>(stream).await?;
    if version != VERSION {
        return Err(SocksFault::NotSocks);
    }
    if let Some(fault) = refusal(reply) {
        return Err(fault);
    }
    // Where the proxy connects from says nothing here, but stands before the
    // relay's first byte.
    let length = match read::<1>(stream).await? {
        [V4] => 4,
        [V6] => 16,
        [NAME] => usize::from(stream.read_u8().await?),
        _ => return Err(SocksFault::NotSocks),
    };
    let mut unused = vec![0; length + 2];
    stream.read_exact(&mut unused).await?;
    Ok(())
}

const fn refusal(reply: u8) -> Option<SocksFault> {
    Some(match reply {
        0 => return None,
        1 => SocksFault::General,
        2 => SocksFault::NotAllowed,
        3 => SocksFault::NetworkUnreachable,
        4 => SocksFault::HostUnreachable,
        5 => SocksFault::Refused,
        6 => SocksFault::Expired,
        7 => SocksFault::NoConnect,
        8 => SocksFault::AddressKind,
        other => SocksFault::Other(other),
    })
}

fn push_part(request: &mut Vec<u8>, part: &[u8]) -> Option<()> {
    request.push(u8::try_from(part.len()).ok()?);
    request.extend_from_slice(part);
    Some(())
}

async fn read<const LENGTH: usize>(stream: &mut TcpStream) -> Result<[u8; LENGTH], SocksFault> {
    let mut bytes = [0; LENGTH];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

impl From<io::Error> for SocksFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Ended,
            kind => Self::Network(kind),
        }
    }
}
