//! Files as a receiver meets them: the vectors of age's own test kit, and the
//! published attacks on files.

#![cfg(test)]

mod age;
mod field;
mod lengths;
mod two_keys;
