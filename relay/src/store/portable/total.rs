//! All that a store holds, read anew and put together: how much, and one checksum.

use sha2::{Digest as _, Sha256};

use super::{
    Item, PageLimits, Portable,
    mark::{KINDS, Kind, Mark},
};
use crate::store::Result;

/// Damaged rows that are named; the rest is counted.
const MOST_NAMED: usize = 100;

/// All that a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Items of each kind.
    counts: [u64; KINDS],
    /// SHA-256 over the items in their order, each behind its length.
    pub sha256: [u8; 32],
    /// Rows that are not what was written, or that are nothing without such.
    pub damaged: u64,
    /// The first of them.
    pub named: Vec<Mark>,
}

impl Total {
    /// Items of a kind.
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts.get(kind.index()).copied().unwrap_or(0)
    }

    /// Items of all kinds.
    pub fn items(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Reads a store from beginning to end; `note` is told how many items so far.
    pub(super) async fn of<S: Portable>(store: &S, mut note: impl FnMut(u64)) -> Result<Self> {
        let mut hash = Sha256::new();
        let mut total = Self { counts: [0; KINDS], sha256: [0; 32], damaged: 0, named: Vec::new() };
        let mut after = None;
        loop {
            let page = store.export(after, PageLimits::USUAL).await?;
            for item in &page.items {
                total.add(item, &mut hash);
            }
            total.damaged += page.damaged.len() as u64;
            let room = MOST_NAMED.saturating_sub(total.named.len());
            total.named.extend(page.damaged.into_iter().take(room));
            note(total.items());
            if page.end.is_none() {
                total.sha256 = hash.finalize().into();
                return Ok(total);
            }
            after = page.end;
        }
    }

    fn add(&mut self, item: &Item, hash: &mut Sha256) {
        let bytes = item.encode();
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(&bytes);
        if let Some(count) = self.counts.get_mut(item.mark().kind.index()) {
            *count += 1;
        }
    }
}
