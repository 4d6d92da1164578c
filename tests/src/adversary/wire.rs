//! Bodies taken apart and put together. `crypto/SPEC.md` §4 "Handshake block",
//! §5 "Message".

use msg_protocol::envelope::{Body, EnvelopeKind};

use super::notation::{Bytes32, expand, hmac, label, open, pad, seal, unpad, xopen, xseal};

/// Where the fields of a handshake block stand.
pub mod block {
    use std::ops::Range;

    /// The suite.
    pub const SUITE: usize = 0;
    /// The version of the recipient's card.
    pub const CARD_VERSION: Range<usize> = 1..5;
    /// The id of the signed prekey.
    pub const SIGNED_ID: Range<usize> = 5..9;
    /// The kind of KEM key.
    pub const KEM_KIND: usize = 9;
    /// The id of the KEM key.
    pub const KEM_ID: Range<usize> = 10..14;
    /// The initiator's ephemeral key.
    pub const EK: Range<usize> = 14..46;
    /// The KEM ciphertext.
    pub const CT: Range<usize> = 46..1_134;
    /// The length of the sealed part.
    pub const SEALED_LENGTH: Range<usize> = 1_134..1_136;
    /// Where the sealed part begins.
    pub const SEALED: usize = 1_136;

    /// The length of the block at the front of a body.
    pub fn length(body: &[u8]) -> usize {
        let sealed: [u8; 2] = body[SEALED_LENGTH].try_into().unwrap();
        SEALED + usize::from(u16::from_be_bytes(sealed))
    }
}

/// A ratchet header, as it is before encryption.
#[derive(Clone)]
pub struct Header {
    /// The sender's ratchet key.
    pub dh: Bytes32,
    /// Messages in the sender's chain before.
    pub pn: u32,
    /// Place in the chain.
    pub n: u32,
    /// The sender's KEM key.
    pub ek: [u8; 1_184],
    /// The KEM ciphertext.
    pub ct: Option<[u8; 1_088]>,
}

impl Header {
    fn write(&self) -> Vec<u8> {
        let mut out = self.dh.to_vec();
        out.extend(self.pn.to_be_bytes());
        out.extend(self.n.to_be_bytes());
        out.extend(self.ek);
        out.extend(self.ct.iter().flatten());
        out
    }

    fn read(bytes: &[u8]) -> Self {
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        Self {
            dh: bytes[..32].try_into().unwrap(),
            pn: number(32),
            n: number(36),
            ek: bytes[40..1_224].try_into().unwrap(),
            ct: bytes[1_224..].try_into().ok(),
        }
    }
}

/// A wire cut out of a body.
#[derive(Clone, Copy)]
pub struct Wire<'a> {
    nonce: &'a [u8; 24],
    header: &'a [u8],
    content: &'a [u8],
}

impl<'a> Wire<'a> {
    /// Cuts the wire out of an envelope's body.
    pub fn cut(kind: EnvelopeKind, body: &'a [u8]) -> Self {
        let (start, header_bytes) = match kind {
            EnvelopeKind::Session => (0, 2_312 + 16),
            EnvelopeKind::Handshake => (block::length(body), 1_224 + 16),
        };
        let (nonce, rest) = body[start..].split_first_chunk().unwrap();
        let (header, content) = rest.split_at(header_bytes);
        Self { nonce, header, content }
    }

    /// The header, if `key` opens it.
    pub fn header(&self, key: &Bytes32) -> Option<Header> {
        xopen(key, self.nonce, &label("hdr"), self.header).map(|plain| Header::read(&plain))
    }

    /// The content, if `message_key` opens it.
    pub fn content(&self, message_key: &Bytes32, th2: &Bytes32) -> Option<Vec<u8>> {
        let (key, iv) = body_key(message_key, self.nonce);
        let ad = [th2.as_slice(), self.nonce, self.header].concat();
        open(&key, &iv, &ad, self.content).and_then(|padded| unpad(&padded))
    }

    /// The encrypted content, its tag left out.
    pub fn ciphertext(&self) -> &'a [u8] {
        &self.content[..self.content.len() - 16]
    }
}

fn body_key(message_key: &Bytes32, nonce: &[u8; 24]) -> (Bytes32, [u8; 12]) {
    let okm: [u8; 44] = expand(message_key, &[label("msg").as_slice(), nonce].concat());
    (okm[..32].try_into().unwrap(), okm[32..].try_into().unwrap())
}

/// The message key at a chain's place, and the chain key of the next.
pub fn advance(chain: &Bytes32) -> (Bytes32, Bytes32) {
    (hmac(chain, &[1]), hmac(chain, &[2]))
}

/// What a wire is made of.
pub struct Parts<'a> {
    /// The handshake block, or nothing.
    pub block: &'a [u8],
    /// Of the chain.
    pub header_key: &'a Bytes32,
    /// What it says.
    pub header: &'a Header,
    /// Of this message.
    pub message_key: &'a Bytes32,
    /// Of the session.
    pub th2: &'a Bytes32,
    /// Random, for an honest sender.
    pub nonce: &'a [u8; 24],
}

impl Parts<'_> {
    /// Seals `content` into a body of `size` bytes.
    pub fn body(&self, content: &[u8], size: usize) -> Body {
        let header = xseal(self.header_key, self.nonce, &label("hdr"), &self.header.write());
        let mut out = [self.block, self.nonce, &header].concat();
        let padded = pad(content, size - out.len() - 16);
        let (key, iv) = body_key(self.message_key, self.nonce);
        let ad = [self.th2.as_slice(), self.nonce, &header].concat();
        out.extend(seal(&key, &iv, &ad, &padded));
        Body::new(out).unwrap()
    }
}
