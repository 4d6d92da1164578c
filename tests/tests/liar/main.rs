//! A relay that lies: what it cannot make `msg` believe, and what it can do no
//! more than delay. The real program, over real TLS, and behind the lies a real relay.

#![cfg(test)]

mod cards;
mod envelopes;
mod floods;
mod prekeys;
mod registration;
mod scene;
mod times;
