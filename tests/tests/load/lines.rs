//! Connections on their way to a relay, of which each hundredth is cut after a
//! random number of bytes, one way or the other.

use std::{
    net::{SocketAddr, TcpListener as Listener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use msg_protocol::address::RelayLink;
use msg_tests::relay::Endpoint;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime,
};

/// One of so many is cut.
const ONE_OF: u32 = 100;
/// After so many bytes at most: in the handshake, and in the middle of what follows.
const BYTES: u32 = 30_000;

/// Ways to a relay.
pub(crate) struct Lines {
    link: RelayLink,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    cuts: AtomicBool,
    opened: AtomicU64,
    cut: AtomicU64,
}

impl Lines {
    /// Stands before a relay, and cuts nothing yet. Goes on until the process ends.
    pub(crate) fn before(relay: &RelayLink, seed: u64) -> Self {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, pin) = (listener.local_addr().unwrap(), relay.pin.unwrap());
        let link = format!("msg-relay://{address}/?pin={pin}").parse().unwrap();
        let state = Arc::new(State::default());
        let (to, shared) = (Endpoint::of(relay).address, Arc::clone(&state));
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(listener, to, &shared, ChaCha20Rng::seed_from_u64(seed)));
        });
        Self { link, state }
    }

    /// The link that leads here.
    pub(crate) const fn link(&self) -> &RelayLink {
        &self.link
    }

    /// The same for a peer that speaks the protocol alone.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::of(&self.link)
    }

    /// From now on connections are cut, or not any more.
    pub(crate) fn cut(&self, cuts: bool) {
        self.state.cuts.store(cuts, Ordering::SeqCst);
    }

    /// How many connections there were, and how many of them were cut.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.state.opened.load(Ordering::SeqCst), self.state.cut.load(Ordering::SeqCst))
    }
}

async fn accept(listener: Listener, to: SocketAddr, state: &State, mut rng: ChaCha20Rng) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        state.opened.fetch_add(1, Ordering::SeqCst);
        let mut most = [usize::MAX; 2];
        if state.cuts.load(Ordering::SeqCst) && rng.next_u32().is_multiple_of(ONE_OF) {
            state.cut.fetch_add(1, Ordering::SeqCst);
            most[rng.next_u32() as usize % 2] = (rng.next_u32() % BYTES) as usize;
        }
        tokio::spawn(hand_on(client, to, most));
    }
}

async fn hand_on(client: TcpStream, to: SocketAddr, [up, down]: [usize; 2]) {
    // Who is gone by now has no need of it.
    let Ok(relay) = TcpStream::connect(to).await else { return };
    let _ = (client.set_nodelay(true), relay.set_nodelay(true));
    let (client_reads, client_writes) = client.into_split();
    let (relay_reads, relay_writes) = relay.into_split();
    let (up, down) = (copy(client_reads, relay_writes, up), copy(relay_reads, client_writes, down));
    tokio::pin!(up, down);
    // A direction that is cut takes the other with it; one that ends does not.
    tokio::select! {
        is_cut = &mut up => if !is_cut { down.await; },
        is_cut = &mut down => if !is_cut { up.await; },
    }
}

/// Copies until there is no more; gives whether it was cut.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, most: usize) -> bool {
    let (mut buffer, mut copied) = ([0; 4_096], 0);
    while copied < most {
        let piece = buffer.len().min(most - copied);
        let read = match from.read(&mut buffer[..piece]).await {
            Ok(read) if read > 0 => read,
            _ => {
                let _ = to.shutdown().await;
                return false;
            }
        };
        if to.write_all(&buffer[..read]).await.is_err() {
            return true;
        }
        copied += read;
    }
    true
}
