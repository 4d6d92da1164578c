//! More than anybody sent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use msg_protocol::{
    bounded::Bytes,
    envelope::{Body, Envelope, EnvelopeKind},
    id::{EnvelopeId, RecordId, RelayEpoch},
    limits::{MAX_RECORDS_PER_ANSWER, MAX_ROWS_PER_ANSWER},
    request::{Collect, Request},
    response::{Collected, Record, Records, Response, Row},
    version::Welcome,
};
use msg_tests::{
    memory::most_resident_kib,
    relay::{Answer, Lie},
};
use rustix::process::{Pid, Signal, kill_process};

use crate::scene::Scene;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);
/// Bytes of each body: all of them together are more than the memory below.
const BODY_BYTES: usize = 4_096;
/// Envelopes after which a flood has lasted long enough.
const ENOUGH: u64 = 12_000;
/// Most memory that a flood may cost.
const MAX_RESIDENT_KIB: u64 = 48 * 1_024;

/// Says that there is always more: invented envelopes, whose numbers rise by `step`
/// from the one that was asked for after.
struct Floods {
    step: u64,
    rows: Arc<AtomicU64>,
}

impl Lie for Floods {
    fn say(&mut self, request: &Request, answer: &mut Answer) {
        let Request::Collect(Collect { after, .. }) = request else { return };
        let Ok(Response::Collected(collected)) = answer else { return };
        let template = collected.rows.first().map(|row| row.envelope.clone());
        let Some(template) = template else { return };
        let rows: Vec<Row> = (1..=MAX_ROWS_PER_ANSWER as u64)
            .map(|place| {
                let number = self.rows.fetch_add(1, Ordering::Relaxed);
                let body = Body::new(vec![number.to_le_bytes()[0]; BODY_BYTES]).unwrap();
                let id = EnvelopeId(u128::from(number).to_be_bytes());
                let kind = EnvelopeKind::Session;
                let envelope = Envelope { id, body, kind, ..template.clone() };
                Row { sequence: after + place * self.step, knock: false, envelope }
            })
            .collect();
        *collected = Collected { rows: rows.try_into().unwrap(), more: true };
    }
}

#[test]
fn a_flood_takes_little_memory_and_ends_when_it_is_told_to() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    alice.done(&["send", "bob", "hello"]);
    let rows = Arc::new(AtomicU64::new(0));
    scene.liar.lies(Floods { step: 1, rows: Arc::clone(&rows) });
    let mut flooded = bob.start(&["recv"]);
    let deadline = Instant::now() + PATIENCE;
    while rows.load(Ordering::Relaxed) < ENOUGH {
        assert_eq!(flooded.try_wait().unwrap(), None, "it has not seen all of it");
        assert!(Instant::now() < deadline, "the flood dries up");
        thread::sleep(Duration::from_millis(20));
    }
    let resident_kib = most_resident_kib(flooded.id()).unwrap();
    assert!(resident_kib < MAX_RESIDENT_KIB, "{resident_kib} KiB");
    kill_process(Pid::from_child(&flooded), Signal::TERM).unwrap();
    flooded.wait().unwrap();

    scene.liar.is_honest();
    assert_eq!(bob.read(), ["hello"]);
}

#[test]
fn a_relay_that_says_the_same_for_ever_is_not_listened_to() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    alice.done(&["send", "bob", "hello"]);
    let rows = Arc::new(AtomicU64::new(0));
    scene.liar.lies(Floods { step: 0, rows: Arc::clone(&rows) });
    let mut flooded = bob.start(&["recv"]);
    let deadline = Instant::now() + PATIENCE;
    let ended = loop {
        match flooded.try_wait().unwrap() {
            None if Instant::now() < deadline && rows.load(Ordering::Relaxed) < ENOUGH => {
                thread::sleep(Duration::from_millis(20));
            }
            ended => break ended,
        }
    };
    flooded.kill().unwrap();
    flooded.wait().unwrap();
    assert!(ended.is_some(), "it listens for ever");

    scene.liar.is_honest();
    assert_eq!(bob.read(), ["hello"]);
}

/// Has begun again, and then always more records: with ids that rise, or the same.
struct Hoards {
    rises: bool,
    asked: Arc<AtomicU64>,
}

impl Lie for Hoards {
    fn welcome(&mut self, welcome: &mut Welcome) {
        welcome.epoch = RelayEpoch([u8::from(self.rises); 16]);
    }

    fn say(&mut self, request: &Request, answer: &mut Answer) {
        if !matches!(request, Request::ListRecords(_)) {
            return;
        }
        let page = self.asked.fetch_add(1, Ordering::Relaxed);
        let from = if self.rises { page << 32 } else { 0 };
        let record = |place: u64| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&(from + place).to_be_bytes());
            Record { id: RecordId(id), revision: 1, value: Bytes::new(vec![7; 100]).unwrap() }
        };
        let records: Vec<Record> = (0..MAX_RECORDS_PER_ANSWER as u64).map(record).collect();
        *answer = Ok(Records { records: records.try_into().unwrap(), more: true }.into());
    }
}

#[test]
fn a_relay_that_has_records_for_ever_is_not_listened_to() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    alice.done(&["send", "bob", "hello"]);
    for rises in [true, false] {
        let asked = Arc::new(AtomicU64::new(0));
        scene.liar.lies(Hoards { rises, asked: Arc::clone(&asked) });
        let mut hoarded = bob.start(&["recv", "--peek"]);
        let deadline = Instant::now() + PATIENCE;
        let ended = loop {
            match hoarded.try_wait().unwrap() {
                None if Instant::now() < deadline && asked.load(Ordering::Relaxed) < 1_000 => {
                    thread::sleep(Duration::from_millis(20));
                }
                ended => break ended,
            }
        };
        hoarded.kill().unwrap();
        hoarded.wait().unwrap();
        assert!(ended.is_some(), "it listens for ever; ids rise: {rises}");
        assert!(asked.load(Ordering::Relaxed) > 0, "it was asked");
    }
    scene.liar.is_honest();
    assert_eq!(bob.read(), ["hello"]);
}
