//! `msg-relay`: authenticates, stores, forwards, forgets.
//!
//! It links no code that could open an envelope. What it keeps stands behind
//! the seam of [`store`]; what it grants, in [`limits`].

pub mod clock;
pub mod config;
pub mod limits;
pub mod private;
pub mod store;
#[cfg(test)]
mod test_folder;
pub mod tls;
