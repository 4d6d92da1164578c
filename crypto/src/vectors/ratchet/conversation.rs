//! A conversation written down: sessions and their mirrors side by side.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    time::UnixSeconds,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sha2::{Digest as _, Sha256};

use super::mirror::Mirror;
use crate::{
    handshake::responder::{CardHistory, accept},
    prekey::OwnPrekeys,
    session::{Sealed, Session},
    vectors::{
        case::Case,
        draws::Draws,
        handshake::Handshake,
        json::{Json, object},
        party::Party,
    },
};

/// One side: B has no session before the first flight.
struct Side {
    session: Option<Session>,
    mirror: Mirror,
}

/// Where a relay changes a byte of a body.
#[derive(Clone, Copy)]
pub(crate) enum Alteration {
    /// The first of the encrypted header.
    Header,
    /// The last of all, in the tag.
    LastByte,
}

/// Who talks, what has been sealed, and the script so far.
pub(crate) struct Conversation<'a> {
    rng: &'a mut Draws,
    inputs: Json,
    bob: Party,
    prekeys: OwnPrekeys,
    block_bytes: usize,
    sides: BTreeMap<&'static str, Side>,
    sealed: BTreeMap<&'static str, Sealed>,
    script: Vec<Json>,
    is_brief: bool,
}

impl<'a> Conversation<'a> {
    /// A conversation whose every intermediate value is written down.
    pub(crate) fn new(handshake: Handshake, rng: &'a mut Draws) -> Self {
        let inputs = object! {
            "handshake": handshake.inputs.clone(),
            "SK": &handshake.schedule.session_secret,
            "th2": &handshake.schedule.th2(),
            "block": &handshake.block,
        };
        let (mirror, responder) = (Mirror::initiator(&handshake), Mirror::responder(&handshake));
        let alice = Side { mirror, session: Some(handshake.session) };
        let bob = Side { mirror: responder, session: None };
        Self {
            rng,
            inputs,
            block_bytes: handshake.block.len(),
            bob: handshake.bob,
            prekeys: handshake.prekeys.own,
            sides: BTreeMap::from([("A", alice), ("B", bob)]),
            sealed: BTreeMap::new(),
            script: vec![],
            is_brief: false,
        }
    }

    /// A conversation of which only draws and bodies are, the bodies as hashes.
    pub(crate) fn brief(handshake: Handshake, rng: &'a mut Draws) -> Self {
        Self { is_brief: true, ..Self::new(handshake, rng) }
    }

    /// `by` seals a content in the message `id`.
    pub(crate) fn seal(&mut self, by: &'static str, id: &'static str, content: &[u8]) {
        let side = self.sides.get_mut(by).unwrap();
        let session = side.session.as_mut().unwrap();
        let names = side.mirror.draws();
        let (sealed, drawn) = self.rng.record(&names, |rng| session.seal(content, rng).unwrap());
        let (steps, body) = side.mirror.seal(content, &drawn);
        assert_eq!(sealed.body.as_bytes(), body, "the formulas give what the session gives");
        let inputs = object! { "content": content_json(content), "draws": drawn.to_json() };
        let kind = match sealed.kind {
            EnvelopeKind::Handshake => "handshake",
            EnvelopeKind::Session => "session",
        };
        let entry = object! { "do": "seal", "by": by, "message": id, "inputs": inputs };
        self.script.push(if self.is_brief {
            entry.with("outputs", object! { "kind": kind, "body": digest_json(&body) })
        } else {
            entry.with("steps", steps).with("outputs", object! { "kind": kind, "body": &body })
        });
        assert!(self.sealed.insert(id, sealed).is_none(), "{id} is sealed once");
    }

    /// `by` opens the message `id`.
    pub(crate) fn open(&mut self, by: &'static str, id: &'static str, at: UnixSeconds) {
        let sealed = self.sealed[id].clone();
        let content = self.try_open(by, &sealed, at).unwrap();
        let is_handshake = sealed.kind == EnvelopeKind::Handshake;
        let wire = if is_handshake { self.block_bytes } else { 0 };
        let mirror = &mut self.sides.get_mut(by).unwrap().mirror;
        let steps = mirror.open(&sealed.body.as_bytes()[wire..], is_handshake);
        let entry = object! { "do": "open", "by": by, "message": id, "at": at.0 };
        let entry = if self.is_brief { entry } else { entry.with("steps", steps) };
        self.script.push(entry.with("outputs", object! { "content": content_json(&content) }));
    }

