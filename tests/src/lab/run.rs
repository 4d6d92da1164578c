//! One run: a schedule of events out of a seed, then calm, in which everything
//! must work again.

use std::{collections::BTreeMap, thread};

use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    prekey::BundleKem,
    time::UnixSeconds,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::{
    Weather,
    oracle::{Flight, Ledger, Stamp},
    side::{Opening, Side},
};
use crate::party::NOW;

/// What happened in a run.
#[derive(PartialEq, Eq)]
pub struct Report {
    /// Every event, in order.
    pub trace: Vec<String>,
    /// How often things happened that the laboratory is there for.
    pub tally: BTreeMap<&'static str, u32>,
}

/// Runs a schedule. Panics, with the seed and the end of the trace, where the two
/// sides do anything that the oracle did not say.
pub fn run(weather: &Weather, seed: u64) -> Report {
    let mut lab = Lab::new(*weather, seed);
    for _ in 0..weather.events {
        lab.event();
    }
    lab.calm();
    Report { trace: std::mem::take(&mut lab.trace), tally: std::mem::take(&mut lab.tally) }
}

pub(super) struct Lab {
    pub(super) weather: Weather,
    pub(super) seed: u64,
    pub(super) rng: ChaCha20Rng,
    pub(super) now: UnixSeconds,
    pub(super) sides: [Side; 2],
    pub(super) ledgers: [Ledger; 2],
    /// Everything that was ever sealed and left its device.
    pub(super) sent: Vec<Sent>,
    /// Numbers of envelopes that wait, by recipient.
    pub(super) mail: [Vec<usize>; 2],
    pub(super) flights: BTreeMap<[u8; 32], Flight>,
    pub(super) has_forgotten: bool,
    pub(super) trace: Vec<String>,
    pub(super) tally: BTreeMap<&'static str, u32>,
}

/// One envelope.
pub(super) struct Sent {
    pub(super) by: usize,
    pub(super) kind: EnvelopeKind,
    pub(super) body: Body,
    pub(super) content: Vec<u8>,
    pub(super) stamp: Stamp,
}

impl Drop for Lab {
    fn drop(&mut self) {
        if thread::panicking() {
            for line in self.trace.iter().rev().take(40).rev() {
                eprintln!("{line}");
            }
            eprintln!("weather {}, MSG_TEST_SEED={}", self.weather.name, self.seed);
        }
    }
}

impl Lab {
    fn new(weather: Weather, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let sides = ["alice", "bob"].map(|name| Side::new(name, &mut rng));
        let ledgers = [0, 1].map(|side| {
            let mut ledger = Ledger::default();
            let party = &sides[side].party;
            ledger.maintain(&party.prekeys.current(&party.device), NOW);
            ledger
        });
        Self {
            weather,
            seed,
            rng,
            now: NOW,
            sides,
            ledgers,
            sent: Vec::new(),
            mail: Default::default(),
            flights: BTreeMap::new(),
            has_forgotten: false,
            trace: Vec::new(),
            tally: BTreeMap::new(),
        }
    }

    /// Seals a message that leaves its device.
    pub(super) fn send(&mut self, by: usize) -> Option<usize> {
        let sent = self.seal(by)?;
        self.sent.push(sent);
        Some(self.sent.len() - 1)
    }

    pub(super) fn seal(&mut self, by: usize) -> Option<Sent> {
        if self.sides[by].sessions.sending().is_none() {
            self.begin(by)?;
        }
        let length = match self.below(100) {
            0..90 => self.below(200),
            90..98 => self.below(5_000),
            _ => self.below(60_000),
        };
        let mut content = vec![0; length + 8];
        self.rng.fill_bytes(&mut content);
        let sealed = match self.sides[by].sessions.seal(&content, &mut self.rng).unwrap() {
            Err(msg_crypto::SealError::Exhausted) => {
                self.retire(by);
                return self.seal(by);
            }
            outcome => outcome.unwrap(),
        };
        let stamp = self.ledgers[by].seal();
        self.tell(format!("{by} seals {} as {stamp:?}", self.sent.len()));
        Some(Sent { by, kind: sealed.kind, body: sealed.body, content, stamp })
    }

