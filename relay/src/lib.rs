//! `msg-relay`: authenticates, stores, forwards, forgets.
//!
//! It links no code that could open an envelope. What it keeps stands behind
//! the seam of [`store`]; what it grants, in [`limits`]; what it does for whoever
//! asks, in [`service`]; and who asks comes through [`serve`] and [`connection`].

pub mod clock;
pub mod config;
pub mod connection;
mod fail_point;
pub mod gate;
pub mod limits;
pub mod presence;
pub mod private;
pub mod quota;
mod random;
pub mod serve;
pub mod service;
pub mod source;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod test_folder;
pub mod tls;
