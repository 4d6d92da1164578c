//! The laboratory: two devices, a network that does what it likes, and an oracle
//! that says of every delivery beforehand whether it must open.
//!
//! ```text
//!            seed ──▶ schedule of events, all randomness of both sides
//!   Side ⇄ mail, losses, copies, alterations, time ⇄ Side
//!            └──▶ Oracle: counts messages, holds no key, predicts
//! ```
//!
//! The same seed makes the same trace; a failure prints both.

mod calm;
mod events;
mod oracle;
mod run;
mod side;
mod weather;

pub use run::{Report, run};
pub use weather::Weather;
