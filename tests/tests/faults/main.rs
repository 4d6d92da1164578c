//! The relay as a whole process when something fails: it is killed, its disk is
//! full, its clock jumps, its network is cut, its files are damaged.
//!
//! What holds in all of them: an envelope that the relay has answered for is
//! collected or still waits, byte for byte, once; and nothing is collected that
//! nobody sent. The [`ledger`](msg_tests::ledger) outside the process is the judge.

#![cfg(test)]

mod clocks;
mod copies;
mod corruption;
mod cuts;
mod fail_points;
mod full_disk;
mod killing;
mod load;
mod proxy;
mod rounds;
mod scene;
mod shutdowns;
mod stopping;
