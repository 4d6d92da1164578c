//! A relay that lies: TLS with a key of its own, and behind it a real relay. It
//! reads every frame of either side, and says what a test's lie makes of it.
//!
//! It runs on a thread of its own, so that whoever is lied to may block.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener as Listener},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use msg_protocol::{
    address::{Pin, RelayLink},
    error::Refusal,
    frame::{ClientFrame, RequestId, ServerFrame},
    request::Request,
    response::Response,
    version::Welcome,
};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivatePkcs8KeyDer, version::TLS13};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    net::{TcpListener, TcpStream},
    runtime,
    sync::{Mutex as Turn, oneshot},
};
use tokio_rustls::TlsAcceptor;

use super::{ALPN, Endpoint, raw::connect};

/// What is said to a request.
pub type Answer = Result<Response, Refusal>;

/// What a relay makes of the truth; all of it, if a method is left out.
pub trait Lie: Send {
    /// Changes the first words on a link.
    fn welcome(&mut self, _welcome: &mut Welcome) {}

    /// Changes a request before the real relay hears it; with an answer, it never does.
    fn hear(&mut self, _request: &mut Request) -> Option<Answer> {
        None
    }

    /// Changes what the real relay answers.
    fn say(&mut self, _request: &Request, _answer: &mut Answer) {}
}

/// No lie.
struct Honest;

impl Lie for Honest {}

type Told = Arc<Mutex<Box<dyn Lie>>>;

/// A relay that lies.
pub struct Liar {
    link: RelayLink,
    told: Told,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    /// Stands before that relay, and tells the truth for now.
    pub fn before(relay: Endpoint) -> Self {
        let key = KeyPair::generate().unwrap();
        let pin = Pin::of(&key.subject_public_key_info());
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let link = link(listener.local_addr().unwrap(), pin);
        let told: Told = Arc::new(Mutex::new(Box::new(Honest)));
        let (stop, stopped) = oneshot::channel();
        let lies = Arc::clone(&told);
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, acceptor(&key), relay, lies) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { link, told, stop: Some(stop), thread: Some(thread) }
    }

    /// The link that leads to it.
    pub const fn link(&self) -> &RelayLink {
        &self.link
    }

    /// From now on it lies like that, on links that are open too.
    pub fn lies(&self, lie: impl Lie + 'static) {
        *self.told.lock().unwrap() = Box::new(lie);
    }

    /// From now on it tells the truth.
    pub fn is_honest(&self) {
        self.lies(Honest);
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "the liar has failed");
    }
}

fn link(address: SocketAddr, pin: Pin) -> RelayLink {
    format!("msg-relay://{address}/?pin={pin}").parse().unwrap()
}

fn acceptor(key: &KeyPair) -> TlsAcceptor {
    let params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let chain = vec![params.self_signed(key).unwrap().der().clone()];
    let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .unwrap();
    config.alpn_protocols = vec![ALPN.to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(listener: Listener, acceptor: TlsAcceptor, relay: Endpoint, told: Told) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let (acceptor, told) = (acceptor.clone(), Arc::clone(&told));
        // A link that breaks is its two ends' business.
        tokio::spawn(async move { stand_between(client, &acceptor, &relay, &told).await });
    }
}

async fn stand_between(
    client: TcpStream,
    acceptor: &TlsAcceptor,
    relay: &Endpoint,
    told: &Told,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (mut from_client, to_client) = split(acceptor.accept(client).await?);
    let (mut from_relay, mut to_relay) = split(connect(relay).await?);
    let to_client = Turn::new(to_client);
    let asked = Mutex::new(BTreeMap::new());
    let up = async {
        while let Some(body) = next(&mut from_client).await {
            let (frame, answer) = heard(ClientFrame::decode(&body).unwrap(), told, &asked);
            if let Some(answer) = answer {
                write(&mut *to_client.lock().await, &answer.encode().unwrap()).await?;
            } else {
                write(&mut to_relay, &frame.encode().unwrap()).await?;
            }
        }
        to_relay.shutdown().await
    };
    let down = async {
        while let Some(body) = next(&mut from_relay).await {
            let frame = said(ServerFrame::decode(&body).unwrap(), told, &asked);
            write(&mut *to_client.lock().await, &frame.encode().unwrap()).await?;
        }
        to_client.lock().await.shutdown().await
    };
    let (up, down) = tokio::join!(up, down);
    up.and(down)
}

type Asked = Mutex<BTreeMap<RequestId, Request>>;

/// What goes on to the relay, and what is answered instead.
fn heard(frame: ClientFrame, told: &Told, asked: &Asked) -> (ClientFrame, Option<ServerFrame>) {
    let ClientFrame::Request(id, mut request) = frame else { return (frame, None) };
    let answer = told.lock().unwrap().hear(&mut request);
    if answer.is_none() {
        asked.lock().unwrap().insert(id, request.clone());
    }
    (ClientFrame::Request(id, request), answer.map(|answer| answered(id, answer)))
}

/// What the client is told.
fn said(frame: ServerFrame, told: &Told, asked: &Asked) -> ServerFrame {
    let (id, mut answer) = match frame {
        ServerFrame::Welcome(mut welcome) => {
            told.lock().unwrap().welcome(&mut welcome);
            return ServerFrame::Welcome(welcome);
        }
        ServerFrame::Response(id, response) => (id, Ok(response)),
        ServerFrame::Refusal(id, refusal) => (id, Err(refusal)),
        other => return other,
    };
    if let Some(request) = asked.lock().unwrap().remove(&id) {
        told.lock().unwrap().say(&request, &mut answer);
    }
    answered(id, answer)
}

fn answered(id: RequestId, answer: Answer) -> ServerFrame {
    match answer {
        Ok(response) => ServerFrame::Response(id, response),
        Err(refusal) => ServerFrame::Refusal(id, refusal),
    }
}

/// The body of the next frame; `None` when there are no more.
async fn next(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let length = stream.read_u32().await.ok()?;
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    stream.write_all(frame).await?;
    stream.flush().await
}
