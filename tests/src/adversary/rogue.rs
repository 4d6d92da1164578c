//! A peer who is who he says, holds the session's keys, and sends headers as he
//! likes. `crypto/SPEC.md` §5.

use msg_crypto::Session;
use msg_protocol::envelope::{Body, EnvelopeKind};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

use super::{
    State,
    notation::{dh, dh_public, encapsulate, hash, hkdf, kem_public, label, thirds},
    state::SendingChain,
    wire::{Header, Parts, advance},
};

/// A valid peer of his own mind.
pub struct Rogue {
    /// The state of his side.
    pub state: State,
}

/// Header values that he puts in place of the honest ones.
#[derive(Default, Clone)]
pub struct Choice {
    /// The ratchet key of a new chain: of low order, so that he knows what the
    /// agreement with it yields.
    pub dh: Option<[u8; 32]>,
    /// The KEM key of a new chain.
    pub ek: Option<[u8; 1_184]>,
    /// The place in the chain.
    pub n: Option<u32>,
    /// The length of the chain before.
    pub pn: Option<u32>,
}

/// Beyond this place nobody computes a message key.
const FARTHEST: u32 = 4_000;

impl Rogue {
    /// Continues a session by his own rules.
    pub fn of(session: &Session) -> Self {
        Self { state: State::of(session) }
    }

    /// Seals a message with chosen header values, into the smallest body.
    pub fn seal(
        &mut self,
        choice: &Choice,
        content: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> (EnvelopeKind, Body) {
        if self.state.sending.is_none() {
            self.step(choice, rng);
        }
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        let chain = self.state.sending.as_mut().unwrap();
        let n = choice.n.unwrap_or(chain.n);
        let mut key = chain.key;
        for _ in chain.n..n.min(FARTHEST) {
            key = advance(&key).1;
        }
        let (message_key, next) = advance(&key);
        let header = Header {
            dh: chain.dh,
            pn: choice.pn.unwrap_or(chain.pn),
            n,
            ek: chain.ek,
            ct: chain.ct,
        };
        if choice.n.is_none() {
            chain.key = next;
            chain.n += 1;
        }
        let kind = if chain.ct.is_some() { EnvelopeKind::Session } else { EnvelopeKind::Handshake };
        let parts = Parts {
            block: &self.state.block,
            header_key: &chain.header_key,
            header: &header,
            message_key: &message_key,
            th2: &self.state.th2,
            nonce: &nonce,
        };
        (kind, parts.body(content, 4_096))
    }

    /// The sending step.
    fn step(&mut self, choice: &Choice, rng: &mut ChaCha20Rng) {
        let (mut dh_secret, mut kem_seed, mut randomness) = ([0; 32], [0; 64], [0; 32]);
        rng.fill_bytes(&mut dh_secret);
        rng.fill_bytes(&mut kem_seed);
        rng.fill_bytes(&mut randomness);
        let state = &mut self.state;
        let public = choice.dh.unwrap_or_else(|| dh_public(&dh_secret));
        let shared = if choice.dh.is_some() { [0; 32] } else { dh(&dh_secret, &state.peer_dh) };
        let ek = choice.ek.unwrap_or_else(|| kem_public(&kem_seed));
        let encapsulated = state.peer_ek.as_ref().map(|ek| encapsulate(ek, &randomness));
        let (ct, kem_shared) = encapsulated.unzip();
        let [root, key, next_header] = step(
            &state.root,
            Some(&shared),
            kem_shared.as_ref(),
            &public,
            &state.peer_dh,
            &ek,
            ct.as_ref(),
        );
        state.root = root;
        let header_key = std::mem::replace(&mut state.next_sending, next_header);
        state.sending = Some(SendingChain {
            dh_secret,
            dh: public,
            kem_seed,
            ek,
            ct,
            key,
            header_key,
            n: 0,
            pn: state.previous,
        });
    }
}

/// `root', chain, next header key`. `crypto/SPEC.md` §5 "Step".
#[allow(clippy::too_many_arguments, reason = "as many as the formula has")]
pub fn step(
    root: &[u8; 32],
    dh: Option<&[u8; 32]>,
    kem_shared: Option<&[u8; 32]>,
    dh_new: &[u8; 32],
    dh_peer: &[u8; 32],
    ek_new: &[u8; 1_184],
    ct: Option<&[u8; 1_088]>,
) -> [[u8; 32]; 3] {
    let ct: &[u8] = ct.map_or(&[], |ct| ct);
    let transcript = hash("step", &[dh_new, dh_peer, ek_new, ct]);
    let ikm = [dh, kem_shared].into_iter().flatten().flatten().copied().collect::<Vec<_>>();
    thirds(&hkdf(root, &ikm, &[label("rk").as_slice(), &transcript].concat()))
}
