//! What each limit may be set to, and what limits must be to each other. Where
//! the protocol has a bound of its own, no operator can lift it.

use core::ops::RangeInclusive;

use msg_protocol::limits as protocol;

use super::{GIB, KIB, Limits, MIB};
use crate::clock::DAY_S;

/// Far above anything of use, and far below where sums could overflow.
const MOST: u64 = 1 << 50;

/// Two limits that cannot both be as they are. The operator's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("limits.{small} is {small_value}, which is more than limits.{large}, {large_value}")]
pub struct LimitsClash {
    /// The limit that may not be the larger one.
    pub small: &'static str,
    /// Its value.
    pub small_value: u64,
    /// The limit that may not be the smaller one.
    pub large: &'static str,
    /// Its value.
    pub large_value: u64,
}

impl Limits {
    /// What a limit may be set to.
    pub fn range(name: &str) -> RangeInclusive<u64> {
        let frame = as_u64(protocol::MAX_FRAME_BYTES);
        match name {
            "ready-s" => 1..=protocol::OPENING_TIMEOUT_MS / 1_000,
            "idle-s" => 0..=DAY_S,
            // What the system takes.
            "keep-alive-s" => 0..=32_767,
            "backlog" => 1..=65_535,
            "leave-s" | "drain-s" => 0..=600,
            "sign-in-penalty-s" | "sign-in-penalty-max-s" => 1..=DAY_S,
            "frame-bytes" => 4 * KIB..=frame,
            "requests" => 1..=as_u64(protocol::MAX_REQUESTS),
            "request-bytes" => frame..=as_u64(protocol::MAX_REQUEST_BYTES),
            "all-request-bytes" => MIB..=MOST,
            "work-bits" => 0..=u64::from(protocol::MAX_WORK_BITS),
            "prekeys-low" => 0..=as_u64(protocol::MAX_ONE_TIME_PAIRS),
            "knocks" | "ticket-knocks" => 0..=10_000,
            "cards" | "mailbox-envelopes" => 1..=u64::from(u32::MAX),
            "mailbox-bytes" => as_u64(protocol::MAX_BODY_BYTES) * 2..=MOST,
            "envelope-days" | "blob-days" => 1..=3_650,
            "links" | "links-per-source" | "unready-links" => 1..=10_000_000,
            "accounts" | "invites" | "records" => 0..=1_000_000_000,
            "floor-percent" => 0..=90,
            "ballast-bytes" => 0..=16 * GIB,
            "sources" => 1_024..=16_777_216,
            // What the embedded store keeps of a larger blob would not fit a row.
            "blob-bytes" => 0..=32 * GIB,
            "tickets" => 1..=10_000,
            "links-per-device" => 1..=1_000,
            "account-blob-bytes" | "store-bytes" | "floor-bytes" | "record-bytes" => 0..=MOST,
            _ => 1..=MOST,
        }
    }

    /// Whether a limit counts bytes, so that its value may be a size.
    pub fn is_bytes(name: &str) -> bool {
        name.split('-').any(|word| word == "bytes")
    }

    /// Whether the limits go together.
    pub fn check(&self) -> Result<(), LimitsClash> {
        let pairs = [
            ("ticket-knocks", self.ticket_knocks, "knocks", self.knocks),
            (
                "sign-in-penalty-s",
                self.sign_in_penalty_s,
                "sign-in-penalty-max-s",
                self.sign_in_penalty_max_s,
            ),
            ("request-bytes", self.request_bytes, "all-request-bytes", self.all_request_bytes),
            ("blob-bytes", self.blob_bytes, "account-blob-bytes", self.account_blob_bytes),
        ];
        let clash = pairs.into_iter().find(|(_, small, _, large)| small > large);
        clash.map_or(Ok(()), |(small, small_value, large, large_value)| {
            Err(LimitsClash { small, small_value, large, large_value })
        })
    }
}

fn as_u64(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_lies_in_its_range_and_goes_with_the_others() {
        for info in Limits::ALL {
            assert!(Limits::range(info.name).contains(&info.default), "{}", info.name);
        }
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn limits_that_contradict_each_other_are_named() {
        let limits = Limits { ticket_knocks: 33, ..Limits::default() };
        let clash = limits.check().unwrap_err();
        assert_eq!((clash.small, clash.large), ("ticket-knocks", "knocks"));
    }
}
