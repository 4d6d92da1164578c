//! Every limit that the relay's service keeps, reached: the deed before it
//! passes, the one over it is refused with a code that says what to do, and time
//! gives it back. One test for each limit, under the limit's name.
//!
//! The service is asked directly, on a store in memory, under a clock that the
//! test moves.

#![cfg(test)]

mod accounts;
mod deposits;
mod rates;
mod strangers;
mod world;
