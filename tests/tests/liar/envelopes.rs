//! Lies about what came.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use msg_protocol::{
    envelope::{Body, Envelope, EnvelopeKind},
    id::{EnvelopeId, MailboxId},
    limits::MAX_ROWS_PER_ANSWER,
    request::{Collect, Request},
    response::{Collected, Done, Response, Row},
};
use msg_tests::{
    msg::Person,
    relay::{Answer, Lie},
};

use crate::scene::{LATER_S, Scene, assert_ends, outbox, status};

/// What a relay makes of the rows of a mailbox, given the number that they were
/// asked for after; what is too much for one answer comes with the next.
struct Mailbox<F> {
    makes: F,
    waiting: Vec<Row>,
}

impl<F: FnMut(u64, Vec<Row>) -> Vec<Row> + Send> Mailbox<F> {
    const fn of(makes: F) -> Self {
        Self { makes, waiting: Vec::new() }
    }
}

impl<F: FnMut(u64, Vec<Row>) -> Vec<Row> + Send> Lie for Mailbox<F> {
    fn say(&mut self, request: &Request, answer: &mut Answer) {
        let Request::Collect(Collect { after, .. }) = request else { return };
        let Ok(Response::Collected(collected)) = answer else { return };
        if self.waiting.is_empty() {
            self.waiting = (self.makes)(*after, collected.rows.clone().into_vec());
        }
        let page = self.waiting.len().min(MAX_ROWS_PER_ANSWER);
        let page: Vec<Row> = self.waiting.drain(..page).collect();
        let more = !self.waiting.is_empty();
        *collected = Collected { rows: page.try_into().unwrap(), more };
    }
}

/// Rows with numbers that rise from one above what was asked for. The true numbers
/// lie higher: what is shown so comes again when the relay tells the truth.
fn numbered(after: u64, envelopes: impl IntoIterator<Item = Envelope>) -> Vec<Row> {
    let row = |(sequence, envelope)| Row { sequence, knock: false, envelope };
    (after + 1..).zip(envelopes).map(row).collect()
}

fn envelopes(rows: Vec<Row>) -> Vec<Envelope> {
    rows.into_iter().map(|row| row.envelope).collect()
}

type Kept = Arc<Mutex<Vec<Envelope>>>;

#[test]
fn replayed_envelopes_are_shown_once() {
    let scene = Scene::new();
    let [alice, bob] = ["alice", "bob"].map(|name| scene.person(name));
    // All that ever came to anybody, handshakes too, comes again each time, twice.
    let mut all: BTreeMap<MailboxId, Vec<Envelope>> = BTreeMap::new();
    scene.liar.lies(Mailbox::of(move |after, rows: Vec<Row>| {
        let Some(first) = rows.first() else { return rows };
        let of_this = all.entry(first.envelope.mailbox).or_default();
        of_this.extend(envelopes(rows));
        numbered(after, of_this.iter().chain(of_this.iter()).cloned())
    }));
    alice.done(&["add-contact", "bob"]);
    bob.done(&["add-contact", "alice"]);
    for person in [&alice, &bob] {
        person.done(&["recv"]);
    }
    for round in 0..3 {
        let (there, back) = (format!("there {round}"), format!("back {round}"));
        alice.done(&["send", "bob", &there]);
        assert_eq!(bob.read(), [there]);
        bob.done(&["send", "alice", &back]);
        assert_eq!(alice.read(), [back]);
    }
    assert_eq!((status(&alice, "unopened"), status(&bob, "unopened")), (0, 0));
}

#[test]
fn dropped_envelopes_are_missed_and_sent_again() {
    /// Answers for envelopes that it never stores.
    struct Drops;

    impl Lie for Drops {
        fn hear(&mut self, request: &mut Request) -> Option<Answer> {
            matches!(request, Request::Deposit(_)).then(|| Ok(Done {}.into()))
        }
    }

    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    scene.liar.lies(Drops);
    let words = ["send", "bob", "dropped", "--wait", "delivered", "--timeout", "2s"];
    assert_ends(&alice.run(&words), 9, "not further");
    scene.liar.is_honest();
    alice.done(&["send", "bob", "after"]);
    assert_eq!(bob.read(), ["after"]);
    alice.done(&["status"]);
    assert_eq!(outbox(&alice).first().map(String::as_str), Some("relay"));
    alice.run_at(LATER_S, &["status"]);
    assert_eq!(bob.read(), ["dropped"]);
}

