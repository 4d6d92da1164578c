//! Keys in, bytes out.
#![no_std]
extern crate alloc;
