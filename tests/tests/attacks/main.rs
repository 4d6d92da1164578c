//! The published attacks that a protocol and its cryptography can show, one test
//! with the attack's number and name each. What a store, a relay or a program for
//! people must show in addition is tested where those are.
//!
//! A forged message here is whole but for the one thing that must be refused:
//! without the check that a test is about, it would be taken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at its first surprise"
)]

mod agreement;
mod cards;
mod first_flight;
mod impostor;
mod limits;
mod network;
mod prekeys;
mod scene;
mod separation;
mod shape;
mod signatures;
mod state;
