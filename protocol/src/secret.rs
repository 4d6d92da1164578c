//! Secrets that travel to a relay or inside a message: bearer rights, not keys
//! of the end-to-end layer.
//!
//! None shows itself in `Debug` or has a `Display`; all are wiped when dropped
//! and compared in constant time. The relay keeps only [`SaltedHash`]es.
//! SPEC §"Rights and their hashes".

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    base32::{self, Base32Error},
    hash::{Label, hash},
};

/// A secret that the relay knows only by its salted hash.
pub trait Right {
    /// The label of its hash.
    const LABEL: Label;

    /// The secret's bytes.
    fn expose(&self) -> &[u8];
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Its length in bytes.
            pub const BYTES: usize = $bytes;

            /// Wraps the secret's bytes.
            pub const fn new(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The secret itself.
            pub const fn expose(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

macro_rules! right {
    ($name:ident, $label:expr) => {
        impl Right for $name {
            const LABEL: Label = $label;

            fn expose(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

/// For secrets that stand in links. The name says what the text is.
macro_rules! text_form {
    ($name:ident) => {
        impl $name {
            /// The secret as links write it. Whoever reads it, has it.
            pub fn to_secret_text(&self) -> String {
                base32::encode(&self.0)
            }

            /// Reads the text that links write.
            pub fn from_secret_text(text: &str) -> Result<Self, Base32Error> {
                base32::decode(text).map(Self)
            }
        }
    };
}

secret! {
    /// The right to deposit into an account's mailboxes.
    Door, 32
}
secret! {
    /// The right to one first contact, out of a contact link.
    LinkToken, 32
}
secret! {
    /// The right to register.
    Invite, 20
}
secret! {
    /// What a device signs in with.
    DeviceCredential, 32
}
secret! {
    /// What changes devices, the credential itself, or ends the account.
    AccountCredential, 32
}
secret! {
    /// The right to fetch a blob.
    BlobCapability, 32
}
secret! {
    /// What proof of work buys: one fetch of prekeys and a few knocks.
    WorkTicket, 32
}
secret! {
    /// The key of a file's payload. Never shown to a relay.
    FileKey, 32
}

/// Of both kinds: their salts and owners differ.
const CREDENTIAL: Label = Label::new("credential");

right!(Door, Label::new("door"));
right!(LinkToken, Label::new("token"));
right!(Invite, Label::new("invite"));
right!(WorkTicket, Label::new("ticket"));
right!(DeviceCredential, CREDENTIAL);
right!(AccountCredential, CREDENTIAL);

text_form!(LinkToken);
text_form!(Invite);

/// Bytes of the salt before a hash.
pub const SALT_BYTES: usize = 16;

/// What a relay keeps of a right: `H(L(kind), salt, right)` and the salt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SaltedHash {
    salt: [u8; SALT_BYTES],
    hash: [u8; 32],
}

impl SaltedHash {
    /// Hashes a right under a fresh random salt.
    pub fn of<R: Right>(right: &R, salt: [u8; SALT_BYTES]) -> Self {
        let hash = hash(R::LABEL, &[&salt, right.expose()]);
        Self { salt, hash }
    }

    /// The hash without its salt. It names the right where many are kept.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Whether this is the hash of that right, in time that depends on neither.
    pub fn admits<R: Right>(&self, right: &R) -> bool {
        let shown = Self::of(right, self.salt);
        self.hash.ct_eq(&shown.hash).into()
    }
}

impl fmt::Debug for SaltedHash {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("SaltedHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Door::new([0x41; 32])), "Door(..)");
        assert_eq!(format!("{:?}", Invite::new([0x41; 20])), "Invite(..)");
        let stored = SaltedHash::of(&Door::new([1; 32]), [2; 16]);
        assert_eq!(format!("{stored:?}"), "SaltedHash(..)");
    }

    #[test]
    fn a_hash_admits_its_right_and_no_other() {
        let stored = SaltedHash::of(&Door::new([1; 32]), [9; 16]);
        assert!(stored.admits(&Door::new([1; 32])));
        assert!(!stored.admits(&Door::new([2; 32])));
    }

    #[test]
    fn one_kind_of_right_is_no_other_kind() {
        let stored = SaltedHash::of(&Door::new([1; 32]), [9; 16]);
        assert!(!stored.admits(&LinkToken::new([1; 32])));
        assert!(!stored.admits(&DeviceCredential::new([1; 32])));
    }

    #[test]
    fn salt_matters() {
        let door = Door::new([1; 32]);
        assert_ne!(SaltedHash::of(&door, [1; 16]), SaltedHash::of(&door, [2; 16]));
    }

    #[test]
    fn an_invitation_is_32_characters() {
        let invite = Invite::new([7; 20]);
        let text = invite.to_secret_text();
        assert_eq!(text.len(), 32);
        assert_eq!(Invite::from_secret_text(&text), Ok(invite));
    }
}
