//! Peers who take their time: hundreds of each kind, beside somebody who uses
//! the relay.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use msg_protocol::{limits::MAX_OUTPUT_BYTES, request::Credit, version::LinkKind};
use msg_tests::{
    relay::{Endpoint, Identity, Peer, Raw},
    seed,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpSocket,
    task::JoinSet,
    time::{Duration, sleep, timeout},
};

use crate::scene::{Fort, PATIENCE, Probe, ended, hello, request, sign_in_over, welcomed};

/// Of each kind.
const CROWD: u8 = 250;
/// From so many sources.
const SOURCES: u8 = 10;
/// How long a peer is deaf: longer than the protocol lets a write take.
const DEAF: Duration = Duration::from_secs(45);
/// What the system takes in for a deaf peer: little, so that the relay's own
/// bound is what is seen.
const DEAF_BYTES: u32 = 8 * 1_024;

/// Runs one task for each of a crowd, and somebody's round trips beside them
/// until the last has ended. Gives the most memory that was seen above what the
/// relay had before, in KiB.
async fn beside<F>(fort: &Fort, mut one: impl FnMut(Endpoint) -> F) -> u64
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut probe = Probe::new(fort).await;
    let before = fort.resident_kib();
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        crowd.spawn(one(fort.from(1 + number % SOURCES)));
    }
    let (mut trips, mut most) = (0, 0);
    while !crowd.is_empty() {
        probe.round_trip().await;
        trips += 1;
        most = most.max(fort.resident_kib());
        if let Ok(Some(ended)) = timeout(Duration::from_millis(200), crowd.join_next()).await {
            ended.unwrap();
        }
    }
    assert!(trips >= 20, "others go on: {trips} round trips");
    probe.check(fort).await;
    fort.assert_unharmed();
    let grown = most.saturating_sub(before);
    eprintln!("{trips} round trips beside {CROWD} peers, for whom the relay took {grown} KiB");
    grown
}

/// Sends a byte a second until the relay has ended the connection.
async fn drip(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: Vec<u8>) {
    let slowly = async {
        let mut answer = [0; 1_024];
        for byte in bytes {
            tokio::select! {
                read = stream.read(&mut answer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
                () = sleep(Duration::from_secs(1)) => {
                    if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
                        return;
                    }
                }
            }
        }
        panic!("all of it was taken");
    };
    timeout(PATIENCE, slowly).await.expect("the relay cuts who is slow");
}

/// The kinds run beside each other, each against a relay of its own: all they do
/// is wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_ready_in_time_is_cut_and_nobody_waits_for_him() {
    tokio::join!(
        silent_connections(),
        slow_handshakes(),
        silence_after_the_handshake(),
        slow_sign_ins(),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_halts_within_a_frame_or_never_reads_is_cut_and_costs_no_more_than_his_share() {
    tokio::join!(slow_frames(), deaf_readers());
}

async fn silent_connections() {
    let fort = Fort::start(&[]);
    let grown = beside(&fort, |from| async move {
        ended(&mut from.dial().await.unwrap()).await;
    })
    .await;
    assert!(grown < u64::from(CROWD) * 64, "{grown} KiB");
}

async fn slow_handshakes() {
    let fort = Fort::start(&[]);
    let grown = beside(&fort, |from| async move {
        let head = vec![22, 3, 1, 4, 0, 1, 0, 3, 0xfc, 3, 3];
        let bytes = [head, vec![7; 100]].concat();
        drip(from.dial().await.unwrap(), bytes).await;
    })
    .await;
    assert!(grown < u64::from(CROWD) * 64, "{grown} KiB");
}

async fn silence_after_the_handshake() {
    let fort = Fort::start(&[]);
    let grown = beside(&fort, |from| async move {
        let mut raw = Raw::open(&from).await.unwrap();
        timeout(PATIENCE, raw.frames_until_end()).await.expect("the relay cuts who is silent");
    })
    .await;
    assert!(grown < u64::from(CROWD) * 64, "{grown} KiB");
}

async fn slow_sign_ins() {
    let fort = Fort::start(&[]);
    let grown = beside(&fort, |from| async move {
        let mut raw = Raw::open(&from).await.unwrap();
        raw.send(&hello(LinkKind::SignedIn)).await.unwrap();
        drip(raw.into_stream(), request(0, Identity::random(1).sign_in(1))).await;
    })
    .await;
    assert!(grown < u64::from(CROWD) * 64, "{grown} KiB");
}

async fn slow_frames() {
    let fort = Fort::start(&[]);
    let grown = beside(&fort, |from| async move {
        let bytes = [&70_000_u32.to_be_bytes(), [1; 60].as_slice()].concat();
        drip(welcomed(&from).await.into_stream(), bytes).await;
    })
    .await;
    assert!(grown < u64::from(CROWD) * 128, "{grown} KiB: nothing is kept for what is announced");
}

async fn deaf_link(from: &Endpoint, identity: &Identity) -> Raw {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(DEAF_BYTES).unwrap();
    socket.bind((from.from.unwrap(), 0).into()).unwrap();
    let tcp = socket.connect(from.address).await.unwrap();
    sign_in_over(Raw::over(tcp, from).await.unwrap(), identity).await
}

async fn deaf_readers() {
    let fort = Fort::start(&["links-per-device=1000"]);
    let bob = fort.register(1).await;
    let mut friend = Peer::anonymous(&fort.from(99)).await.unwrap();
    let mut rng = seed::rng(1);
    let mut sent = 0;
    for _ in 0..100 {
        friend.deposit(bob.mailbox(), &bob.door, 65_536, &mut rng).await.unwrap();
        sent += 65_536;
    }
    let all_cut = Arc::new(AtomicBool::new(true));
    let grown = beside(&fort, |from| {
        let (bob, all_cut) = (bob.clone(), Arc::clone(&all_cut));
        async move {
            let mut deaf = deaf_link(&from, &bob).await;
            deaf.send(&request(9, Credit { envelopes: 1_000, after: 0 })).await.unwrap();
            let mut stream = deaf.into_stream();
            sleep(DEAF).await;
            let (mut bytes, mut read) = (vec![0; 65_536], 0);
            while let Ok(some) = stream.read(&mut bytes).await {
                read += some;
                if some == 0 {
                    break;
                }
            }
            if read >= sent {
                all_cut.store(false, Ordering::Relaxed);
            }
        }
    })
    .await;
    assert!(all_cut.load(Ordering::Relaxed), "somebody got everything after all");
    let share = 2 * u64::try_from(MAX_OUTPUT_BYTES / 1_024).unwrap();
    assert!(grown < u64::from(CROWD) * share, "{grown} KiB");
}
