//! Our door: who is told of it, and from whom it is taken.

use msg_protocol::{
    bounded::Str,
    content::{Confirm, ContactDetails},
    id::AccountId,
    secret::Door,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{everybody, with};
use crate::{
    engine::{EngineError, account::Own, outbox},
    rows::{ContactRow, Standing, account, contact::key},
    step::Draft,
};

/// Tells somebody how to reach us, if they do not know already.
pub fn connect<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    row: &mut ContactRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    if row.told_door == own.row.door_number {
        return Ok(());
    }
    row.told_door = own.row.door_number;
    // What was said of an earlier door must not arrive after this.
    outbox::take_back_details(draft, id)?;
    let details = ContactDetails {
        address: own.row.address.clone(),
        pin: own.row.pin,
        door: Some(own.row.door.clone()),
        token: row.token.clone(),
        card: own.card().reference(),
        display_name: Str::new(own.row.address.name.to_string()).unwrap_or_else(|_| unnamed()),
    };
    let post = outbox::Post {
        account: id,
        message: outbox::new_message_id(rng),
        sent_ms: now.0.saturating_mul(1_000),
        content: details.into(),
        confirm: Confirm::Later,
        is_kept: false,
        group: None,
    };
    outbox::post(draft, row, post, now)?;
    Ok(())
}

fn unnamed<const MAX: usize>() -> Str<MAX> {
    #[expect(clippy::expect_used, reason = "nothing is shorter than every bound")]
    Str::new(String::new()).expect("an empty text")
}

/// Drops what somebody sends, and takes the way to us from them: a new door, of
/// which everybody else is told.
pub fn block<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    id: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Door, EngineError> {
    if let Some(mut row) = with(draft, id)? {
        row.standing = Standing::Blocked;
        row.told_door = 0;
        draft.write(&key(id), &row);
        outbox::cancel_all(draft, id)?;
    }
    change_door(draft, now, rng)
}

/// Makes a new door and tells everybody who is to have it.
pub fn change_door<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Door, EngineError> {
    let mut own = Own::load(draft)?;
    let mut door = [0; 32];
    rng.fill_bytes(&mut door);
    own.row.door = Door::new(door);
    own.row.door_number += 1;
    draft.write(account::key::ACCOUNT, &own.row);
    for (id, mut row) in everybody(draft)? {
        if row.is_reached() {
            connect(draft, &own, id, &mut row, now, rng)?;
            draft.write(&key(id), &row);
        }
    }
    Ok(own.row.door.clone())
}
