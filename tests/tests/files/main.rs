//! Files as a receiver meets them: the vectors of age's own test kit, and the
//! published attacks on files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at its first surprise"
)]

mod age;
mod field;
mod lengths;
mod two_keys;
