//! The first words on a link: which version to speak, which kind of link it is,
//! and what the relay grants. SPEC §"Opening a link".

use serde::{Deserialize, Serialize};

use crate::{error::Code, id::RelayEpoch, time::UnixSeconds};

/// What TLS negotiates: the protocol's major version.
pub const ALPN: &[u8] = b"msg/1";

/// The oldest version that this code speaks.
pub const MIN_VERSION: u16 = 1;

/// The newest version that this code speaks.
pub const MAX_VERSION: u16 = 1;

/// A client's first frame. Its layout stays the same in all versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The oldest version that the client speaks.
    pub min: u16,
    /// The newest version that the client speaks.
    pub max: u16,
    /// What the link is for.
    pub kind: LinkKind,
}

/// What a link is for. A client never deposits over a link that is signed in:
/// that would tell the relay who writes to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinkKind {
    /// Anyone, depositing or asking.
    Anonymous,
    /// A device at its own relay.
    SignedIn,
}

impl Hello {
    /// The first frame of a link of that kind.
    pub const fn new(kind: LinkKind) -> Self {
        Self { min: MIN_VERSION, max: MAX_VERSION, kind }
    }

    /// The newest version that both speak.
    pub fn choose(&self, min: u16, max: u16) -> Option<u16> {
        let version = self.max.min(max);
        (self.min <= self.max && version >= self.min && version >= min).then_some(version)
    }
}

/// A relay's first frame, if it has a version in common with the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that both speak from here on.
    pub version: u16,
    /// Another one than last time: the relay was restarted or restored.
    pub epoch: RelayEpoch,
    /// The relay's clock.
    pub time: UnixSeconds,
    /// What the relay grants.
    pub terms: Terms,
}

/// A relay's first and last frame, if it does not take the link. Its layout
/// stays the same in all versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// Why.
    pub code: Code,
    /// The oldest version that the relay speaks.
    pub min: u16,
    /// The newest version that the relay speaks.
    pub max: u16,
    /// Seconds after which it may go better.
    pub retry_after_s: Option<u32>,
}

/// What a relay grants to each link and each account, told in advance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who may register.
    pub registration: Registration,
    /// Requests in flight on one link.
    pub requests: u16,
    /// Bytes of requests in flight on one link.
    pub request_bytes: u32,
    /// Seconds of silence after which the relay closes a link.
    pub idle_s: u32,
    /// Envelopes that one mailbox holds.
    pub mailbox_envelopes: u32,
    /// Bytes that one mailbox holds.
    pub mailbox_bytes: u64,
    /// Days that an envelope may wait.
    pub envelope_days: u16,
    /// Bytes of one blob; 0 if the relay takes none.
    pub blob_bytes: u64,
    /// Days that a blob is kept.
    pub blob_days: u16,
}

/// What this version of the relay grants where its operator says nothing else.
impl Default for Terms {
    fn default() -> Self {
        Self {
            registration: Registration::Invited,
            requests: 1_280,
            request_bytes: 9 * 1024 * 1024,
            idle_s: 120,
            mailbox_envelopes: 10_000,
            mailbox_bytes: 256 * 1024 * 1024,
            envelope_days: 30,
            blob_bytes: 4 * 1024 * 1024 * 1024,
            blob_days: 30,
        }
    }
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Who has an invitation.
    Invited,
    /// Nobody.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_both_is_chosen() {
        let hello = |min, max| Hello { min, max, kind: LinkKind::Anonymous };
        assert_eq!(hello(1, 1).choose(1, 1), Some(1));
        assert_eq!(hello(1, 9).choose(1, 3), Some(3));
        assert_eq!(hello(2, 3).choose(1, 9), Some(3));
        assert_eq!(hello(2, 3).choose(4, 9), None);
        assert_eq!(hello(7, 9).choose(1, 6), None);
        assert_eq!(hello(3, 2).choose(1, 9), None, "an empty range");
        assert_eq!(hello(0, u16::MAX).choose(1, 1), Some(1));
    }
}
