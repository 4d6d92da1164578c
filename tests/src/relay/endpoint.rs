//! Where a relay listens, and which key it must show.

use std::net::{SocketAddr, ToSocketAddrs as _};

use msg_protocol::address::{Pin, RelayLink};

/// A relay that can be dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// The only key to trust.
    pub pin: Pin,
}

impl Endpoint {
    /// The relay that a link with a pin leads to.
    pub fn of(link: &RelayLink) -> Self {
        let host = link.relay.host.to_dial_text();
        let address = (host.as_str(), link.relay.port()).to_socket_addrs().unwrap().next();
        Self { address: address.unwrap(), pin: link.pin.expect("the link has a pin") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_an_address_and_a_key() {
        let pin = Pin::new([7; 32]);
        let link: RelayLink = format!("msg-relay://127.0.0.1:7000/?pin={pin}").parse().unwrap();
        let address = "127.0.0.1:7000".parse().unwrap();
        assert_eq!(Endpoint::of(&link), Endpoint { address, pin });
    }
}
