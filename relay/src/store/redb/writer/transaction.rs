//! One transaction of all that has gathered.

use redb::Database;

use super::item::Item;
use crate::{
    fail_point,
    store::{
        StoreError,
        redb::{
            batch::Batch,
            format,
            rows::Counters,
            table::{Damage, outcome_of},
        },
    },
};

/// Why a batch was not committed.
pub(super) enum Stop {
    /// One part of it failed and is marked; the others are to be made again.
    Refused,
    /// The engine failed; the parts know nothing of it.
    Broken(StoreError),
}

/// Makes one transaction of all that has not failed, and commits it. Gives the
/// counters if anything was written.
pub(super) fn write(
    database: &Database,
    items: &mut [Item],
    skips_sync: bool,
    current: &mut Option<usize>,
    damage: &mut Damage,
) -> Result<Option<Counters>, Stop> {
    let broken = |error| Stop::Broken(outcome_of(&error));
    let mut transaction = format::begin(database).map_err(broken)?;
    if skips_sync {
        // It cannot be refused: nothing of it was asked of the transaction before.
        let _ = transaction.set_durability(redb::Durability::None);
    }
    let (counters, writes) = {
        let mut batch = Batch::new(&transaction).map_err(Stop::Broken)?;
        let applied = apply(&mut batch, items, current);
        *damage = std::mem::take(&mut batch.findings).damage.into_inner();
        applied?;
        batch.finish().map_err(Stop::Broken)?;
        (batch.counters.clone(), batch.writes)
    };
    if writes == 0 {
        transaction.abort().map_err(|error| broken(error.into()))?;
        return Ok(None);
    }
    let frees = items.iter().any(Item::frees);
    fail_point::pass("before-commit");
    if frees {
        fail_point::pass("before-delete");
    }
    transaction.commit().map_err(|error| broken(error.into()))?;
    fail_point::pass("after-commit");
    if frees {
        fail_point::pass("after-delete");
    }
    Ok(Some(counters))
}

/// Makes all changes that have not failed.
fn apply(
    batch: &mut Batch<'_>,
    items: &mut [Item],
    current: &mut Option<usize>,
) -> Result<(), Stop> {
    for (place, item) in items.iter_mut().enumerate() {
        if item.failed.is_some() {
            continue;
        }
        *current = Some(place);
        let (writes, counters) = (batch.writes, batch.counters.clone());
        let Err(error) = item.apply(batch) else { continue };
        match batch.findings.broken.get() {
            Some(error) if error != StoreError::Damaged => return Err(Stop::Broken(error)),
            _ => item.failed = Some(error),
        }
        if batch.writes != writes || batch.counters != counters {
            return Err(Stop::Refused);
        }
    }
    *current = None;
    Ok(())
}
