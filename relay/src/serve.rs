//! Where links come in: takes connections, makes TLS handshakes, and hands
//! each link to a task of its own, within the limits.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use msg_protocol::{time::Moment, version::ALPN};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};

use crate::{
    connection::{Budget, Connection},
    gate::{Gate, Pass},
    service::{Service, refusal},
    source::Source,
    startup::keep_alive,
    store::Store,
};

/// How long nobody is let in after a connection that could not be taken, first
/// and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// What each new link needs.
struct Entrance<S> {
    service: Arc<Service<S>>,
    tls: watch::Receiver<Arc<ServerConfig>>,
    gate: Arc<Gate>,
    budget: Arc<Budget>,
}

/// Takes connections until `stop` is true, then lets each link finish what is
/// in flight, for as long as the limit `drain-s` says. Gives how many links had
/// to be cut.
pub(crate) async fn run<S: Store>(
    listener: TcpListener,
    tls: watch::Receiver<Arc<ServerConfig>>,
    service: Arc<Service<S>>,
    budget: Arc<Budget>,
    mut stop: watch::Receiver<bool>,
) -> usize {
    let entrance =
        Arc::new(Entrance { gate: Gate::new(), tls, budget, service: Arc::clone(&service) });
    let mut links = JoinSet::new();
    let mut back_off = BACK_OFF.0;
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => break,
            Some(_) = links.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    back_off = BACK_OFF.0;
                    entrance.take(stream, address.ip(), &mut links);
                }
                Err(error) => {
                    service.figures().accepts_failed.add(1);
                    back_off = wait_for_descriptors(&error, back_off).await;
                }
            },
        }
    }
    drop(listener);
    drain(&service, links).await
}

/// Waits until it is told to stop, and holds nothing of the channel after that.
async fn told(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone says the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Some failures are of one connection, which is gone; the others are ours, most
/// often that there is no descriptor left.
async fn wait_for_descriptors(error: &io::Error, back_off: Duration) -> Duration {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        return back_off;
    }
    if back_off >= BACK_OFF.1 {
        tracing::warn!(error = %error, "cannot take connections");
    }
    sleep(back_off).await;
    (back_off * 2).min(BACK_OFF.1)
}

async fn drain<S: Store>(service: &Arc<Service<S>>, mut links: JoinSet<()>) -> usize {
    service.presence().close_all(refusal::STOPPING);
    let finish = async { while links.join_next().await.is_some() {} };
    let patience = Duration::from_secs(service.limits().drain_s);
    if timeout(patience, finish).await.is_ok() {
        return 0;
    }
    let cut = links.len();
    links.shutdown().await;
    cut
}

impl<S: Store> Entrance<S> {
    fn take(self: &Arc<Self>, stream: TcpStream, address: IpAddr, links: &mut JoinSet<()>) {
        let source = Source::of(address);
        let Some(pass) = self.admit(source) else {
            self.service.figures().links_refused.add(1);
            return;
        };
        let entrance = Arc::clone(self);
        links.spawn(async move { entrance.serve(stream, source, pass).await });
    }

    fn admit(&self, source: Source) -> Option<Pass> {
        let limits = self.service.limits();
        let exempt = self.service.policy().exempt_loopback && source.is_loopback();
        let pass = self.gate.enter((!exempt).then_some(source), &limits)?;
        self.service.admit_link(source).then_some(pass)
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, source: Source, pass: Pass) {
        let now = self.service.clock().moment();
        let ready_s = self.service.limits().ready_s;
        let ready_by = now.plus_ms(ready_s.saturating_mul(1_000));
        let handshake = timeout(Duration::from_secs(ready_s), self.shake_hands(stream)).await;
        let Ok(Some(stream)) = handshake else {
            self.service.figures().handshakes_failed.add(1);
            return;
        };
        self.link(stream, source, pass, ready_by).run().await;
    }

    fn link(
        &self,
        stream: TlsStream<TcpStream>,
        source: Source,
        pass: Pass,
        ready_by: Moment,
    ) -> Connection<S, TlsStream<TcpStream>> {
        Connection::new(Arc::clone(&self.service), stream, source, &self.budget, pass, ready_by)
    }

    async fn shake_hands(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        // Answers are small and come when they are due.
        stream.set_nodelay(true).ok()?;
        keep_alive(&stream, self.service.limits().keep_alive_s).ok()?;
        let config = Arc::clone(&self.tls.borrow());
        let stream = TlsAcceptor::from(config).accept(stream).await.ok()?;
        (stream.get_ref().1.alpn_protocol() == Some(ALPN)).then_some(stream)
    }
}
