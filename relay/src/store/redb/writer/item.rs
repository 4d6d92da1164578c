//! A part of a batch, and what is worth trying for it on a full disk.

use std::sync::Arc;

use crate::store::{
    Result, StoreError,
    mailbox::Appended,
    redb::{
        aside,
        batch::Batch,
        mailboxes, pending,
        queue::{Job, Work},
        table::Damage,
    },
};

/// A part of a batch, and how it went so far.
pub(super) struct Item {
    pub(super) what: What,
    pub(super) failed: Option<StoreError>,
}

/// What is to be done.
pub(super) enum What {
    Append {
        sequence: u64,
        envelope: Arc<pending::Envelope>,
        appended: Appended,
        _slot: tokio::sync::OwnedSemaphorePermit,
    },
    Change(Job),
    SetAside(Damage),
}

/// What is tried for a batch for which there was no room on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recourse {
    /// To make what is free in the file usable.
    Reclaim,
    /// To give up the ballast.
    Ballast,
}

impl Item {
    pub(super) fn new(what: What) -> Self {
        Self { what, failed: None }
    }

    pub(super) fn frees(&self) -> bool {
        matches!(&self.what, What::Change(job) if job.frees)
    }

    /// Only what frees room is worth the ballast.
    pub(super) fn is_worth(&self, recourse: Option<Recourse>) -> bool {
        let worth = match recourse {
            None => false,
            Some(Recourse::Reclaim) => true,
            Some(Recourse::Ballast) => self.frees(),
        };
        worth && self.failed.is_none()
    }

    pub(super) fn apply(&mut self, batch: &mut Batch<'_>) -> Result<()> {
        match &mut self.what {
            What::Append { envelope, appended, .. } => {
                *appended = mailboxes::append(batch, envelope)?;
                Ok(())
            }
            What::Change(job) => job.change.apply(batch),
            What::SetAside(damage) => {
                damage.iter().try_for_each(|(table, key)| aside::set_aside(batch, *table, key))
            }
        }
    }
}

/// What the writer makes of a piece of work; an envelope may have been handed
/// over meanwhile.
pub(super) fn item(pending: &mut pending::Pending, work: Work) -> Option<Item> {
    let what = match work {
        Work::Append(sequence, _, slot) => {
            let envelope = pending.begin(sequence)?;
            What::Append { sequence, envelope, appended: Appended::Stored, _slot: slot }
        }
        Work::Change(job) => What::Change(job),
        // Taken apart by itself, before a batch.
        Work::Compact(_) => return None,
    };
    Some(Item::new(what))
}
