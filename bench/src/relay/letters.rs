//! What is deposited: random bodies, so that nobody gains by compressing them,
//! under random ids, for mailboxes drawn at random.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

const POOL_BYTES: usize = 1 << 20;

/// A source of letters.
pub(crate) struct Letters {
    pool: Arc<[u8]>,
    rng: ChaCha8Rng,
    mailboxes: usize,
    size: usize,
    /// Of this source, in its upper half, and of the letter.
    number: u64,
}

/// One letter.
pub(crate) struct Letter<'a> {
    /// Whose it is, from 0 on.
    pub(crate) mailbox: usize,
    /// Never the same twice.
    pub(crate) number: u64,
    /// Random.
    pub(crate) id: [u8; 16],
    /// Random as well, but out of a store of random bytes.
    pub(crate) body: &'a [u8],
}

impl Letters {
    /// As many sources as asked for.
    pub(crate) fn sources(count: usize, mailboxes: usize, size: usize, seed: u64) -> Vec<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut pool = vec![0; POOL_BYTES + size];
        rng.fill_bytes(&mut pool);
        let pool: Arc<[u8]> = pool.into();
        let source = |_| {
            let number = u64::from(rng.next_u32() >> 1) << 32;
            let rng = ChaCha8Rng::seed_from_u64(rng.next_u64());
            Self { pool: Arc::clone(&pool), rng, mailboxes, size, number }
        };
        (0..count).map(source).collect()
    }

    pub(crate) fn next(&mut self) -> Letter<'_> {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let mailbox = self.rng.next_u32() as usize % self.mailboxes;
        let begin = self.rng.next_u32() as usize % POOL_BYTES;
        self.number += 1;
        let body = self.pool.get(begin..begin + self.size).unwrap_or_default();
        Letter { mailbox, number: self.number, id, body }
    }
}
