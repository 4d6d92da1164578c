//! Moving a store from one engine to another: all that is kept, as [`Item`]s in
//! one order that every engine shares.
//!
//! ```text
//! source.export(after) -> page -> destination.import(page, progress)   and again
//!                                 destination.settle()                 once all is there
//! ```
//!
//! - Nothing is changed at the source, and nobody else may use either store.
//! - An item is everything about a thing, whatever an engine derives from it:
//!   counters, indexes and names are the destination's own work.
//! - What a move has brought so far is kept with the pages, so that one that was
//!   cut off goes on where it was. Until it is settled, no relay opens the store.
//! - The epoch does not move: a relay on the destination is in a new one, at which
//!   devices replace their one-time pairs and check what nobody has confirmed.

mod item;
mod mark;
mod total;
mod transfer;

use core::future::Future;

use serde::{Deserialize, Serialize};

pub use self::{
    item::{DeviceItem, Facts, ITEM_FORMAT, Item, MAX_ITEM_BYTES, PrekeyItem},
    mark::{KINDS, Kind, Mark},
    total::Total,
    transfer::{Moved, Side, Step, TransferError, transfer},
};
use super::Result;

/// What a page may hold: one item at least, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimits {
    /// Items, and rows that were found damaged.
    pub items: usize,
    /// Bytes of the items as they are encoded.
    pub bytes: usize,
}

impl PageLimits {
    /// What one commit of a move holds.
    pub const USUAL: Self = Self { items: 2_048, bytes: 4 * 1024 * 1024 };

    /// Whether a page with so much in it takes no more.
    pub const fn are_reached(self, items: usize, bytes: usize) -> bool {
        items >= self.items || bytes >= self.bytes
    }
}

/// Items in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The items.
    pub items: Vec<Item>,
    /// Where rows are that are not what was written, or that belong to such.
    pub damaged: Vec<Mark>,
    /// How far this page goes; `None` if nothing comes after it.
    pub end: Option<Mark>,
}

/// How far a move has come, as its destination keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The checksum of all that is at the source.
    pub source: [u8; 32],
    /// How far it is here; `None` for nothing.
    pub mark: Option<Mark>,
    /// Items that are here.
    pub items: u64,
}

/// What a store is to a move that would fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// Nobody has used it.
    Empty,
    /// A move has begun to fill it.
    Underway(Progress),
    /// It holds what no unfinished move has brought.
    Occupied,
}

/// A store that can be moved.
pub trait Portable {
    /// Items after that mark, or from the beginning. What cannot be read is named
    /// and left out, with all that is nothing without it.
    fn export(
        &self,
        after: Option<Mark>,
        limits: PageLimits,
    ) -> impl Future<Output = Result<Page>> + Send;

    /// Takes items in, in the order in which they were given out, and keeps how far
    /// that is: all of it or nothing, durable when this returns. The same items
    /// once more change nothing. The secret among them is the store's from the next
    /// time on that it is opened.
    fn import(
        &self,
        items: Vec<Item>,
        progress: Progress,
    ) -> impl Future<Output = Result<()>> + Send;

    /// What this store is to a move.
    fn arrival(&self) -> impl Future<Output = Result<Arrival>> + Send;

    /// Ends a move: from now on this is a store as any other.
    fn settle(&self) -> impl Future<Output = Result<()>> + Send;
}
