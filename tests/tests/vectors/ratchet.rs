//! Conversations, played entry by entry.

use std::collections::BTreeMap;

use msg_crypto::{Sealed, Session};
use msg_protocol::{envelope::EnvelopeKind, time::UnixSeconds};
use msg_tests::{party::reopen, seed::rng};

use crate::{
    case::{Fields, each_case},
    draws::Draws,
    first_message::replaced,
    party::{Party, sides},
};

/// The sides of a conversation: B has no session before the first flight.
struct Conversation {
    bob: Party,
    sessions: BTreeMap<String, Session>,
    sealed: BTreeMap<String, Sealed>,
}

#[test]
fn conversations_are_as_the_vectors_say() {
    each_case("ratchet", |kind, case| {
        assert_eq!(kind, "conversation");
        let (session, bob) = sides(case.inputs().object("handshake"));
        let mut talk = Conversation {
            bob,
            sessions: BTreeMap::from([("A".into(), session)]),
            sealed: BTreeMap::new(),
        };
        for entry in case.list("script") {
            match entry.text("do") {
                "seal" => talk.seal(entry),
                "open" => talk.open(entry),
                "copy" => talk.copy(entry),
                "lose" => talk.lose(entry),
                unknown => panic!("unknown entry {unknown}"),
            }
        }
    });
}

impl Conversation {
    fn session(&mut self, entry: Fields<'_>) -> &mut Session {
        self.sessions.get_mut(entry.text("by")).unwrap()
    }

    fn seal(&mut self, entry: Fields<'_>) {
        let content = entry.inputs().bytes("content");
        let session = self.session(entry);
        let draws = entry.inputs().object("draws");
        let sealed = Draws::run(draws, |draws| session.seal(&content, draws)).unwrap();
        let kind = match sealed.kind {
            EnvelopeKind::Handshake => "handshake",
            EnvelopeKind::Session => "session",
        };
        assert_eq!(kind, entry.outputs().text("kind"));
        entry.outputs().expect("body", sealed.body.as_bytes());
        self.sealed.insert(entry.text("message").into(), sealed);
    }

    fn open(&mut self, entry: Fields<'_>) {
        let (by, message) = (entry.text("by"), entry.text("message"));
        let mut sealed = self.sealed[message].clone();
        if entry.has("replace") {
            sealed.body = replaced(&sealed.body, entry.object("replace"));
        }
        let at = UnixSeconds(entry.number("at"));
        let content = match self.sessions.get_mut(by) {
            Some(session) => session.open(sealed.kind, &sealed.body, at).ok(),
            None => self.bob.accept(&sealed.body, at).ok().map(|accepted| {
                self.sessions.insert(by.into(), accepted.session);
                accepted.content
            }),
        };
        match content {
            Some(content) if !entry.is_refused() => entry.outputs().expect("content", &content),
            Some(_) => panic!("{by} opens {message}"),
            None => assert!(entry.is_refused(), "{by} does not open {message}"),
        }
    }

    fn copy(&mut self, entry: Fields<'_>) {
        let copy = reopen(&self.sessions[entry.text("of")]);
        self.sessions.insert(entry.text("as").into(), copy);
    }

    fn lose(&mut self, entry: Fields<'_>) {
        let rng = &mut rng(1);
        for _ in 0..entry.number("count") {
            self.session(entry).seal(b"", rng).unwrap();
        }
    }
}
