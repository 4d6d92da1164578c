//! What travels between `msg` clients and relays: names, links, cards, prekeys,
//! envelopes, contents, frames, and the two ends of a link as state machines.
//!
//! Bytes in, values out: no clock, no random number, no socket, no file. The
//! normative description is `protocol/SPEC.md`.
#![no_std]

extern crate alloc;

pub mod address;
pub mod base32;
pub mod bounded;
pub mod card;
pub mod codec;
pub mod content;
pub mod envelope;
pub mod error;
pub mod fingerprint;
pub mod frame;
pub mod group;
pub mod hash;
pub mod id;
pub mod key;
pub mod kinded;
#[cfg(test)]
mod laboratory;
pub mod limits;
pub mod link;
pub mod prekey;
#[cfg(test)]
mod properties;
pub mod push;
pub mod request;
pub mod response;
pub mod secret;
pub mod signed;
#[cfg(test)]
mod spec;
pub mod time;
pub mod version;
pub mod work;

pub use base32::Base32Error;