    /// Begins a session, unless the peer has been away so long that its prekeys
    /// may not be used.
    fn begin(&mut self, by: usize) -> Option<()> {
        let use_pair = self.below(2) == 0;
        let [first, second] = &mut self.sides;
        let (side, peer) = if by == 0 { (first, second) } else { (second, first) };
        let bundle = if use_pair { peer.party.bundle() } else { peer.party.last_resort_bundle() };
        let Ok(bundle) = peer.party.check_at(bundle, self.now) else {
            self.note("expired prekeys");
            return None;
        };
        let generation = side.sessions.next_generation(self.now);
        let session =
            side.party.initiate_with(&peer.party, &bundle, generation, &mut self.rng).unwrap();
        let (name, rank) = (session.name(), session.rank());
        let last_resort = match bundle.kem() {
            BundleKem::OneTime(_) => None,
            BundleKem::LastResort(key) => Some(key.id),
        };
        side.sessions.adopt(session, self.now);
        self.ledgers[by].adopt(name, rank, self.now);
        let flight = Flight { by, rank, signed: bundle.signed().id, last_resort };
        self.flights.insert(name.0, flight);
        self.tell(format!("{by} begins {name:?}"));
        Some(())
    }

    /// An envelope comes as it was sealed: the oracle says what must follow.
    pub(super) fn deliver(&mut self, to: usize, number: usize) {
        let sent = &self.sent[number];
        self.ledgers[to].expire(self.now);
        let flight = &self.flights[&sent.stamp.session.0];
        let sent_by_other = sent.by != to;
        let must_open = sent_by_other && self.ledgers[to].opens(&sent.stamp, flight);
        if !must_open {
            let (kind, body) = (sent.kind, sent.body.clone());
            self.tell(format!("{to} must refuse {number}"));
            let is_late = sent_by_other && !self.sides[to].opened.contains(&number);
            self.note(if is_late { "out of bounds" } else { "refused" });
            self.refuse(to, kind, &body);
            return;
        }
        let opening = self.receive(to, number);
        let sent = &self.sent[number];
        assert!(opening.content == sent.content, "what is opened is what was sealed");
        if let Some((name, rank)) = opening.accepted {
            assert!(name == sent.stamp.session && rank == flight_rank(&self.flights, &sent.stamp));
            self.ledgers[to].adopt(name, rank, self.now);
        }
        self.ledgers[to].opened(&sent.stamp, self.now);
        let is_first = self.sides[to].opened.insert(number);
        assert!(is_first, "no message opens twice");
        self.note(if opening.accepted.is_some() { "accepted" } else { "opened" });
    }

    fn receive(&mut self, to: usize, number: usize) -> Opening {
        self.tell(format!("{to} must open {number}"));
        let sent = &self.sent[number];
        let [first, second] = &mut self.sides;
        let (side, peer) = if to == 0 { (first, second) } else { (second, first) };
        match side.receive(&peer.party, sent.kind, &sent.body, self.now) {
            Ok(opening) => opening,
            Err(refusal) => panic!("message {number} was refused: {refusal:?}"),
        }
    }

    /// Something comes that must not open, and must leave no trace.
    pub(super) fn refuse(&mut self, to: usize, kind: EnvelopeKind, body: &Body) {
        self.ledgers[to].expire(self.now);
        self.sides[to].sessions.expire(self.now);
        let before = self.sides[to].disk();
        let [first, second] = &mut self.sides;
        let (side, peer) = if to == 0 { (first, second) } else { (second, first) };
        assert!(side.receive(&peer.party, kind, body, self.now).is_err(), "this must not open");
        assert!(self.sides[to].disk() == before, "what does not open changes nothing");
    }

    /// The sessions' idea of which one sends is the oracle's.
    pub(super) fn check_sending(&self) {
        for (side, ledger) in self.sides.iter().zip(&self.ledgers) {
            let sending = side.sessions.sending().map(msg_crypto::Session::name);
            assert!(sending == ledger.sending, "the sending session is the one of highest rank");
        }
    }

    pub(super) fn tell(&mut self, line: String) {
        self.trace.push(line);
    }

    pub(super) fn note(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.next_u64() % bound as u64).unwrap()
    }

    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance as usize
    }
}

fn flight_rank(flights: &BTreeMap<[u8; 32], Flight>, stamp: &Stamp) -> msg_crypto::session::Rank {
    flights[&stamp.session.0].rank
}
