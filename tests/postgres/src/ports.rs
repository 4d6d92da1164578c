//! Loopback ports that stay free while their server is down: from below those that
//! the system gives to connections on their way out.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::TcpListener,
};

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port at which nobody listens now.
pub fn free_port() -> u16 {
    let random = RandomState::new();
    let drawn = (0..1_000_u32).map(|attempt| {
        let offset = random.hash_one(attempt) % u64::from(COUNT);
        FIRST + u16::try_from(offset).expect("less than the count")
    });
    let mut free = drawn.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("a free port on loopback")
}
