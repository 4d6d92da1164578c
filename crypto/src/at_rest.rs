//! What a store keeps: rows sealed under one random data key, and that key wrapped
//! by a password or by the key in a file. SPEC §11.
//!
//! A store's files show how many rows it has and how long they are, and nothing
//! else: names of tables and keys of rows go through a keyed hash.

mod data_key;
mod key_file;
mod row;
mod wrapped;

pub use self::{
    data_key::DataKey,
    key_file::{KeyFile, KeyFileError},
    row::{Place, RowError},
    wrapped::{KeyFileWrapped, ParseKeyError, PasswordWrapped, UnwrapError, WrappedKey},
};
