//! A message on the wire: `nonce || encrypted header || body`. SPEC §5 "Message".

use alloc::vec::Vec;

use msg_protocol::envelope::EnvelopeKind;
use rand_core::CryptoRng;

use super::{
    OpenError,
    header::{Header, HeaderKey, sealed_header_bytes},
    message_key::MessageKey,
};
use crate::{
    aead::{TAG_BYTES, XNONCE_BYTES},
    padding,
};

/// A wire taken apart, with nothing checked.
pub(crate) struct Wire<'a> {
    kind: EnvelopeKind,
    nonce: &'a [u8; XNONCE_BYTES],
    header: &'a [u8],
    body: &'a [u8],
}

impl<'a> Wire<'a> {
    pub(crate) fn parse(kind: EnvelopeKind, bytes: &'a [u8]) -> Option<Self> {
        let (nonce, rest) = bytes.split_first_chunk()?;
        let (header, body) = rest.split_at_checked(sealed_header_bytes(kind))?;
        (body.len() > TAG_BYTES).then_some(Self { kind, nonce, header, body })
    }

    pub(crate) fn kind(&self) -> EnvelopeKind {
        self.kind
    }

    /// The header, if `key` opens it.
    pub(crate) fn header(&self, key: &HeaderKey) -> Option<Header> {
        key.open(self.nonce, self.header).ok()
    }

    /// The content, if `key` opens the body.
    pub(crate) fn open(&self, key: &MessageKey, th2: &[u8; 32]) -> Result<Vec<u8>, OpenError> {
        let ad = [th2.as_slice(), self.nonce, self.header].concat();
        let mut content =
            key.open(self.nonce, &ad, self.body).map_err(|_| OpenError::BodyRefused)?;
        let length = padding::unpadded_length(&content)?;
        content.truncate(length);
        Ok(content)
    }
}

/// Appends the wire of `content` to `out`, so that it grows to `size` bytes.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a different thing, and none belongs to another"
)]
pub(super) fn seal<R: CryptoRng + ?Sized>(
    out: &mut Vec<u8>,
    size: usize,
    header_key: &HeaderKey,
    header: &Header,
    key: MessageKey,
    th2: &[u8; 32],
    content: &[u8],
    rng: &mut R,
) {
    let mut nonce = [0; XNONCE_BYTES];
    rng.fill_bytes(&mut nonce);
    let start = out.len();
    out.extend_from_slice(&nonce);
    header_key.seal(&nonce, header, out);
    let ad = [th2.as_slice(), out.get(start..).unwrap_or_default()].concat();
    let body = out.len();
    out.extend_from_slice(content);
    padding::pad(out, size.saturating_sub(TAG_BYTES));
    key.seal(&nonce, &ad, out, body);
}
