//! An account as a library: its keys, its store and its links.
//!
//! The engine decides and touches nothing: it reads rows, and what it wants
//! changed comes back as a [`step::Step`], whose outcome nobody has before it is
//! durable. The store keeps rows sealed in one file that is open only for short
//! sections under a lock. Links own the sockets, and the driver asks the clock.
//!
//! What is deliberately absent: a daemon, a socket that listens, and any text
//! for people; words and exit codes are the command line's.

mod backoff;
pub mod driver;
pub mod engine;
pub mod home;
pub mod link;
pub mod lock;
pub mod mutant;
pub mod private;
pub mod rows;
pub mod step;
pub mod store;
pub mod transport;
pub mod unlock;
pub mod world;
