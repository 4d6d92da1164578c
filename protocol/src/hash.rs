//! The one way in which this protocol hashes: SHA-256 over fields, each behind
//! its length, so that no two lists of fields give the same input.
//! `crypto/SPEC.md` §1 and §2.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

/// What every label begins with.
pub const LABEL_PREFIX: &str = "msg/v1/";

/// A domain-separation label: `L("x")` is the ASCII text `msg/v1/x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(&'static str);

impl Label {
    /// The label `L(name)`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The label's bytes, prefix included.
    pub fn bytes(self) -> Vec<u8> {
        [LABEL_PREFIX.as_bytes(), self.0.as_bytes()].concat()
    }

    /// The label's bytes followed by `message`.
    pub fn followed_by(self, message: &[u8]) -> Vec<u8> {
        let mut out = self.bytes();
        out.extend_from_slice(message);
        out
    }
}

/// `H(L(label), fields…)`.
pub fn hash(label: Label, fields: &[&[u8]]) -> [u8; 32] {
    let mut hasher = FieldHasher::new(label);
    for field in fields {
        hasher.field(field);
    }
    hasher.finish()
}

/// `H(fields…)` without a label, as input of a derivation that has its own.
pub fn hash_unlabelled(fields: &[&[u8]]) -> [u8; 32] {
    let mut hasher = FieldHasher(Sha256::new());
    for field in fields {
        hasher.field(field);
    }
    hasher.finish()
}

/// `H` one field at a time.
#[derive(Clone)]
pub struct FieldHasher(Sha256);

impl FieldHasher {
    /// Starts with the label as the first field.
    pub fn new(label: Label) -> Self {
        let mut hasher = Self(Sha256::new());
        let length = LABEL_PREFIX.len() + label.0.len();
        hasher.length(length);
        hasher.0.update(LABEL_PREFIX);
        hasher.0.update(label.0);
        hasher
    }

    /// Adds a field; an absent one is an empty one.
    pub fn field(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.update(bytes);
    }

    /// The hash.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn length(&mut self, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.0.update(length.to_be_bytes());
    }
}

/// The first `N` bytes of a hash.
pub fn truncate<const N: usize>(hash: [u8; 32]) -> [u8; N] {
    const { assert!(N <= 32) };
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(hash) {
        *to = from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_slide_into_each_other() {
        let label = Label::new("test");
        assert_ne!(hash(label, &[b"ab", b"c"]), hash(label, &[b"a", b"bc"]));
        assert_ne!(hash(label, &[b"a"]), hash(label, &[b"a", b""]));
    }

    #[test]
    fn labels_carry_the_version() {
        assert_eq!(Label::new("card").bytes(), b"msg/v1/card");
    }
}
