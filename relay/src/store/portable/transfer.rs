//! The move itself, from any engine to any other.
//!
//! The source is read whole before anything is written, and the destination is
//! read whole before it is settled: what is there is what was there, byte for byte.

use core::fmt;

use super::{Arrival, Mark, PageLimits, Portable, Progress, total::Total};
use crate::{fail_point, store::StoreError};

/// One of the two stores of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where everything is.
    Source,
    /// Where everything goes.
    Destination,
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Source => "source",
            Self::Destination => "destination",
        })
    }
}

/// Why a store has not been moved. Nothing has been changed at the source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// An engine failed. The move can be begun again, and goes on where it was.
    #[error("the {side} fails: {error}")]
    Store {
        /// Whose engine.
        side: Side,
        /// What it says.
        #[source]
        error: StoreError,
    },
    /// Not everything at the source can be read.
    #[error("{count} rows at the source are damaged, or belong to such")]
    Damaged {
        /// How many.
        count: u64,
        /// The first of them.
        named: Vec<Mark>,
    },
    /// What is at the source came there by a move that has not ended.
    #[error("the source is itself filled by a move that has not ended")]
    Unfinished,
    /// The destination is in use.
    #[error("the destination holds something that no unfinished move has brought")]
    Occupied,
    /// The destination holds a part of something else.
    #[error(
        "the destination holds a part of another store, or the source has changed since it came"
    )]
    OtherSource,
    /// What has arrived is not what was sent.
    #[error("{arrived} items have arrived of {sent}, and they are not all the same")]
    Differs {
        /// Items at the source.
        sent: u64,
        /// Items at the destination.
        arrived: u64,
    },
}

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Items of a side that have been read, for its checksum.
    Read(Side, u64),
    /// Items that have been copied, and how many there are.
    Copied(u64, u64),
    /// It goes on where it was cut off, after so many items.
    Resumed(u64),
}

/// A move that has ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// All that was at the source, and is at the destination.
    pub total: Total,
}

const fn of(side: Side) -> impl FnOnce(StoreError) -> TransferError {
    move |error| TransferError::Store { side, error }
}

/// Moves everything. Damaged rows are an error unless they are to be left behind;
/// `note` is told how far it is.
pub async fn transfer<S: Portable, D: Portable>(
    source: &S,
    destination: &D,
    skip_damaged: bool,
    limits: PageLimits,
    mut note: impl FnMut(Step),
) -> Result<Moved, TransferError> {
    let at_source = source.arrival().await.map_err(of(Side::Source))?;
    if matches!(at_source, Arrival::Underway(_)) {
        return Err(TransferError::Unfinished);
    }
    let arrival = destination.arrival().await.map_err(of(Side::Destination))?;
    if arrival == Arrival::Occupied {
        return Err(TransferError::Occupied);
    }
    let sent = Total::of(source, |items| note(Step::Read(Side::Source, items)))
        .await
        .map_err(of(Side::Source))?;
    if sent.damaged > 0 && !skip_damaged {
        return Err(TransferError::Damaged { count: sent.damaged, named: sent.named });
    }
    let progress = begin(arrival, &sent, &mut note)?;
    copy(source, destination, progress, limits, |items| note(Step::Copied(items, sent.items())))
        .await?;
    let arrived = Total::of(destination, |items| note(Step::Read(Side::Destination, items)))
        .await
        .map_err(of(Side::Destination))?;
    if arrived.sha256 != sent.sha256 || arrived.items() != sent.items() {
        return Err(TransferError::Differs { sent: sent.items(), arrived: arrived.items() });
    }
    destination.settle().await.map_err(of(Side::Destination))?;
    Ok(Moved { total: sent })
}

/// Where the move begins or goes on.
fn begin(
    arrival: Arrival,
    sent: &Total,
    note: &mut impl FnMut(Step),
) -> Result<Progress, TransferError> {
    match arrival {
        Arrival::Empty => Ok(Progress { source: sent.sha256, mark: None, items: 0 }),
        Arrival::Underway(progress) if progress.source == sent.sha256 => {
            note(Step::Resumed(progress.items));
            Ok(progress)
        }
        Arrival::Underway(_) => Err(TransferError::OtherSource),
        Arrival::Occupied => Err(TransferError::Occupied),
    }
}

async fn copy<S: Portable, D: Portable>(
    source: &S,
    destination: &D,
    mut progress: Progress,
    limits: PageLimits,
    mut note: impl FnMut(u64),
) -> Result<(), TransferError> {
    loop {
        let page = source.export(progress.mark.clone(), limits).await.map_err(of(Side::Source))?;
        progress.items += page.items.len() as u64;
        let last = page.items.last().map(super::Item::mark);
        progress.mark = page.end.clone().or(last).or(progress.mark);
        let ends = page.end.is_none();
        destination.import(page.items, progress.clone()).await.map_err(of(Side::Destination))?;
        fail_point::pass("page-moved");
        note(progress.items);
        if ends {
            return Ok(());
        }
    }
}
