//! The Rust code against the second implementation in Python, which is written
//! from the specification alone: two processes, one of each, that hold
//! conversations, files and numbers against each other.
//!
//! Both speak the commands of `tests/interop/peer.py`. Who plays which part is
//! changed round in every test. `crypto/SPEC.md` §3 to §11.

#![cfg(test)]

mod conversation;
mod dice;
mod forgery;
mod network;
mod pair;
mod peer;
mod values;
mod vectors;
