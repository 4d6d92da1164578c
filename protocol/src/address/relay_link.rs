//! `msg-relay://host:port/?pin=…&invite=…`: what an operator hands to users.
//! SPEC §"Addresses and links".

use alloc::{
    format,
    string::{String, ToString as _},
};
use core::str::FromStr;

use super::{
    LinkError, Pin, RelayAddress,
    link::{parameters, split, value, write},
};
use crate::secret::Invite;

const SCHEME: &str = "msg-relay://";

/// A relay, which key it has, and perhaps the right to register there.
///
/// With an invitation its text is a secret, so there is no `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayLink {
    /// Where it listens.
    pub relay: RelayAddress,
    /// Its key; without one the system's certificate authorities decide.
    pub pin: Option<Pin>,
    /// The right to register.
    pub invite: Option<Invite>,
}

impl RelayLink {
    /// The link's text. Holds the invitation, if there is one.
    pub fn to_secret_text(&self) -> String {
        let head = format!("{SCHEME}{}/", self.relay.with_port());
        write(
            head,
            [
                ("pin", self.pin.as_ref().map(Pin::to_string)),
                ("invite", self.invite.as_ref().map(Invite::to_secret_text)),
            ],
        )
    }
}

impl FromStr for RelayLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let (head, query) = split(text, SCHEME)?;
        let (authority, path) = head.split_once('/').unwrap_or((head, ""));
        if authority.contains('@') {
            return Err(LinkError::UserInfo);
        }
        let relay = authority.parse()?;
        if !path.is_empty() {
            return Err(LinkError::Path);
        }
        let [pin, invite] = parameters(query, ["pin", "invite"])?;
        Ok(Self {
            relay,
            pin: value("pin", pin.map(str::parse).transpose())?,
            invite: value("invite", invite.map(Invite::from_secret_text).transpose())?,
        })
    }
}
