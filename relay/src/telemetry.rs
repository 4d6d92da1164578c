//! What the operator sees of a running relay: numbers and log lines, neither of
//! which says who.

mod fields;
pub mod figures;
pub(crate) mod health;
pub(crate) mod http;
pub mod log;
pub(crate) mod metrics;
mod page;
