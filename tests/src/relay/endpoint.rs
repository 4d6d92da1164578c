//! Where a relay listens, and which key it must show.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
};

use msg_protocol::address::{Pin, RelayLink};
use tokio::net::{TcpSocket, TcpStream};

/// A relay that can be dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// The only key to trust.
    pub pin: Pin,
    /// From which address it is dialled, where the system is not to choose.
    pub from: Option<IpAddr>,
}

impl Endpoint {
    /// The relay that a link with a pin leads to.
    pub fn of(link: &RelayLink) -> Self {
        let host = link.relay.host.to_dial_text();
        let address = (host.as_str(), link.relay.port()).to_socket_addrs().unwrap().next();
        let pin = link.pin.expect("the link has a pin");
        Self { address: address.unwrap(), pin, from: None }
    }

    /// The same, dialled from that address: another source to the relay.
    #[must_use]
    pub fn dialled_from(self, address: impl Into<IpAddr>) -> Self {
        Self { from: Some(address.into()), ..self }
    }

    /// A connection with nothing on it yet.
    pub async fn dial(&self) -> io::Result<TcpStream> {
        let socket = match self.address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if let Some(from) = self.from {
            socket.bind((from, 0).into())?;
        }
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
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
        assert_eq!(Endpoint::of(&link), Endpoint { address, pin, from: None });
    }
}
