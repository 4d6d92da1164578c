//! A network that breaks: one connection is handed on to the relay, and cut
//! after so many bytes in one of its directions.

use std::net::SocketAddr;

use msg_tests::relay::Endpoint;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

/// A direction, as seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

/// A proxy for one connection.
pub(crate) struct Proxy {
    endpoint: Endpoint,
    bytes: JoinHandle<(usize, usize)>,
}

impl Proxy {
    /// Listens. What is handed on is cut after that many bytes of that way.
    pub(crate) async fn cutting(relay: Endpoint, way: Way, after: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bytes = tokio::spawn(hand_on(listener, relay.address, way, after));
        Self { endpoint: Endpoint { address, ..relay }, bytes }
    }

    /// Where the client connects.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The bytes that went up and down, once the connection is over.
    pub(crate) async fn ended(self) -> (usize, usize) {
        self.bytes.await.unwrap()
    }
}

async fn hand_on(
    listener: TcpListener,
    relay: SocketAddr,
    way: Way,
    after: usize,
) -> (usize, usize) {
    let (client, _) = listener.accept().await.unwrap();
    let relay = TcpStream::connect(relay).await.unwrap();
    let _ = (client.set_nodelay(true), relay.set_nodelay(true));
    let (client_reads, client_writes) = client.into_split();
    let (relay_reads, relay_writes) = relay.into_split();
    let most = |this| if this == way { after } else { usize::MAX };
    let (mut up, mut down) = (0, 0);
    // Whichever direction ends first takes the other with it.
    tokio::select! {
        () = copy(client_reads, relay_writes, most(Way::Up), &mut up) => {}
        () = copy(relay_reads, client_writes, most(Way::Down), &mut down) => {}
    }
    (up, down)
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, most: usize, copied: &mut usize) {
    let mut buffer = [0; 2_048];
    while *copied < most {
        let piece = buffer.len().min(most - *copied);
        let read = match from.read(&mut buffer[..piece]).await {
            Ok(read) if read > 0 => read,
            _ => return,
        };
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        *copied += read;
    }
}
