//! Proof of work: what a stranger pays for a first contact. Hashcash over
//! SHA-256, bound to a relay's challenge and to one account, half a second to
//! find and a microsecond to check. SPEC §"Proof of work".

use core::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    hash::{FieldHasher, Label},
    id::AccountId,
    limits::MAX_WORK_BITS,
    time::UnixSeconds,
};

/// What a relay asks of a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkChallenge {
    /// The relay's own bytes; they mean nothing to anybody else.
    pub challenge: [u8; 32],
    /// Zero bits that the hash must begin with.
    pub bits: u8,
    /// When the relay no longer takes the answer.
    pub expires: UnixSeconds,
}

/// The challenge asks for more than any relay may. The relay's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("relay asks for {0} bits of work, more than the {MAX_WORK_BITS} it may")]
pub struct WorkTooHardError(pub u8);

impl WorkChallenge {
    /// The first nonce of `range` that answers the challenge for `target`.
    ///
    /// Search in short ranges, to be able to stop between them.
    pub fn solve(
        &self,
        target: AccountId,
        mut range: Range<u64>,
    ) -> Result<Option<u64>, WorkTooHardError> {
        if self.bits > MAX_WORK_BITS {
            return Err(WorkTooHardError(self.bits));
        }
        let prefix = prefix(&self.challenge, target);
        Ok(range.find(|nonce| zero_bits(prefix.clone(), *nonce) >= u32::from(self.bits)))
    }
}

/// Whether `nonce` answers a challenge of `bits` bits for `target`.
pub fn verify(challenge: &[u8; 32], target: AccountId, bits: u8, nonce: u64) -> bool {
    zero_bits(prefix(challenge, target), nonce) >= u32::from(bits)
}

fn prefix(challenge: &[u8; 32], target: AccountId) -> FieldHasher {
    let mut hasher = FieldHasher::new(Label::new("work"));
    hasher.field(challenge);
    hasher.field(target.as_bytes());
    hasher
}

fn zero_bits(mut hasher: FieldHasher, nonce: u64) -> u32 {
    hasher.field(&nonce.to_be_bytes());
    let mut bits = 0;
    for byte in hasher.finish() {
        bits += byte.leading_zeros();
        if byte != 0 {
            break;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: AccountId = AccountId([1; 16]);

    fn challenge(bits: u8) -> WorkChallenge {
        WorkChallenge { challenge: [7; 32], bits, expires: UnixSeconds(0) }
    }

    #[test]
    fn a_solution_holds_for_its_challenge_and_target_only() {
        let work = challenge(12);
        let nonce = work.solve(TARGET, 0..u64::MAX).unwrap().unwrap();
        assert!(verify(&work.challenge, TARGET, 12, nonce));
        assert!(!verify(&[8; 32], TARGET, 12, nonce));
        assert!(!verify(&work.challenge, AccountId([2; 16]), 12, nonce));
        assert!((0..nonce).all(|earlier| !verify(&work.challenge, TARGET, 12, earlier)));
        assert_eq!(work.solve(TARGET, 0..nonce), Ok(None));
        assert_eq!(work.solve(TARGET, nonce..nonce + 1), Ok(Some(nonce)));
    }

    #[test]
    fn nobody_works_for_ever() {
        assert_eq!(
            challenge(MAX_WORK_BITS + 1).solve(TARGET, 0..u64::MAX),
            Err(WorkTooHardError(MAX_WORK_BITS + 1))
        );
    }

    #[test]
    fn no_hash_has_more_zero_bits_than_it_has_bits() {
        assert!(verify(&[7; 32], TARGET, 0, 0));
        assert!(!verify(&[7; 32], TARGET, u8::MAX, 0));
    }
}
