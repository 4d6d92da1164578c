//! What the tests of the whole share: parties, an adversary, a laboratory, places
//! in the repository and a seeded source of randomness. Scenarios stand in `tests/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "a test stops at its first surprise, and says where it started"
)]

pub mod adversary;
pub mod clock;
pub mod cluster;
pub mod ext4;
pub mod fuzzing;
pub mod lab;
pub mod ledger;
pub mod memory;
pub mod msg;
pub mod nonces;
pub mod panics;
pub mod party;
pub mod place;
pub mod recorder;
pub mod relay;
pub mod seed;
pub mod separation;
pub mod shown;
pub mod terminal;

pub use msg_postgres_rig as postgres;
pub use msg_soak as soak;
