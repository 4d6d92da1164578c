//! What the operator sees of a running relay: numbers and log lines, neither of
//! which says who.

pub mod figures;
