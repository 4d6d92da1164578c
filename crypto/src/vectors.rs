//! The generator of the test vectors in `tests/vectors`, one file of them for
//! each module here. Seeded, so that it makes the same bytes every time.
//!
//! Each intermediate value is computed by the formula of SPEC over this crate's
//! primitives, and what comes out is held against what the crate itself makes,
//! so that neither can change alone. Tests compare with the files; with
//! `MSG_VECTORS=write` they write them.

extern crate std;

mod case;
mod draws;
mod json;

mod card;
mod file;
mod first_message;
mod frames;
mod groups;
mod handshake;
mod ids;
mod kdf;
mod links;
mod messages;
mod padding;
mod party;
mod password;
mod prekeys;
mod primitives;
mod ratchet;
mod safety;
mod sessions;
mod sizes;
mod store;
mod value;
mod work;
