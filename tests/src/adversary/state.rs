//! A session's state, read from its archive by whoever has stolen it.
//!
//! The layout is private to the implementation; where it changes, this reader
//! must change with it, and stops at its first surprise until then.

use msg_crypto::Session;

use super::notation::Bytes32;

/// The state of one side of a session. `crypto/SPEC.md` §5 "State".
#[derive(Clone)]
pub struct State {
    /// Binds every message to the handshake.
    pub th2: Bytes32,
    /// The handshake block that goes before each wire for now.
    pub block: Vec<u8>,
    /// The root key.
    pub root: Bytes32,
    /// The sending chain; none if a step is due.
    pub sending: Option<SendingChain>,
    /// Messages in the chain before, if a step is due.
    pub previous: u32,
    /// Header key of the next sending chain.
    pub next_sending: Bytes32,
    /// Header key of the next receiving chain.
    pub next_receiving: Bytes32,
    /// The peer's ratchet key.
    pub peer_dh: Bytes32,
    /// The peer's KEM key.
    pub peer_ek: Option<[u8; 1_184]>,
    /// Newest first.
    pub receiving: Vec<Chain>,
}

/// A sending chain.
#[derive(Clone)]
pub struct SendingChain {
    /// The private ratchet key.
    pub dh_secret: Bytes32,
    /// Its public half.
    pub dh: Bytes32,
    /// The seed of the KEM key.
    pub kem_seed: [u8; 64],
    /// Its public half.
    pub ek: [u8; 1_184],
    /// The KEM ciphertext that its headers carry.
    pub ct: Option<[u8; 1_088]>,
    /// The chain key.
    pub key: Bytes32,
    /// The header key.
    pub header_key: Bytes32,
    /// The place of the next message.
    pub n: u32,
    /// Messages in the chain before.
    pub pn: u32,
}

/// A receiving chain.
#[derive(Clone)]
pub struct Chain {
    /// The header key.
    pub header_key: Bytes32,
    /// The chain key, if the peer has begun no other chain.
    pub key: Option<Bytes32>,
    /// The place that the chain key is at.
    pub next: u32,
    /// Keys of messages that were skipped, by place.
    pub skipped: Vec<(u32, Bytes32)>,
}

impl State {
    /// Steals the state of a session.
    pub fn of(session: &Session) -> Self {
        Self::read(session.archive().as_bytes())
    }

    /// Reads an archive.
    pub fn read(archive: &[u8]) -> Self {
        let mut reader = Reader(archive);
        assert_eq!(reader.array(), [1], "a version that this adversary knows");
        let th2 = reader.array();
        reader.skip(32 + 8 + 32 + 16 + 4 + 32);
        let block = if reader.flag() {
            reader.skip(32);
            Vec::new()
        } else {
            let length = reader.number();
            reader.skip(length as usize).to_vec()
        };
        let root = reader.array();
        let sending = reader.flag().then(|| reader.sending_chain());
        let previous = if sending.is_some() { 0 } else { reader.number() };
        let state = Self {
            th2,
            block,
            root,
            sending,
            previous,
            next_sending: reader.array(),
            next_receiving: reader.array(),
            peer_dh: reader.array(),
            peer_ek: reader.flag().then(|| reader.array()),
            receiving: (0..reader.number()).map(|_| reader.receiving_chain()).collect(),
        };
        assert!(reader.0.is_empty(), "all of the archive is understood");
        state
    }

    /// Number of skipped keys.
    pub fn skipped(&self) -> usize {
        self.receiving.iter().map(|chain| chain.skipped.len()).sum()
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn skip(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.skip(N).try_into().unwrap()
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    fn flag(&mut self) -> bool {
        self.array() == [1]
    }

    fn sending_chain(&mut self) -> SendingChain {
        SendingChain {
            dh_secret: self.array(),
            dh: self.array(),
            kem_seed: self.array(),
            ek: self.array(),
            ct: self.flag().then(|| self.array()),
            key: self.array(),
            header_key: self.array(),
            n: self.number(),
            pn: self.number(),
        }
    }

    fn receiving_chain(&mut self) -> Chain {
        let header_key = self.array();
        self.flag();
        let key = self.flag().then(|| self.array());
        let next = self.number();
        let count = self.number();
        let skipped = (0..count).map(|_| {
            let waiting = (self.number(), self.array());
            self.skip(8);
            waiting
        });
        Chain { header_key, key, next, skipped: skipped.collect() }
    }
}
