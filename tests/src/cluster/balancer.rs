//! A load balancer that knows nothing but TCP: connections go to the relays in turn,
//! but for those that do not say at their health port that they are well.
//!
//! It runs on a thread of its own, so that whoever uses it may block.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener as Listener, TcpStream as Blocking},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
    task::JoinSet,
    time::{sleep, timeout},
};

const ASKED: &[u8] = b"GET /health HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
const WELL: &str = "HTTP/1.1 200";
/// How often it asks after a relay, and how long it waits for the answer.
const EVERY: Duration = Duration::from_millis(200);
const WAITS: Duration = Duration::from_secs(2);

/// A load balancer.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    behind: Behind,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Behind = Arc<Mutex<Backends>>;

#[derive(Debug, Default)]
struct Backends {
    all: Vec<Backend>,
    /// Whose turn it is.
    turn: usize,
}

#[derive(Debug, Clone, Copy)]
struct Backend {
    address: SocketAddr,
    health: SocketAddr,
    is_well: bool,
    /// How many connections it has been sent.
    taken: u64,
}

impl Balancer {
    /// Listens on a free port, with nobody behind it yet.
    pub fn start() -> Self {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let behind = Behind::default();
        let (stop, stopped) = oneshot::channel();
        let carried = Arc::clone(&behind);
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, &carried) => {}
                    () = ask(&carried) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, behind, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends connections to that address as well, as long as that health is good.
    pub fn add(&self, address: SocketAddr, health: SocketAddr) {
        let backend = Backend { address, health, is_well: true, taken: 0 };
        self.behind.lock().unwrap().all.push(backend);
    }

    /// Sends no more connections there.
    pub fn remove(&self, address: SocketAddr) {
        self.behind.lock().unwrap().all.retain(|backend| backend.address != address);
    }

    /// How many connections each has been sent, in the order in which they were added.
    pub fn taken(&self) -> Vec<u64> {
        self.behind.lock().unwrap().all.iter().map(|backend| backend.taken).collect()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: Listener, behind: &Behind) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(carry(client, Arc::clone(behind)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries a connection to the first that takes it, if any does.
async fn carry(mut client: TcpStream, behind: Behind) -> io::Result<()> {
    let all = behind.lock().unwrap().all.len();
    for _ in 0..all {
        let Some(address) = next(&behind) else { break };
        let Ok(mut relay) = TcpStream::connect(address).await else {
            fell_ill(&behind, address);
            continue;
        };
        client.set_nodelay(true)?;
        relay.set_nodelay(true)?;
        return copy_bidirectional(&mut client, &mut relay).await.map(drop);
    }
    Ok(())
}

/// The next one that is well.
fn next(behind: &Behind) -> Option<SocketAddr> {
    let mut behind = behind.lock().unwrap();
    let Backends { all, turn } = &mut *behind;
    let count = all.len();
    let mut in_turn = (0..count).map(|step| (*turn + step) % count);
    let chosen = in_turn.find(|index| all[*index].is_well)?;
    *turn = chosen + 1;
    all[chosen].taken += 1;
    Some(all[chosen].address)
}

fn fell_ill(behind: &Behind, address: SocketAddr) {
    let mut behind = behind.lock().unwrap();
    let ill = behind.all.iter_mut().filter(|backend| backend.address == address);
    ill.for_each(|backend| backend.is_well = false);
}

/// Asks after all of them, again and again.
async fn ask(behind: &Behind) {
    loop {
        let known: Vec<SocketAddr> =
            behind.lock().unwrap().all.iter().map(|backend| backend.health).collect();
        for health in known {
            let answer = timeout(WAITS, answer(health)).await;
            let is_well = matches!(answer, Ok(Ok(true)));
            let mut behind = behind.lock().unwrap();
            let asked = behind.all.iter_mut().filter(|backend| backend.health == health);
            asked.for_each(|backend| backend.is_well = is_well);
        }
        sleep(EVERY).await;
    }
}

async fn answer(health: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(health).await?;
    stream.write_all(ASKED).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text.starts_with(WELL))
}

/// The same question, asked once by whoever may block.
pub(super) fn is_well_now(health: SocketAddr) -> bool {
    let ask = || {
        let mut stream = Blocking::connect_timeout(&health, WAITS)?;
        stream.set_read_timeout(Some(WAITS))?;
        stream.write_all(ASKED)?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        io::Result::Ok(text.starts_with(WELL))
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says its name to whoever connects.
    fn relay(name: &'static str) -> SocketAddr {
        answering(name, "")
    }

    /// Says that to whoever asks after somebody's health.
    fn health(answer: &'static str) -> SocketAddr {
        answering(answer, "\r\n\r\n")
    }

    /// Hears people out to that end, and answers.
    fn answering(answer: &'static str, end: &'static str) -> SocketAddr {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut heard = Vec::new();
                let mut byte = [0];
                while !heard.ends_with(end.as_bytes()) && stream.read_exact(&mut byte).is_ok() {
                    heard.extend(byte);
                }
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        address
    }

    fn answer_of(balancer: &Balancer) -> String {
        let mut text = String::new();
        let _ = Blocking::connect(balancer.address()).unwrap().read_to_string(&mut text);
        text
    }

    #[test]
    fn connections_go_to_those_that_are_well_in_turn() {
        let well = health("HTTP/1.1 200 OK\r\n\r\n");
        let balancer = Balancer::start();
        assert_eq!(answer_of(&balancer), "");
        balancer.add(relay("one"), well);
        balancer.add(relay("two"), well);
        let answers = [(); 4].map(|()| answer_of(&balancer));
        assert_eq!(answers, ["one", "two", "one", "two"]);
        let third = relay("three");
        balancer.add(third, health("HTTP/1.1 503 Service Unavailable\r\n\r\n"));
        while balancer.behind.lock().unwrap().all[2].is_well {
            thread::sleep(Duration::from_millis(5));
        }
        let before = balancer.taken()[2];
        (0..6).for_each(|_| assert_ne!(answer_of(&balancer), "three"));
        assert_eq!(balancer.taken()[2], before);
        balancer.remove(third);
        assert_eq!(balancer.taken().len(), 2);
    }

    #[test]
    fn who_takes_no_connection_is_passed_over() {
        let well = health("HTTP/1.1 200 OK\r\n\r\n");
        let balancer = Balancer::start();
        let gone = Listener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        balancer.add(gone, well);
        balancer.add(relay("here"), well);
        (0..4).for_each(|_| assert_eq!(answer_of(&balancer), "here"));
    }
}