#[test]
fn withheld_envelopes_come_late_and_once() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    alice.done(&["send", "bob", "withheld"]);
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    scene.liar.lies(Mailbox::of(move |_, rows: Vec<Row>| {
        keeps.lock().unwrap().extend(envelopes(rows));
        Vec::new()
    }));
    assert_eq!(bob.read(), [""; 0]);
    scene.liar.is_honest();
    let texts: Vec<String> = (0..5).map(|number| format!("in time {number}")).collect();
    for text in &texts {
        alice.done(&["send", "bob", text]);
    }
    // The one that was withheld is in the mailbox still: the relay hides it.
    let hides = Arc::clone(&kept);
    scene.liar.lies(Mailbox::of(move |_, mut rows: Vec<Row>| {
        rows.retain(|row| !hides.lock().unwrap().contains(&row.envelope));
        rows
    }));
    assert_eq!(bob.read(), texts);
    scene.liar.lies(Mailbox::of(move |after, _| numbered(after, kept.lock().unwrap().clone())));
    assert_eq!(bob.read(), ["withheld"]);
    assert_eq!(bob.read(), [""; 0]);
}

#[test]
fn reordered_envelopes_are_all_shown_once() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    let mut texts: Vec<String> = (0..12).map(|number| format!("text {number:02}")).collect();
    for text in &texts {
        alice.done(&["send", "bob", text]);
    }
    scene.liar.lies(Mailbox::of(|after, rows| numbered(after, envelopes(rows).into_iter().rev())));
    let mut shown = bob.read();
    assert_ne!(shown, texts, "the relay has reordered them");
    shown.sort();
    texts.sort();
    assert_eq!(shown, texts);
    assert_eq!(status(&bob, "unopened"), 0);
}

#[test]
fn misdirected_envelopes_are_counted_and_shown_to_nobody() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    let carol = scene.person("carol");
    for [one, other] in [[&alice, &carol], [&carol, &alice]] {
        one.done(&["add-contact", &other.name]);
    }
    carol.done(&["recv"]);
    alice.done(&["recv"]);
    alice.done(&["send", "bob", "for bob alone"]);
    let of_bob = taken(&scene, &bob);
    alice.done(&["send", "carol", "for carol"]);
    let of_carol = taken(&scene, &carol);
    assert_eq!((of_bob.len(), of_carol.len()), (1, 1));
    assert_eq!(carol.read(), ["for carol"]);

    // As they are, and readdressed; to her, and to who sent them.
    let mailbox = of_carol[0].mailbox;
    let readdressed = Envelope { mailbox, ..of_bob[0].clone() };
    for envelope in [of_bob[0].clone(), readdressed] {
        let before = status(&carol, "unopened");
        scene.liar.lies(Mailbox::of(move |after, _| numbered(after, [envelope.clone()])));
        assert_eq!(carol.read(), [""; 0]);
        scene.liar.is_honest();
        assert_eq!(status(&carol, "unopened"), before + 1);
    }
    let reflected = of_bob[0].clone();
    scene.liar.lies(Mailbox::of(move |after, _| numbered(after, [reflected.clone()])));
    assert_eq!(alice.read(), [""; 0]);

    scene.liar.is_honest();
    assert_eq!(bob.read(), ["for bob alone"]);
}

/// What waits for somebody, seen by the relay and withheld.
fn taken(scene: &Scene, person: &Person) -> Vec<Envelope> {
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    scene.liar.lies(Mailbox::of(move |_, rows: Vec<Row>| {
        keeps.lock().unwrap().extend(envelopes(rows));
        Vec::new()
    }));
    assert_eq!(person.read(), [""; 0]);
    scene.liar.is_honest();
    kept.lock().unwrap().clone()
}

#[test]
fn altered_and_invented_envelopes_are_counted_and_harm_nothing() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    alice.done(&["send", "bob", "as it was"]);
    let [envelope] = taken(&scene, &bob).try_into().unwrap();
    let length = envelope.body.as_bytes().len();
    let altered = |place: usize| {
        let mut body = envelope.body.as_bytes().to_vec();
        body[place] ^= 1;
        Envelope { body: Body::new(body).unwrap(), ..envelope.clone() }
    };
    let invented = |kind| Envelope {
        kind,
        id: EnvelopeId([9; 16]),
        body: Body::new(vec![9; length]).unwrap(),
        ..envelope.clone()
    };
    let handshake = Envelope { kind: EnvelopeKind::Handshake, ..envelope.clone() };
    let kinds = [EnvelopeKind::Session, EnvelopeKind::Handshake];
    let mut bad: Vec<Envelope> = [0, length / 2, length - 1].map(altered).to_vec();
    bad.extend(kinds.map(invented));
    bad.push(handshake);
    let count = bad.len() as u64;
    scene.liar.lies(Mailbox::of(move |after, _| numbered(after, bad.clone())));
    assert_eq!(bob.read(), [""; 0]);
    scene.liar.lies(Mailbox::of(move |after, _| numbered(after, [envelope.clone()])));
    assert_eq!(bob.read(), ["as it was"]);
    scene.liar.lies(Mailbox::of(|_, _| Vec::new()));
    assert_eq!(status(&bob, "unopened"), count);
}
