//! One side of a conversation, computed by the formulas of SPEC §5 beside the
//! session that it mirrors. It keeps only what sealing needs.

use alloc::{vec, vec::Vec};

use msg_protocol::{
    hash::{Label, hash},
    key::{AgreementKey, KemKey},
};

use crate::{
    aead,
    agreement::AgreementSecret,
    kdf::{expand, hkdf, hmac, thirds},
    kem::{Kem as _, KemCiphertext, KemSecret, MlKem768},
    secret::Secret,
    vectors::{
        draws::Drawn,
        handshake::{Handshake, padded},
        json::{Json, object},
    },
};

const BODY_SIZES: [usize; 5] = [4_096, 8_192, 16_384, 32_768, 65_536];

/// The state of one side.
#[derive(Clone)]
pub(crate) struct Mirror {
    th2: [u8; 32],
    /// What the initiator repeats until its first answer.
    block: Vec<u8>,
    root: [u8; 32],
    next_sending: [u8; 32],
    next_receiving: [u8; 32],
    peer_dh: AgreementKey,
    peer_kem: Option<KemKey>,
    own_dh: Option<[u8; 32]>,
    own_kem: Option<[u8; 64]>,
    sending: Option<Chain>,
    pn: u32,
    /// Header keys of the peer's chains, newest first.
    chains: Vec<[u8; 32]>,
}

#[derive(Clone)]
struct Chain {
    key: [u8; 32],
    header_key: [u8; 32],
    dh: AgreementKey,
    ek: KemKey,
    ct: Vec<u8>,
    n: u32,
    pn: u32,
}

/// The public values and secrets of a step.
struct Step<'a> {
    dh: &'a [u8],
    ks: &'a [u8],
    dh_new: &'a [u8],
    dh_peer: &'a [u8],
    ek_new: &'a [u8],
    ct: &'a [u8],
}

impl Mirror {
    /// A's state after a handshake.
    pub(crate) fn initiator(handshake: &Handshake) -> Self {
        let [root, a, b] = thirds(&handshake.schedule.session_secret).map(|key| *key.expose());
        let signed = AgreementSecret::from_bytes(&handshake.prekeys.signed_half);
        Self {
            th2: handshake.schedule.th2(),
            block: handshake.block.clone(),
            root,
            next_sending: a,
            next_receiving: b,
            peer_dh: *signed.public(),
            peer_kem: None,
            own_dh: None,
            own_kem: None,
            sending: None,
            pn: 0,
            chains: vec![],
        }
    }

    /// B's state after a handshake.
    pub(crate) fn responder(handshake: &Handshake) -> Self {
        let alice = Self::initiator(handshake);
        Self {
            block: vec![],
            next_sending: alice.next_receiving,
            next_receiving: alice.next_sending,
            own_dh: Some(*handshake.prekeys.signed_half.expose()),
            ..alice
        }
    }

    /// What sealing is about to draw.
    pub(crate) fn draws(&self) -> Vec<(&'static str, usize)> {
        let step = [("dh", 32), ("kem", 64)].into_iter();
        let encapsulation = self.peer_kem.iter().map(|_| ("m", 32));
        let due = self.sending.is_none();
        step.chain(encapsulation).filter(|_| due).chain([("nonce", 24)]).collect()
    }

    /// Whether the next message is in the initiator's first chain.
    pub(crate) fn is_first(&self) -> bool {
        self.peer_kem.is_none()
    }

    /// Seals `content`; gives the intermediate values and the body.
    pub(crate) fn seal(&mut self, content: &[u8], drawn: &Drawn) -> (Json, Vec<u8>) {
        let step = self.sending.is_none().then(|| self.sending_step(drawn));
        let block = if self.is_first() { self.block.clone() } else { vec![] };
        let th2 = self.th2;
        let chain = self.sending.as_mut().unwrap();
        let nonce: [u8; 24] = drawn.bytes("nonce").try_into().unwrap();
        let (mk, next) = (hmac(&chain.key, &[&[1]]), hmac(&chain.key, &[&[2]]));
        let header = [
            chain.dh.as_bytes().as_slice(),
            &chain.pn.to_be_bytes(),
            &chain.n.to_be_bytes(),
            chain.ek.as_bytes(),
            &chain.ct,
        ]
        .concat();
        let mut eh = header.clone();
        aead::xseal(&chain.header_key, &nonce, &Label::new("hdr").bytes(), &mut eh, 0);
        let okm: Secret<44> = expand(&mk, &[&Label::new("msg").bytes(), &nonce]);
        let key: [u8; 32] = okm.expose()[..32].try_into().unwrap();
        let iv: [u8; 12] = okm.expose()[32..].try_into().unwrap();
        let overhead = block.len() + 24 + eh.len() + 16;
        let size = BODY_SIZES.iter().find(|size| **size > overhead + content.len()).unwrap();
        let mut c = padded(content, size - overhead);
        aead::seal(&key, &iv, &[th2.as_slice(), &nonce, &eh].concat(), &mut c, 0);
        let message = object! {
            "chain key": &chain.key,
            "mk": &mk,
            "next chain key": &next,
            "header key": &chain.header_key,
            "pn": chain.pn,
            "n": chain.n,
            "header": &header,
            "eh": &eh,
            "key": &key,
            "iv": &iv,
        };
        chain.key = *next.expose();
        chain.n += 1;
        let steps = match step {
            Some(step) => object! { "step": step, "message": message },
            None => object! { "message": message },
        };
        (steps, [block.as_slice(), &nonce, &eh, &c].concat())
    }

