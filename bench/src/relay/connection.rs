//! One connection over TLS and the protocol spoken on it. The loop that keeps a
//! number of deposits in flight is the same for all.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use msg_protocol::address::Pin;
use msg_tests::relay::trusting;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use super::{latency::Latencies, letters::Letters, wire::Wire};

const READ_BYTES: usize = 32 * 1024;

/// A connection that is ready for deposits.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    wire: Box<dyn Wire>,
    /// What has come and is not understood yet, as it is no whole answer.
    input: Vec<u8>,
}

/// When to stop.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After that time.
    Time(Duration),
    /// After so many deposits.
    Count(usize),
}

impl Connection {
    pub(crate) fn new(stream: TlsStream<TcpStream>, wire: impl Wire + 'static) -> Self {
        Self { stream, wire: Box::new(wire), input: Vec::new() }
    }

    /// Says what the protocol begins with, and waits until it is answered.
    pub(crate) async fn begin(&mut self) -> io::Result<()> {
        let (mut out, mut done) = (Vec::new(), Vec::new());
        self.wire.unasked(&mut out);
        self.write(&out).await?;
        while done.is_empty() {
            self.read(&mut done).await?;
        }
        Ok(())
    }

    /// Sends requests that are no deposits and waits for as many answers.
    pub(crate) async fn talk(&mut self, requests: &[Vec<u8>]) -> io::Result<()> {
        for slot in 0..requests.len() {
            self.wire.expect(slot);
        }
        self.write(&requests.concat()).await?;
        let (mut done, mut answered) = (Vec::new(), 0);
        while answered < requests.len() {
            self.read(&mut done).await?;
            answered += done.drain(..).count();
        }
        Ok(())
    }

    /// Deposits with `window` in flight, and returns how long each took.
    pub(crate) async fn deposit(
        &mut self,
        window: usize,
        until: Until,
        letters: &mut Letters,
    ) -> io::Result<Latencies> {
        let begin = Instant::now();
        let mut latencies = Latencies::new();
        let mut sent = vec![None; window];
        let mut free: Vec<usize> = (0..window).collect();
        let (mut out, mut done, mut count) = (Vec::new(), Vec::new(), 0);
        loop {
            let now = Instant::now();
            while !until.is_over(begin, now, count) {
                let Some(slot) = free.pop() else { break };
                self.wire.deposit(slot, &letters.next(), &mut out)?;
                if let Some(moment) = sent.get_mut(slot) {
                    *moment = Some(now);
                }
                count += 1;
            }
            if free.len() == window {
                return Ok(latencies);
            }
            self.write(&out).await?;
            out.clear();
            self.read(&mut done).await?;
            let now = Instant::now();
            for slot in done.drain(..) {
                let moment = sent.get_mut(slot).and_then(Option::take);
                latencies.add(now - moment.ok_or_else(|| io::Error::other("answered twice"))?);
                free.push(slot);
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Waits for some bytes, and names the deposits that they answer.
    async fn read(&mut self, done: &mut Vec<usize>) -> io::Result<()> {
        self.input.reserve(READ_BYTES);
        if self.stream.read_buf(&mut self.input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let taken = self.wire.answers(&self.input, done)?;
        self.input.drain(..taken);
        // Some requests of a protocol are about the connection alone.
        let mut out = Vec::new();
        self.wire.unasked(&mut out);
        self.write(&out).await
    }
}

impl Until {
    fn is_over(self, begin: Instant, now: Instant, count: usize) -> bool {
        match self {
            Self::Time(time) => now - begin >= time,
            Self::Count(most) => count >= most,
        }
    }
}

/// Makes a connection that speaks TLS from its first byte.
pub(crate) async fn dial(address: SocketAddr, pin: Pin) -> io::Result<TlsStream<TcpStream>> {
    dial_over(TcpStream::connect(address).await?, pin).await
}

/// Goes over to TLS on a connection.
pub(crate) async fn dial_over(tcp: TcpStream, pin: Pin) -> io::Result<TlsStream<TcpStream>> {
    tls(tcp, pin, &[]).await
}

/// The same, naming the protocols that will be spoken.
pub(crate) async fn tls(
    tcp: TcpStream,
    pin: Pin,
    protocols: &[&[u8]],
) -> io::Result<TlsStream<TcpStream>> {
    tcp.set_nodelay(true)?;
    let name = ServerName::from(tcp.peer_addr()?.ip());
    TlsConnector::from(trusting(pin, protocols)).connect(name, tcp).await
}
