//! The ratchet header and the key that hides it. SPEC §5 "Message".

use alloc::vec::Vec;

use msg_protocol::{
    envelope::EnvelopeKind,
    hash::Label,
    key::{AgreementKey, KEM_KEY_BYTES, KemKey},
};

use crate::{
    aead::{self, TAG_BYTES, TagMismatch, XNONCE_BYTES},
    kem::{CIPHERTEXT_BYTES, KemCiphertext},
    secret::Secret,
};

const FIXED_BYTES: usize = 32 + 4 + 4 + KEM_KEY_BYTES;

/// Bytes of an encrypted header, which follow from the kind of its envelope.
pub(crate) fn sealed_header_bytes(kind: EnvelopeKind) -> usize {
    match kind {
        EnvelopeKind::Session => FIXED_BYTES + CIPHERTEXT_BYTES + TAG_BYTES,
        EnvelopeKind::Handshake => FIXED_BYTES + TAG_BYTES,
    }
}

/// What the recipient must know to find a message's key.
pub(crate) struct Header {
    pub(crate) dh: AgreementKey,
    /// Messages in the sender's chain before this one.
    pub(crate) pn: u32,
    /// Place in the sender's chain.
    pub(crate) n: u32,
    pub(crate) ek: KemKey,
    /// Absent in the initiator's first chain, and only there.
    pub(crate) ct: Option<KemCiphertext>,
}

impl Header {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.dh.as_bytes());
        out.extend_from_slice(&self.pn.to_be_bytes());
        out.extend_from_slice(&self.n.to_be_bytes());
        out.extend_from_slice(self.ek.as_bytes());
        if let Some(ct) = &self.ct {
            out.extend_from_slice(ct.as_bytes());
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (dh, rest) = bytes.split_first_chunk()?;
        let (pn, rest) = rest.split_first_chunk()?;
        let (n, rest) = rest.split_first_chunk()?;
        let (ek, rest) = rest.split_first_chunk()?;
        let ct =
            if rest.is_empty() { None } else { Some(KemCiphertext::new(rest.try_into().ok()?)) };
        Some(Self {
            dh: AgreementKey(*dh),
            pn: u32::from_be_bytes(*pn),
            n: u32::from_be_bytes(*n),
            ek: KemKey::new(*ek),
            ct,
        })
    }
}

/// Hides the headers of one chain.
pub(crate) struct HeaderKey(pub(crate) Secret<32>);

impl HeaderKey {
    /// Appends the encrypted header to `out`.
    pub(crate) fn seal(&self, nonce: &[u8; XNONCE_BYTES], header: &Header, out: &mut Vec<u8>) {
        let start = out.len();
        header.write(out);
        aead::xseal(self.0.expose(), nonce, &Label::new("hdr").bytes(), out, start);
    }

    /// Tries to decrypt a header.
    pub(crate) fn open(
        &self,
        nonce: &[u8; XNONCE_BYTES],
        sealed: &[u8],
    ) -> Result<Header, TagMismatch> {
        let plain = aead::xopen(self.0.expose(), nonce, &Label::new("hdr").bytes(), sealed)?;
        Header::read(&plain).ok_or(TagMismatch)
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}
