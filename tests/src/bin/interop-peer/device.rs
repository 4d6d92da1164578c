//! One device, alone on its account's card, and its sessions.

use std::collections::BTreeMap;

use msg_crypto::{
    OpenError, agreement::AgreementSecret, handshake::initiator::Initiator,
    identity::IdentitySecret, initiate, kem::KemSecret, session::pair::PeerSessions,
};
use msg_protocol::{
    card::Card,
    codec,
    envelope::{Body, EnvelopeKind},
    id::DeviceId,
    key::IdentityKey,
    limits::MAX_SIGNED_BYTES,
    prekey::PrekeyBundle,
    signed::Verified,
    time::UnixSeconds,
};
use msg_tests::party::Party;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::{Value, json};

use crate::{
    Answer,
    fields::{Fields, hex, signed},
};

type Address = (IdentityKey, DeviceId);

pub(crate) struct Device {
    party: Party,
    peers: BTreeMap<Address, PeerSessions>,
    now: UnixSeconds,
    rng: ChaCha20Rng,
}

impl Device {
    pub(crate) fn new(seed: [u8; 32], name: &str, now: UnixSeconds) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let party = Party::new(name, &mut rng);
        Self { party, peers: BTreeMap::new(), now, rng }
    }

    pub(crate) fn describe(&self) -> Value {
        let mut answer = address(&(self.party.identity.public(), self.party.device.id()));
        answer["card"] = signed(self.party.card.as_signed());
        answer
    }

    pub(crate) fn identity(&self) -> IdentityKey {
        self.party.identity.public()
    }

    pub(crate) fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.rng
    }

    pub(crate) fn set_now(&mut self, now: UnixSeconds) {
        self.now = now;
    }

    pub(crate) fn change_card(&mut self) -> Value {
        let next = Card {
            version: self.party.card.version + 1,
            previous: self.party.card.hash(),
            created: self.now.day(),
            ..(*self.party.card).clone()
        };
        self.party.card = certify(&self.party.identity, &next);
        self.party.cards.push(self.party.card.reference());
        json!({"card": signed(self.party.card.as_signed())})
    }

    pub(crate) fn rotate(&mut self) {
        let key = AgreementSecret::generate(&mut self.rng);
        self.party.signed = self.party.prekeys.add_signed(&self.party.device, key, self.now);
        let key = KemSecret::generate(&mut self.rng);
        self.party.last_resort =
            self.party.prekeys.add_last_resort(&self.party.device, key, self.now);
    }

    pub(crate) fn bundle(&mut self, one_time: bool) -> Value {
        let bundle = if one_time { self.party.bundle() } else { self.party.last_resort_bundle() };
        json!({"bundle": hex(&codec::encode(&bundle))})
    }

    pub(crate) fn initiate(&mut self, command: &Fields) -> Answer {
        let card = command.signed::<Card>("card").verify_by_own_identity()?;
        let bundle: PrekeyBundle = codec::decode(&command.bytes("bundle"), MAX_SIGNED_BYTES)?;
        let id = bundle.device;
        let device = card.device(id).ok_or("no such device on the card")?;
        let bundle = bundle.verify(device, self.now.day())?;
        let sessions = self.peers.entry((card.identity, id)).or_default();
        let initiator = Initiator { device: &self.party.device, card: &self.party.card };
        let generation = sessions.next_generation(self.now);
        let session = initiate(initiator, &card, &bundle, generation, &mut self.rng)?;
        let name = hex(&session.name().0);
        sessions.adopt(session, self.now);
        Ok(json!({"session": name}))
    }

    pub(crate) fn sending(&self, command: &Fields) -> Answer {
        let session = self.peers.get(&peer(command)).and_then(PeerSessions::sending);
        let session = session.ok_or("no sending session")?;
        Ok(json!({"session": hex(&session.name().0)}))
    }

    pub(crate) fn seal(&mut self, command: &Fields) -> Answer {
        let sessions = self.peers.get_mut(&peer(command)).ok_or("no session")?;
        let sealed = sessions
            .seal(&command.bytes("content"), &mut self.rng)
            .ok_or("no sending session")??;
        let kind = match sealed.kind {
            EnvelopeKind::Session => "session",
            EnvelopeKind::Handshake => "handshake",
        };
        Ok(json!({"kind": kind, "body": hex(sealed.body.as_bytes())}))
    }

    pub(crate) fn open(&mut self, command: &Fields) -> Answer {
        let body = Body::new(command.bytes("body"))?;
        let kind = match command.text("kind") {
            "session" => EnvelopeKind::Session,
            "handshake" => EnvelopeKind::Handshake,
            other => panic!("no kind {other}"),
        };
        for (peer, sessions) in &mut self.peers {
            match sessions.open(kind, &body, self.now) {
                Err(OpenError::NotForThisSession) => {}
                outcome => return Ok(opened(peer, &outcome?)),
            }
        }
        if kind == EnvelopeKind::Session {
            return Err("no session".into());
        }
        self.accept(&body)
    }

    fn accept(&mut self, body: &Body) -> Answer {
        let accepted = self.party.accept(body, self.now)?;
        let peer = accepted.session.peer();
        let peer = (peer.identity, peer.device);
        self.peers.entry(peer).or_default().adopt(accepted.session, self.now);
        Ok(opened(&peer, &accepted.content))
    }
}

fn certify(identity: &IdentitySecret, card: &Card) -> Verified<Card> {
    identity.sign(card).verify_by_own_identity().expect("our own card")
}

fn peer(command: &Fields) -> Address {
    (IdentityKey(command.array("identity")), DeviceId(command.array("device")))
}

fn address((identity, device): &Address) -> Value {
    json!({"identity": hex(identity.as_bytes()), "device": hex(device.as_bytes())})
}

fn opened(peer: &Address, content: &[u8]) -> Value {
    let mut answer = address(peer);
    answer["content"] = hex(content);
    answer
}
