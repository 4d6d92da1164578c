//! Answers Prometheus, on loopback, and whoever asks after the relay's health: as
//! much of HTTP/1.1 as that takes.
//!
//! One request on a connection, in bounded bytes and time. Bodies, and all
//! headers, are left unread.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    health::{Health, Vitals},
    metrics::Metrics,
};
use crate::store::Store;

/// Connections at a time; further ones wait to be taken.
const MAX_CONNECTIONS: usize = 64;
/// Bytes of a request with its headers.
const MAX_REQUEST_BYTES: usize = 8 * 1024;
/// In which a request must be there, and its answer be taken.
const TIME: Duration = Duration::from_secs(10);
/// After a connection that could not be taken.
const BACK_OFF: Duration = Duration::from_millis(200);

const NOT_FOUND: &str = "404 Not Found";
const TEXT: &str = "text/plain; charset=utf-8";
/// The format's own version, not Prometheus's.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is answered at a port.
pub(crate) struct Pages<S> {
    /// The relay's health, for whom it may concern.
    pub(crate) vitals: Arc<Vitals<S>>,
    /// All numbers, at a port for this machine; `None` at one for balancers.
    pub(crate) metrics: Option<Metrics<S>>,
}

impl<S: Store> Pages<S> {
    /// Whoever runs the relay wants to know of all that is wrong; a balancer,
    /// whether it may send links here.
    async fn health(&self) -> (bool, Health) {
        let health = self.vitals.health().await;
        (if self.metrics.is_some() { health == Health::Ok } else { health.takes_links() }, health)
    }
}

/// Answers until `stop` is true.
pub(crate) async fn serve<S: Store>(
    listener: TcpListener,
    pages: Pages<S>,
    mut stop: watch::Receiver<bool>,
) {
    let pages = Arc::new(pages);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let pages = Arc::clone(&pages);
                    connections.spawn(async move {
                        // Who is slow, or gone, is owed nothing.
                        let _ = timeout(TIME, answer(stream, &pages)).await;
                    });
                }
                Err(_) => sleep(BACK_OFF).await,
            },
        }
    }
}

async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What is asked for.
enum Asked {
    Metrics,
    Health,
    Nothing(&'static str),
}

async fn answer<S: Store>(mut stream: TcpStream, pages: &Pages<S>) -> io::Result<()> {
    let head = read_head(&mut stream).await?;
    let (is_head, asked) = head
        .map_or((false, Asked::Nothing("431 Request Header Fields Too Large")), |head| {
            asked(&head)
        });
    let (status, kind, body) = match (asked, &pages.metrics) {
        (Asked::Metrics, Some(metrics)) => ("200 OK", PROMETHEUS, metrics.text().await),
        (Asked::Metrics, None) => (NOT_FOUND, TEXT, format!("{NOT_FOUND}\n")),
        (Asked::Health, _) => {
            let (well, health) = pages.health().await;
            let status = if well { "200 OK" } else { "503 Service Unavailable" };
            (status, TEXT, format!("{}\n", health.word()))
        }
        (Asked::Nothing(status), _) => (status, TEXT, format!("{status}\n")),
    };
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{allow}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    if !is_head {
        stream.write_all(body.as_bytes()).await?;
    }
    stream.shutdown().await
}

/// All up to the empty line, or up to the end; `None` if it is too much.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    let mut bytes = [0; 1_024];
    loop {
        let count = stream.read(&mut bytes).await?;
        head.extend_from_slice(bytes.get(..count).unwrap_or_default());
        if head.len() > MAX_REQUEST_BYTES {
            return Ok(None);
        }
        let ends = |end: &[u8]| head.windows(end.len()).any(|window| window == end);
        if count == 0 || ends(b"\r\n\r\n") || ends(b"\n\n") {
            return Ok(Some(head));
        }
    }
}

/// What the first line asks for, and whether the head alone is wanted.
fn asked(head: &[u8]) -> (bool, Asked) {
    const BAD: (bool, Asked) = (false, Asked::Nothing("400 Bad Request"));
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Ok(line) = str::from_utf8(line) else { return BAD };
    let words: Vec<&str> = line.trim_end_matches('\r').split(' ').collect();
    let [method, target, version] = words.as_slice() else { return BAD };
    if !version.starts_with("HTTP/1.") {
        return BAD;
    }
    let is_head = match *method {
        "GET" => false,
        "HEAD" => true,
        _ => return (false, Asked::Nothing("405 Method Not Allowed")),
    };
    let path = target.split('?').next().unwrap_or_default();
    let asked = match path {
        "/metrics" => Asked::Metrics,
        "/health" => Asked::Health,
        _ => Asked::Nothing(NOT_FOUND),
    };
    (is_head, asked)
}

#[cfg(test)]
mod tests;
