//! Where a link comes from, as coarsely as limits need it: an IPv4 address, or
//! the first half of an IPv6 address.
//!
//! It is held in memory while a limit remembers it, and nowhere else.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// A source of links. Shows nothing of itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    prefix: u64,
    family: Family,
    loopback: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    V4,
    V6,
}

impl Source {
    /// The source of an address.
    pub fn of(address: IpAddr) -> Self {
        let loopback = address.to_canonical().is_loopback();
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                Self { prefix: u64::from(u32::from(v4)), family: Family::V4, loopback }
            }
            IpAddr::V6(v6) => Self { prefix: first_half(v6), family: Family::V6, loopback },
        }
    }

    /// Whether it is this machine.
    pub const fn is_loopback(self) -> bool {
        self.loopback
    }
}

fn first_half(address: Ipv6Addr) -> u64 {
    u64::try_from(u128::from(address) >> 64).unwrap_or(u64::MAX)
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Source(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Source {
        Source::of(text.parse().unwrap())
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_half_of_an_ipv6_address() {
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"), "one address in two spellings");
        assert_ne!(of("0.0.0.1"), of("0:0:0:1::"));
        assert!(of("::1").is_loopback() && of("127.0.0.9").is_loopback());
        assert!(!format!("{:?}", of("192.0.2.1")).contains("192"));
    }
}