    /// Seals `count` messages that nobody will see.
    pub(crate) fn lose(&mut self, count: u32) {
        let chain = self.sending.as_mut().unwrap();
        for _ in 0..count {
            chain.key = *hmac(&chain.key, &[&[2]]).expose();
            chain.n += 1;
        }
    }

    /// Follows the session in opening a wire; gives the intermediate values.
    pub(crate) fn open(&mut self, wire: &[u8], is_handshake: bool) -> Json {
        let length = if is_handshake { 1_240 } else { 2_328 };
        let nonce: [u8; 24] = wire[..24].try_into().unwrap();
        let open = |key: &[u8; 32]| {
            aead::xopen(key, &nonce, &Label::new("hdr").bytes(), &wire[24..24 + length]).ok()
        };
        let known = self.chains.iter().find_map(|key| open(key).map(|header| (*key, header)));
        let is_new = known.is_none();
        let (key, header) =
            known.unwrap_or_else(|| (self.next_receiving, open(&self.next_receiving).unwrap()));
        let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let steps = object! { "header key": &key, "pn": number(32), "n": number(36) };
        if is_new { steps.with("step", self.receiving_step(&header)) } else { steps }
    }

    fn sending_step(&mut self, drawn: &Drawn) -> Json {
        let own = AgreementSecret::from_bytes(&drawn.secret("dh"));
        let kem = KemSecret::from_seed(drawn.secret("kem"));
        let dh = own.agree(&self.peer_dh).unwrap();
        let (ct, ks) = self.peer_kem.as_ref().map_or((vec![], vec![]), |peer| {
            let (ct, ks) = MlKem768::encapsulate(peer, &drawn.secret("m")).unwrap();
            (ct.as_bytes().to_vec(), ks.expose().to_vec())
        });
        let peer = self.peer_dh;
        let step = Step {
            dh: dh.expose(),
            ks: &ks,
            dh_new: own.public().as_bytes(),
            dh_peer: peer.as_bytes(),
            ek_new: kem.public().as_bytes(),
            ct: &ct,
        };
        let (values, key, next_header) = self.turn(&step);
        self.sending = Some(Chain {
            key,
            header_key: self.next_sending,
            dh: *own.public(),
            ek: kem.public().clone(),
            ct: ct.clone(),
            n: 0,
            pn: self.pn,
        });
        self.next_sending = next_header;
        self.own_dh = Some(*drawn.secret("dh").expose());
        self.own_kem = Some(*drawn.secret("kem").expose());
        values
    }

    fn receiving_step(&mut self, header: &[u8]) -> Json {
        let dh_new = AgreementKey(header[..32].try_into().unwrap());
        let ek_new = KemKey::new(header[40..40 + 1_184].try_into().unwrap());
        let ct = &header[40 + 1_184..];
        let own = AgreementSecret::from_bytes(&Secret::new(self.own_dh.unwrap()));
        let dh = own.agree(&dh_new).unwrap();
        let ks = match self.own_kem.filter(|_| !ct.is_empty()) {
            Some(seed) => {
                let ct = KemCiphertext::new(ct.try_into().unwrap());
                KemSecret::from_seed(Secret::new(seed)).decapsulate(&ct).expose().to_vec()
            }
            None => vec![],
        };
        let step = Step {
            dh: dh.expose(),
            ks: &ks,
            dh_new: dh_new.as_bytes(),
            dh_peer: own.public().as_bytes(),
            ek_new: ek_new.as_bytes(),
            ct,
        };
        let (values, _, next_header) = self.turn(&step);
        self.chains.insert(0, self.next_receiving);
        self.chains.truncate(5);
        self.next_receiving = next_header;
        self.pn = self.sending.take().map_or(0, |chain| chain.n);
        (self.own_dh, self.own_kem) = (None, None);
        (self.peer_dh, self.peer_kem) = (dh_new, Some(ek_new));
        values
    }

    /// Turns the root; gives the values, the chain key and the next header key.
    fn turn(&mut self, step: &Step<'_>) -> (Json, [u8; 32], [u8; 32]) {
        let transcript =
            hash(Label::new("step"), &[step.dh_new, step.dh_peer, step.ek_new, step.ct]);
        let info = Label::new("rk").followed_by(&transcript);
        let okm: Secret<96> = hkdf(&self.root, &[step.dh, step.ks], &[&info]);
        let [root, chain, next_header] = thirds(&okm).map(|key| *key.expose());
        let values = object! {
            "root": &self.root,
            "dh new": step.dh_new,
            "dh peer": step.dh_peer,
            "ek new": step.ek_new,
            "ct": step.ct,
            "DH": step.dh,
            "KS": step.ks,
            "T": &transcript,
            "next root": &root,
            "chain key": &chain,
            "next header key": &next_header,
        };
        self.root = root;
        (values, chain, next_header)
    }
}
