//! Where an item stands in the order: its kind, then its key.

use core::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($name:ident $word:literal $words:literal;)*) => {
        /// What an item is. What is nothing without something else comes after it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $(#[doc = concat!("One of the ", $words, ".")] $name,)*
        }

        impl Kind {
            /// All, in their order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What one is called.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What several are called.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

kinds! {
    Facts "facts about the store" "facts";
    Account "account" "accounts";
    Card "card" "cards";
    Device "device" "devices";
    Prekey "prekey" "prekeys";
    Right "right" "rights";
    Invite "invitation" "invitations";
    Record "record" "records";
    Blob "blob" "blobs";
    Chunk "piece" "pieces";
    Envelope "envelope" "envelopes";
}

/// How many kinds there are.
pub const KINDS: usize = Kind::ALL.len();

impl Kind {
    /// Its place in [`Kind::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A place in the order of all items. Numbers in keys are big-endian: the order of
/// the bytes is the order of the numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// What is there.
    pub kind: Kind,
    /// Which.
    pub key: Vec<u8>,
}

impl Mark {
    /// The place of that key.
    pub fn new(kind: Kind, parts: &[&[u8]]) -> Self {
        Self { kind, key: parts.concat() }
    }
}

/// What it is and which, in hexadecimal: for the operator alone.
impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.kind.word())?;
        if self.key.is_empty() {
            Ok(())
        } else {
            write!(formatter, " {}", HEXLOWER.encode(&self.key))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_its_row_and_sorts_by_kind_and_key() {
        let longest = Mark::new(Kind::Prekey, &[&[9; 16], &[8; 16], &[2], &[7; 4]]);
        assert_eq!(
            longest.to_string(),
            format!("prekey {}{}0207070707", "09".repeat(16), "08".repeat(16))
        );
        let later = Mark::new(Kind::Right, &[]);
        assert!(longest < later && Mark::new(Kind::Prekey, &[&[9; 16]]) < longest);
    }
}
