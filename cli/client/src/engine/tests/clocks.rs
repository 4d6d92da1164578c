//! A clock that was ahead and has gone back.

use super::{Level, friends};

/// Half a day, by which the clock is wrong for a while.
const AHEAD_S: u64 = 43_200;

/// What was tried while the clock was ahead waited for its next try until the clock had
/// caught up.
#[test]
fn a_clock_that_goes_back_holds_no_message_up() {
    let mut world = friends(41);
    world.now.0 += AHEAD_S;
    let message = world.post(0, 1, "now or then");
    world.deliver(0, 8);
    assert_eq!(world.level(0, 1, message), Some(Level::Queued), "no answer came");
    world.now.0 -= AHEAD_S;
    world.deliver(0, 0);
    assert_eq!(world.level(0, 1, message), Some(Level::Relay));
}

/// So did a receipt.
#[test]
fn a_clock_that_goes_back_holds_no_receipt_up() {
    let mut world = friends(42);
    let message = world.post(0, 1, "seen?");
    world.deliver(0, 0);
    world.now.0 += AHEAD_S;
    world.collect(1, false);
    world.now.0 -= AHEAD_S;
    world.deliver(1, 0);
    world.collect(0, false);
    assert_eq!(world.level(0, 1, message), Some(Level::Delivered));
}
