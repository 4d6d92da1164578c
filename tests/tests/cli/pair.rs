//! Two people whose commands are cut off, and what they were told and shown.

use std::{
    process::Child,
    thread,
    time::{Duration, Instant},
};

use msg_protocol::address::RelayLink;
use msg_tests::{
    msg::{Done, Person},
    nonces::Nonces,
    relay::{Liar, RelayProcess},
    shown::Shown,
    soak::Found,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

use super::relay;

/// A relay behind somebody who counts nonces.
pub(crate) struct Watched {
    relay: RelayProcess,
    liar: Liar,
    pub(crate) nonces: Nonces,
}

/// Alice, who writes, and bob, who reads.
pub(crate) struct Pair<'a> {
    pub(crate) alice: &'a Person,
    pub(crate) bob: &'a Person,
    /// What a command of alice's has ended well for.
    pub(crate) confirmed: Vec<String>,
    pub(crate) shown: Shown,
    /// A little more than a command takes, here and now.
    longest: Duration,
}

impl Watched {
    pub(crate) fn new() -> Self {
        let relay = relay();
        let (liar, nonces) = (Liar::before(relay.endpoint()), Nonces::default());
        liar.lies(nonces.clone());
        Self { relay, liar, nonces }
    }

    pub(crate) fn link(&self) -> &RelayLink {
        self.liar.link()
    }

    /// What a soak is told: nothing was lost, or the pair would have stopped.
    pub(crate) fn found(&self, pair: &Pair<'_>, note: String) -> Found {
        assert_eq!((self.nonces.reused(), self.relay.panics()), (0, 0));
        Found {
            acknowledged: pair.confirmed.len() as u64,
            lost: Some(0),
            twice: Some(0),
            keys_reused: Some(self.nonces.reused()),
            panics: Some(self.relay.panics()),
            note,
        }
    }
}

impl<'a> Pair<'a> {
    /// Of friends; a first message shows how long commands take.
    pub(crate) fn of([alice, bob]: &'a [Person; 2]) -> Self {
        let (confirmed, mut shown) = (Vec::new(), Shown::default());
        let begin = Instant::now();
        alice.done(&["send", "bob", "whole"]);
        shown.take(&bob.run(&["recv", "--json"]));
        let longest = begin.elapsed().mul_f64(0.6);
        Self { alice, bob, confirmed, shown, longest }
    }

    /// Waits for as long as a command takes at most.
    pub(crate) fn pause(&self, rng: &mut ChaCha20Rng) {
        thread::sleep(self.longest.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX)));
    }

    /// Both do what they would do anyway.
    pub(crate) fn catch_up(&mut self) {
        self.alice.done(&["outbox", "retry"]);
        self.shown.take(&self.bob.run(&["recv", "--json"]));
    }

    /// At the end all that was confirmed has been shown.
    pub(crate) fn has_all(&mut self) {
        self.catch_up();
        for text in &self.confirmed {
            assert!(self.shown.bodies.contains(text), "{text} was confirmed and never shown");
        }
    }

    /// And they can write to each other.
    pub(crate) fn goes_on(&self) {
        self.alice.done(&["send", "bob", "and on it goes"]);
        self.bob.done(&["send", "alice", "both ways"]);
        assert_eq!(self.bob.read(), ["and on it goes"]);
        assert_eq!(self.alice.read(), ["both ways"]);
    }
}

/// Kills a command that may have ended by itself.
pub(crate) fn killed(mut child: Child) -> Done {
    let _ = child.kill();
    Done::of(child.wait_with_output().unwrap())
}
