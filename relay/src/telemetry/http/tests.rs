//! Requests over a real port, to a relay that keeps everything in memory.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use msg_protocol::{error::Code, version::Registration};
use tokio::task::JoinHandle;

use super::*;
use crate::{
    clock::Clock,
    limits::Limits,
    presence::Presence,
    service::{Policy, Service},
    startup::listen,
    store::{RelayTime, memory::Memory},
    telemetry::figures::Figures,
};

struct Port {
    address: SocketAddr,
    service: Arc<Service<Memory>>,
    vitals: Arc<Vitals<Memory>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

fn begin(for_operators: bool) -> Port {
    let presence = Arc::new(Presence::default());
    let store = Memory::new(Arc::clone(&presence) as _).unwrap();
    let policy = Policy { registration: Registration::Open, exempt_loopback: true };
    let clock = Clock::start(RelayTime(1_000_000));
    let figures = Arc::new(Figures::default());
    let service =
        Arc::new(Service::new(store, presence, Limits::default(), policy, clock, figures));
    let vitals = Arc::new(Vitals::default());
    let metrics = for_operators.then(|| Metrics::new(Arc::clone(&service), Arc::default()));
    let listener = listen("127.0.0.1:0".parse().unwrap(), 8).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let pages = Pages { vitals: Arc::clone(&vitals), metrics };
    let serving = tokio::spawn(serve(listener, pages, stopped));
    Port { address, service, vitals, stop, serving }
}

fn start() -> Port {
    let port = begin(true);
    port.vitals.serves(Arc::clone(&port.service));
    port
}

/// Sends bytes and reads all that comes back.
async fn say(port: &Port, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(port.address).await.unwrap();
    // The relay may have hung up before it was all written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

async fn get(port: &Port, path: &str) -> String {
    say(port, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_relay_that_is_well_says_so_and_one_that_stops_answers_no_more() {
    let port = start();
    let answer = get(&port, "/health").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && body(&answer) == "ok\n", "{answer}");
    let head = say(&port, b"HEAD /health HTTP/1.0\n\n").await;
    assert!(head.contains("Content-Length: 3\r\n") && body(&head).is_empty(), "{head}");
    port.stop.send_replace(true);
    port.serving.await.unwrap();
    assert!(TcpStream::connect(port.address).await.is_err());
}

#[tokio::test]
async fn balancers_are_told_when_links_may_come_and_nothing_else() {
    let port = begin(false);
    let health = async || {
        let answer = get(&port, "/health").await;
        (answer.split(' ').nth(1).unwrap().to_owned(), body(&answer).trim_end().to_owned())
    };
    let said = |status: &str, word: &str| (status.to_owned(), word.to_owned());
    assert_eq!(health().await, said("503", "starting"));
    port.vitals.serves(Arc::clone(&port.service));
    assert_eq!(health().await, said("200", "ok"));
    assert!(get(&port, "/metrics").await.starts_with("HTTP/1.1 404"));
    port.vitals.leaves();
    assert_eq!(health().await, said("503", "draining"));
}

#[tokio::test]
async fn every_number_has_its_help_and_type_and_names_nobody() {
    let port = start();
    port.service.figures().answered(5, Some(Code::DENIED), Duration::from_millis(3));
    let answer = get(&port, "/metrics?x=y").await;
    assert!(answer.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    let text = body(&answer);
    check_format(text);
    for line in [
        "msg_relay_refusals_total{code=\"denied\"} 1",
        "msg_relay_store_up 1",
        "msg_relay_accounts 0",
        "msg_relay_limit{name=\"knocks\"} 32",
        "msg_relay_request_duration_seconds_bucket{le=\"+Inf\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
    let labels: Vec<&str> =
        text.lines().filter_map(|line| Some(line.split_once('{')?.1.split_once('=')?.0)).collect();
    let page = include_str!("../../../OPERATIONS.md");
    for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = family.split(' ').next().unwrap();
        assert!(page.contains(&format!("`{name}`")), "{name} is not explained to operators");
    }
    assert!(labels.iter().all(|label| ["version", "kind", "code", "le", "name"].contains(label)));
}

/// What the format asks for: each family once, with help and type before its
/// numbers, base units in its name, counters that say so.
fn check_format(text: &str) {
    assert!(text.ends_with('\n'));
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    let mut helped = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(help.ends_with('.'), "{line}");
            helped = Some(name);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(helped, Some(name));
            assert!(types.insert(name, kind).is_none(), "{name} is there twice");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b"_0123456789".contains(&b));
            assert!(plain && !name.ends_with("_ms") && !name.ends_with("_us"), "{name}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let family = helped.unwrap();
            let suffixes: &[&str] = match types[family] {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            assert!(suffixes.iter().any(|suffix| *name == format!("{family}{suffix}")), "{line}");
            assert!(value.parse::<f64>().unwrap() >= 0.0, "{line}");
        }
    }
    assert!(types.len() > 30);
}

#[tokio::test]
async fn whatever_comes_gets_an_answer_or_none_and_stops_nobody() {
    let port = start();
    let _silent: Vec<TcpStream> = {
        let mut silent = Vec::new();
        for _ in 0..MAX_CONNECTIONS / 2 {
            silent.push(TcpStream::connect(port.address).await.unwrap());
        }
        silent
    };
    let long = |bytes: usize| {
        let mut head = b"GET /metrics HTTP/1.1\r\n".to_vec();
        head.resize(bytes, b'x');
        head
    };
    for (bytes, status) in [
        (&b"\r\n\r\n"[..], "400"),
        (b"\xff\xfe\r\n\r\n", "400"),
        (b"GET /metrics\r\n\r\n", "400"),
        (b"GET /metrics SPDY/3\r\n\r\n", "400"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", "405"),
        (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", "404"),
        (b"GET / HTTP/1.1\r\n\r\n", "404"),
    ] {
        let answer = say(&port, bytes).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let answer = say(&port, &long(MAX_REQUEST_BYTES + 1)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let answer = say(&port, &long(64 * 1024)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let (first, second) = tokio::join!(get(&port, "/health"), get(&port, "/metrics"));
    assert!(first.starts_with("HTTP/1.1 200") && second.starts_with("HTTP/1.1 200"));
}
