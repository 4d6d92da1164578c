//! `msg`.
fn main() {}
