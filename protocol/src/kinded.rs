//! Enums that grow: a kind as a number, then the body behind its length, so
//! that a kind from later passes through unharmed. SPEC §"Evolution".

use serde::{Deserialize, Serialize};

use crate::bounded::Bytes;

/// A kind that this version does not know, kept byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown<const MAX: usize> {
    pub(crate) kind: u16,
    pub(crate) body: Bytes<MAX>,
}

impl<const MAX: usize> Unknown<MAX> {
    /// Its number.
    pub const fn kind(&self) -> u16 {
        self.kind
    }

    /// Its body, whatever it means.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Declares such an enum: each kind a number and a struct of its own name.
macro_rules! kinded {
    (
        $(#[$doc:meta])*
        $vis:vis enum $name:ident[$max:expr] {
            $($(#[$kind_doc:meta])* $number:literal $kind:ident),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$kind_doc])* $kind($kind),)*
            /// From a later version.
            Unknown($crate::kinded::Unknown<{ $max }>),
        }

        impl $name {
            /// Each known kind: its number and its name.
            $vis const KINDS: &[(u16, &str)] = &[$(($number, stringify!($kind))),*];

            /// The number on the wire.
            $vis const fn kind(&self) -> u16 {
                match self {
                    $(Self::$kind(_) => $number,)*
                    Self::Unknown(unknown) => unknown.kind(),
                }
            }
        }

        $(
            impl From<$kind> for $name {
                fn from(body: $kind) -> Self {
                    Self::$kind(body)
                }
            }
        )*

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::Error as _;
                let body = match self {
                    $(Self::$kind(body) => $crate::codec::try_encode(body).map_err(S::Error::custom)?,)*
                    Self::Unknown(unknown) => return unknown.serialize(serializer),
                };
                let body = $crate::bounded::Bytes::<{ $max }>::new(body).map_err(S::Error::custom)?;
                $crate::kinded::Unknown { kind: self.kind(), body }.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                let raw = $crate::kinded::Unknown::<{ $max }>::deserialize(deserializer)?;
                match raw.kind {
                    $($number => $crate::codec::decode(&raw.body, $max)
                        .map(Self::$kind)
                        .map_err(D::Error::custom),)*
                    _ => Ok(Self::Unknown(raw)),
                }
            }
        }
    };
}

pub(crate) use kinded;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Old {
        number: u32,
    }

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct New {
        flag: bool,
    }

    kinded! {
        /// What yesterday knew.
        enum Yesterday[64] { 1 Old }
    }

    kinded! {
        /// What today knows.
        enum Today[64] { 1 Old, 300 New }
    }

    #[test]
    fn a_kind_from_later_survives_a_round_trip() {
        let bytes = encode(&Today::New(New { flag: true }));
        let seen: Yesterday = decode(&bytes, 64).unwrap();
        assert!(matches!(&seen, Yesterday::Unknown(new) if new.kind() == 300));
        assert_eq!(encode(&seen), bytes);
    }

    #[test]
    fn a_known_kind_is_strict() {
        let bytes = encode(&Today::Old(Old { number: 7 }));
        assert_eq!(bytes, [1, 1, 7]);
        assert_eq!(Yesterday::KINDS, &Today::KINDS[..1]);
        assert!(decode::<Today>(&[1, 2, 7, 0], 64).is_err(), "trailing byte");
        assert!(decode::<Today>(&[1, 2, 0x87, 0], 64).is_err(), "long form");
        assert!(decode::<Today>(&[1, 0], 64).is_err(), "too short");
    }
}
