//! What a balancer is told by a relay that is told to stop, and what becomes of
//! links meanwhile.

use std::net::SocketAddr;

use msg_protocol::request::{Credit, Ping};
use msg_tests::{
    relay::{Peer, RelayProcess},
    seed,
};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::scene::{Fort, builder, eventually, request, signed_in};

/// A relay that answers balancers, with other limits than the usual ones.
fn start(limits: &[&str]) -> Fort {
    Fort { relay: builder(limits).arg("--health").arg("127.0.0.1:0").start() }
}

/// Where it says that it answers them.
async fn port(relay: &RelayProcess) -> SocketAddr {
    eventually(async || relay.log().contains("balancers")).await;
    let log = relay.log();
    let line = log.lines().find(|line| line.contains("balancers")).expect("it says so");
    let (_, at) = line.split_once("127.0.0.1:").expect("it says where");
    let port: String = at.chars().take_while(char::is_ascii_digit).collect();
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}

/// The status that a balancer gets; `None` if nobody answers.
async fn health(port: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(port).await.ok()?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: relay\r\n\r\n").await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some(format!("{} {}", head.split(' ').nth(1)?, body.trim_end()))
}

async fn says(port: SocketAddr, word: &str) -> bool {
    health(port).await.as_deref() == Some(word)
}

#[tokio::test]
async fn limit_leave_s_lets_links_come_while_balancers_are_sent_away() {
    let mut fort = start(&["leave-s=600"]);
    let port = port(&fort.relay).await;
    eventually(async || says(port, "200 ok").await).await;
    let mut early = Peer::anonymous(&fort.from(1)).await.unwrap();
    fort.relay.signal(Signal::TERM);
    eventually(async || says(port, "503 draining").await).await;
    let mut late = Peer::anonymous(&fort.from(2)).await.unwrap();
    for link in [&mut early, &mut late] {
        link.request(Ping {}).await.unwrap();
    }
    fort.relay.signal(Signal::TERM);
    assert!(!fort.relay.ended().success(), "a second signal stops at once");

    let mut brief = start(&["leave-s=1"]);
    assert!(brief.relay.stop().success(), "it goes by itself when the time is up");
    assert!(!brief.relay.listens());
}

#[tokio::test]
async fn a_relay_that_drains_says_so_to_the_end_and_lets_nobody_in() {
    let mut fort = start(&["drain-s=600"]);
    let port = port(&fort.relay).await;
    let bob = fort.register(1).await;
    let mut friend = Peer::anonymous(&fort.from(2)).await.unwrap();
    let mut rng = seed::rng(1);
    for _ in 0..200 {
        friend.deposit(bob.mailbox(), &bob.door, 65_536, &mut rng).await.unwrap();
    }
    // Who takes nothing of what is his keeps the relay waiting.
    let mut deaf = signed_in(&fort.from(3), &bob).await;
    deaf.send(&request(1, Credit { envelopes: 1_000, after: 0 })).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    fort.relay.signal(Signal::TERM);
    eventually(async || !fort.relay.listens()).await;
    assert_eq!(health(port).await.as_deref(), Some("503 draining"));
    drop(deaf);
    assert!(fort.relay.ended().success());
    assert_eq!(health(port).await, None);
}