    /// `by` must not open the message `id`.
    pub(crate) fn refuse(
        &mut self,
        by: &'static str,
        id: &'static str,
        at: UnixSeconds,
        why: &str,
    ) {
        let sealed = self.sealed[id].clone();
        self.try_open(by, &sealed, at).unwrap_err();
        let entry = object! { "do": "open", "by": by, "message": id, "at": at.0 };
        self.script.push(entry.with("refused", why));
    }

    /// `by` must not open the message `id` as a relay has altered it.
    pub(crate) fn refuse_altered(
        &mut self,
        by: &'static str,
        id: &'static str,
        at: UnixSeconds,
        alteration: Alteration,
        why: &str,
    ) {
        let Sealed { kind, body } = self.sealed[id].clone();
        let mut bytes = body.as_bytes().to_vec();
        let place = match (alteration, kind) {
            (Alteration::LastByte, _) => bytes.len() - 1,
            (Alteration::Header, EnvelopeKind::Session) => 24,
            (Alteration::Header, EnvelopeKind::Handshake) => self.block_bytes + 24,
        };
        bytes[place] ^= 1;
        let with = [bytes[place]];
        let altered = Sealed { kind, body: Body::new(bytes).unwrap() };
        self.try_open(by, &altered, at).unwrap_err();
        let entry = object! { "do": "open", "by": by, "message": id, "at": at.0 };
        let replaced = object! { "at": place, "with": &with };
        self.script.push(entry.with("replace", replaced).with("refused", why));
    }

    /// Keeps the state of `of` a second time.
    pub(crate) fn copy(&mut self, of: &'static str, name: &'static str) {
        let side = &self.sides[of];
        let archive = side.session.as_ref().unwrap().archive();
        let session = Some(Session::restore(archive.as_bytes()).unwrap());
        let copy = Side { session, mirror: side.mirror.clone() };
        self.sides.insert(name, copy);
        self.script.push(object! { "do": "copy", "of": of, "as": name });
    }

    /// `by` seals messages that nobody sees. Their nonces leave no trace in the state.
    pub(crate) fn lose(&mut self, by: &'static str, count: u32) {
        let side = self.sides.get_mut(by).unwrap();
        let rng = &mut ChaCha20Rng::seed_from_u64(u64::from(count));
        for _ in 0..count {
            side.session.as_mut().unwrap().seal(b"", rng).unwrap();
        }
        side.mirror.lose(count);
        self.script.push(object! { "do": "lose", "by": by, "count": count });
    }

    /// The conversation as a case.
    pub(crate) fn into_case(self, name: &str) -> Case {
        Case::new("conversation", name, self.inputs).script(self.script)
    }

    fn try_open(
        &mut self,
        by: &'static str,
        sealed: &Sealed,
        at: UnixSeconds,
    ) -> Result<Vec<u8>, String> {
        let side = self.sides.get_mut(by).unwrap();
        if let Some(session) = &mut side.session {
            return session.open(sealed.kind, &sealed.body, at).map_err(|error| error.to_string());
        }
        let cards = CardHistory::new(&self.bob.card);
        let accepted = accept(&sealed.body, &self.bob.device, &cards, &mut self.prekeys, at);
        let accepted = accepted.map_err(|error| error.to_string())?;
        side.session = Some(accepted.session);
        Ok(accepted.content)
    }
}

/// A content; a long one of equal bytes by the rule that makes it.
pub(crate) fn content_json(content: &[u8]) -> Json {
    match content.first() {
        Some(first) if content.len() > 64 && content.iter().all(|byte| byte == first) => {
            object! { "repeat": &[*first], "length": content.len() }
        }
        _ => content.into(),
    }
}

/// Bytes that are to be compared only.
pub(crate) fn digest_json(bytes: &[u8]) -> Json {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    object! { "sha256": &digest, "length": bytes.len() }
}
