//! Reads every envelope of a session from a stolen state on, and follows as far
//! as its keys carry it. `crypto/SPEC.md` §5.
//!
//! A step mixes a DH and a KEM secret. What it does not know it guesses: the
//! other secret alone, or zeros in its place. So it opens whatever a ratchet without one of
//! the two would let it open.

use std::collections::BTreeMap;

use msg_protocol::envelope::{Body, EnvelopeKind};

use super::{
    State,
    notation::{Bytes32, decapsulate, dh, dh_public, kem_public},
    rogue::step,
    wire::{Header, Wire, advance},
};

/// Private ratchet keys that have leaked, by their public halves.
#[derive(Default, Clone)]
pub struct Keyring {
    dh: BTreeMap<Bytes32, Bytes32>,
    kem: BTreeMap<[u8; 1_184], [u8; 64]>,
}

impl Keyring {
    /// Learns a private X25519 key.
    pub fn learn_dh(&mut self, secret: Bytes32) {
        self.dh.insert(dh_public(&secret), secret);
    }

    /// Learns the seed of a KEM key.
    pub fn learn_kem(&mut self, seed: [u8; 64]) {
        self.kem.insert(kem_public(&seed), seed);
    }

    /// Learns what another has.
    pub fn add(&mut self, other: Self) {
        self.dh.extend(other.dh);
        self.kem.extend(other.kem);
    }

    /// Unlearns the keys that are among `secrets`.
    pub fn forget(&mut self, secrets: &[Vec<u8>]) {
        self.dh.retain(|_, known| !secrets.iter().any(|secret| secret == known));
        self.kem.retain(|_, known| !secrets.iter().any(|secret| secret == known));
    }

    /// What two public keys agree on, if the private half of either has leaked.
    fn agreed(&self, ours: &Bytes32, theirs: &Bytes32) -> Option<Bytes32> {
        let known = |key, other| self.dh.get(key).map(|secret| dh(secret, other));
        known(ours, theirs).or_else(|| known(theirs, ours))
    }
}

/// One direction of the session.
struct Lane {
    /// The latest public keys of who sends in it.
    dh: Option<Bytes32>,
    ek: Option<[u8; 1_184]>,
    next_header: Bytes32,
    chains: Vec<Keys>,
}

/// Keys of one chain, kept for good.
struct Keys {
    header: Bytes32,
    chain: Option<(u32, Bytes32)>,
    single: BTreeMap<u32, Bytes32>,
}

impl Keys {
    /// The key of message `n`, unless it lies before what was stolen.
    fn message_key(&self, n: u32) -> Option<Bytes32> {
        let from_chain = self.chain.filter(|(at, _)| *at <= n).map(|(at, mut key)| {
            for _ in at..n {
                key = advance(&key).1;
            }
            advance(&key).0
        });
        from_chain.or_else(|| self.single.get(&n).copied())
    }
}

/// Follows a session.
pub struct Eavesdropper {
    th2: Bytes32,
    root: Bytes32,
    /// From the victim, and to the victim.
    lanes: [Lane; 2],
    keyring: Keyring,
}

impl Eavesdropper {
    /// Begins with one side's stolen state, and what else has leaked.
    pub fn with(stolen: State, mut keyring: Keyring) -> Self {
        let receiving = stolen.receiving.iter().map(|chain| Keys {
            header: chain.header_key,
            chain: chain.key.map(|key| (chain.next, key)),
            single: chain.skipped.iter().copied().collect(),
        });
        let to_victim = Lane {
            dh: Some(stolen.peer_dh),
            ek: stolen.peer_ek,
            next_header: stolen.next_receiving,
            chains: receiving.collect(),
        };
        let mut from_victim =
            Lane { dh: None, ek: None, next_header: stolen.next_sending, chains: Vec::new() };
        if let Some(chain) = stolen.sending {
            keyring.learn_dh(chain.dh_secret);
            keyring.learn_kem(chain.kem_seed);
            from_victim.dh = Some(chain.dh);
            from_victim.ek = Some(chain.ek);
            from_victim.chains.push(Keys {
                header: chain.header_key,
                chain: Some((chain.n, chain.key)),
                single: BTreeMap::new(),
            });
        }
        Self { th2: stolen.th2, root: stolen.root, lanes: [from_victim, to_victim], keyring }
    }

    /// The content of an envelope, if there is a way to it.
    pub fn open(&mut self, kind: EnvelopeKind, body: &Body) -> Option<Vec<u8>> {
        let wire = Wire::cut(kind, body.as_bytes());
        for lane in &self.lanes {
            for keys in &lane.chains {
                if let Some(header) = wire.header(&keys.header) {
                    return wire.content(&keys.message_key(header.n)?, &self.th2);
                }
            }
        }
        (0..2).find_map(|lane| {
            let header = wire.header(&self.lanes[lane].next_header)?;
            self.step(lane, &header, &wire)
        })
    }

    /// Tries to make the step that a new chain in `lane` begins with.
    fn step(&mut self, lane: usize, header: &Header, wire: &Wire<'_>) -> Option<Vec<u8>> {
        let other = &self.lanes[1 - lane];
        let peer = other.dh?;
        for dh in candidates(self.keyring.agreed(&header.dh, &peer)) {
            let seed = other.ek.and_then(|ek| self.keyring.kem.get(&ek));
            let shared = seed.zip(header.ct.as_ref()).map(|(seed, ct)| decapsulate(seed, ct));
            for kem in candidates(shared) {
                let [root, chain, next] = step(
                    &self.root,
                    dh.as_ref(),
                    kem.as_ref(),
                    &header.dh,
                    &peer,
                    &header.ek,
                    header.ct.as_ref(),
                );
                let keys = Keys {
                    header: self.lanes[lane].next_header,
                    chain: Some((0, chain)),
                    single: BTreeMap::new(),
                };
                let Some(content) = wire.content(&keys.message_key(header.n)?, &self.th2) else {
                    continue;
                };
                self.root = root;
                let lane = &mut self.lanes[lane];
                lane.dh = Some(header.dh);
                lane.ek = Some(header.ek);
                lane.next_header = next;
                lane.chains.push(keys);
                return Some(content);
            }
        }
        None
    }
}

/// What is known, and what one would try without it.
fn candidates(known: Option<Bytes32>) -> [Option<Bytes32>; 3] {
    [known, Some([0; 32]), None]
}
