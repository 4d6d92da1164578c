//! Several relays on a PostgreSQL cluster when something fails: a relay is killed, the
//! primary is killed and a standby takes its place, the standbys are away, everything
//! is.
//!
//! What holds in all of them: an envelope that a relay has answered for is collected
//! from whichever relay, byte for byte, once for each time that it was sent; and
//! nothing is answered for that a failover could lose. The
//! [`ledger`](msg_tests::ledger) outside all processes is the judge.
//!
//! One test at a time: each has six processes that sync their writes.

#![cfg(test)]

mod database;
mod links;
mod load;
mod nodes;
mod refusals;
mod scene;
mod standbys;
