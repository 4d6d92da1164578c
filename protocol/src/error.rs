//! What a relay says when it refuses: a number, when to try again, and whether
//! to keep what was refused. Few and coarse: a refusal must not tell a stranger
//! what a relay holds. SPEC §"Codes".

use core::fmt;

use serde::{Deserialize, Serialize};

/// Why a relay refused. Numbers from later versions pass through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Code(pub u16);

macro_rules! codes {
    ($($(#[$doc:meta])* $number:literal $name:ident $text:literal),* $(,)?) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Each code: its number and what it says.
            pub const ALL: &[(u16, &str)] = &[$(($number, $text)),*];

            /// What it says; `None` for a number from a later version.
            pub const fn text(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The request is malformed or against a rule.
    1 BAD_REQUEST "bad request",
    /// This relay is older than the request.
    2 UNKNOWN_REQUEST "unknown request",
    /// The request belongs on the other kind of link.
    3 WRONG_LINK "request belongs on the other kind of link",
    /// A credential, door, token, ticket, invitation or proof does not hold.
    4 DENIED "denied",
    /// There is no such account, mailbox, blob or record.
    5 NOT_FOUND "not found",
    /// The name is taken, or the card or record has moved on.
    6 CONFLICT "conflict",
    /// Too often.
    7 RATE_LIMITED "too many requests",
    /// The account has used up its share.
    8 QUOTA "quota used up",
    /// The mailbox, or its part for strangers, is full.
    9 MAILBOX_FULL "mailbox is full",
    /// The relay has no room.
    10 RELAY_FULL "relay is full",
    /// More bytes, envelopes or days than this relay takes.
    11 TOO_LARGE "too large",
    /// A stranger needs a proof of work.
    12 WORK_REQUIRED "proof of work required",
    /// Registration needs an invitation, or is closed.
    13 NOT_OPEN "registration is not open",
    /// The operator has suspended the account.
    14 SUSPENDED "account is suspended",
    /// The relay is stopping, or its store is out of reach.
    15 UNAVAILABLE "relay is unavailable",
    /// The relay failed.
    16 INTERNAL "relay failed",
    /// Only administrators may, or not to an administrator.
    17 NOT_ALLOWED "for administrators only",
    /// The two ends have no version in common.
    32 NO_COMMON_VERSION "no version in common",
    /// The link broke the protocol.
    33 PROTOCOL "protocol violation",
    /// The link was silent or slow for too long.
    34 TIMEOUT "too slow",
    /// Too many links from there.
    35 TOO_MANY_LINKS "too many links",
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self.text() {
            Some(text) => formatter.write_str(text),
            None => write!(formatter, "code {}", self.0),
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Code({} {self})", self.0)
    }
}

/// A relay's refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("refused by the relay: {code}")]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// Seconds after which it may go better.
    pub retry_after_s: Option<u32>,
    /// Keep what was refused and try again: nothing is wrong with it.
    pub keep: bool,
}

impl Refusal {
    /// For good: trying again will not help.
    pub const fn for_good(code: Code) -> Self {
        Self { code, retry_after_s: None, keep: false }
    }

    /// For now: keep it, and try again after that many seconds.
    pub const fn for_now(code: Code, retry_after_s: u32) -> Self {
        Self { code, retry_after_s: Some(retry_after_s), keep: true }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::codec::{decode, encode};

    #[test]
    fn a_code_from_later_survives_and_shows_its_number() {
        let refusal = Refusal::for_good(Code(4_711));
        let bytes = encode(&refusal);
        assert_eq!(decode::<Refusal>(&bytes, 16), Ok(refusal));
        assert_eq!(format!("{refusal}"), "refused by the relay: code 4711");
    }

    #[test]
    fn codes_are_distinct_and_say_something() {
        for (index, (number, text)) in Code::ALL.iter().enumerate() {
            assert_eq!(Code(*number).text(), Some(*text));
            assert!(
                Code::ALL[..index].iter().all(|(earlier, other)| earlier < number && other != text)
            );
        }
    }
}
