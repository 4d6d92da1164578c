//! `msg:bob@host:port?pin=…&id=…[&token=…]`: what a person hands to another.
//! SPEC §"Addresses and links".

use alloc::{
    format,
    string::{String, ToString as _},
};
use core::str::FromStr;

use super::{
    Address, LinkError, Pin,
    link::{parameters, split, value, write},
};
use crate::{fingerprint::Fingerprint, secret::LinkToken};

const SCHEME: &str = "msg:";

/// An account, its relay's key, its identity, and perhaps the right to one
/// first contact.
///
/// With a token its text is a secret, so there is no `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactLink {
    /// Where the account lives.
    pub address: Address,
    /// The relay's key; without one the system's certificate authorities decide.
    pub pin: Option<Pin>,
    /// Who the account must turn out to be.
    pub id: Fingerprint,
    /// Good for one first contact.
    pub token: Option<LinkToken>,
}

impl ContactLink {
    /// The link's text. Holds the token, if there is one.
    pub fn to_secret_text(&self) -> String {
        let Address { name, relay } = &self.address;
        let head = format!("{SCHEME}{name}@{}", relay.with_port());
        write(
            head,
            [
                ("pin", self.pin.as_ref().map(Pin::to_string)),
                ("id", Some(self.id.to_string())),
                ("token", self.token.as_ref().map(LinkToken::to_secret_text)),
            ],
        )
    }
}

impl FromStr for ContactLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let (head, query) = split(text, SCHEME)?;
        let (name, relay) = head.split_once('@').ok_or(LinkError::NoAt)?;
        if relay.contains('@') || name.contains(':') {
            return Err(LinkError::UserInfo);
        }
        if relay.contains('/') {
            return Err(LinkError::Path);
        }
        let address = Address { name: name.parse()?, relay: relay.parse()? };
        let [pin, id, token] = parameters(query, ["pin", "id", "token"])?;
        let id = id.ok_or(LinkError::Missing("id"))?;
        Ok(Self {
            address,
            pin: value("pin", pin.map(str::parse).transpose())?,
            id: value("id", id.parse())?,
            token: value("token", token.map(LinkToken::from_secret_text).transpose())?,
        })
    }
}
