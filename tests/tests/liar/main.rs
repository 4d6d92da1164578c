//! A relay that lies: what it cannot make `msg` believe, and what it can do no
//! more than delay. The real program, over real TLS, and behind the lies a real relay.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at its first surprise"
)]

mod cards;
mod envelopes;
mod floods;
mod prekeys;
mod registration;
mod scene;
mod times;
