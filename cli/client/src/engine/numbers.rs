//! Numbers of rows: given once, in order.

use crate::{
    rows::{NumbersRow, Read as _, account::key},
    step::Draft,
    store::StoreError,
};

/// The number of the next message.
pub fn next_message(draft: &Draft<'_>) -> Result<u64, StoreError> {
    next(draft, |numbers| &mut numbers.messages)
}

/// The number of the next row of the outbox.
pub fn next_outbox(draft: &Draft<'_>) -> Result<u64, StoreError> {
    next(draft, |numbers| &mut numbers.outbox)
}

fn next(
    draft: &Draft<'_>,
    which: impl FnOnce(&mut NumbersRow) -> &mut u64,
) -> Result<u64, StoreError> {
    let mut numbers: NumbersRow = draft.row(key::NUMBERS)?.unwrap_or_default();
    let counter = which(&mut numbers);
    let number = *counter;
    *counter += 1;
    draft.write(key::NUMBERS, &numbers);
    Ok(number)
}
