//! The account's password, and the credential that a relay is shown for it. SPEC §9.
//!
//! A password proves who may change the account at its relay. It is no key: what
//! comes of it is an [`AccountCredential`], which nothing in this crate takes, so
//! that it can neither sign nor decrypt:
//!
//! ```compile_fail,E0308
//! # fn f(credential: msg_protocol::secret::AccountCredential) {
//! msg_crypto::identity::IdentitySecret::from_seed(&credential);
//! # }
//! ```
//!
//! ```compile_fail,E0308
//! # fn f(password: msg_crypto::password::Password) {
//! msg_crypto::agreement::AgreementSecret::from_bytes(&password);
//! # }
//! ```

use alloc::string::{String, ToString as _};

use msg_protocol::{
    address::{AccountName, RelayHost},
    hash::{Label, hash, truncate},
    secret::AccountCredential,
};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::{
    argon2id::{Costs, OutOfMemory, argon2id},
    kdf,
    limits::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS},
    secret::Secret,
};

/// What somebody typed, in NFKC, so that every keyboard gives the same bytes.
pub struct Password(Zeroizing<String>);

/// Why a text is no password. The fault of who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Easily guessed, whatever it is.
    #[error("password has fewer than {MIN_PASSWORD_CHARACTERS} characters")]
    TooShort,
    /// Most likely not meant as a password.
    #[error("password has more than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
}

impl Password {
    /// Normalises a text and holds it against the rules. Any character counts;
    /// a line end that came with the text is the caller's to take off.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        // At full size from the start, so that growing leaves no copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(MAX_PASSWORD_BYTES));
        let mut characters = 0;
        for character in text.nfkc() {
            if normal.len() + character.len_utf8() > MAX_PASSWORD_BYTES {
                return Err(PasswordError::TooLong);
            }
            normal.push(character);
            characters += 1;
        }
        if characters < MIN_PASSWORD_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        Ok(Self(normal))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What `name` shows to its relay to change devices or the account. `host` is
    /// the relay's as it was when the account was registered.
    pub fn account_credential(
        &self,
        host: &RelayHost,
        name: &AccountName,
    ) -> Result<AccountCredential, OutOfMemory> {
        let master = argon2id(self.as_bytes(), &salt(host, name), Costs::STANDARD)?;
        let credential: Secret<32> =
            kdf::hkdf(&[], &[master.expose()], &[&Label::new("auth").bytes()]);
        Ok(AccountCredential::new(*credential.expose()))
    }
}

/// From public names alone: a relay has no say in it, and a stranger nothing to ask for.
fn salt(host: &RelayHost, name: &AccountName) -> [u8; 16] {
    let host = host.to_string();
    truncate(hash(Label::new("pw-salt"), &[host.as_bytes(), name.as_str().as_bytes()]))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    fn credential(password: &str, host: &str, name: &str) -> String {
        let (host, name) = (host.parse().unwrap(), name.parse().unwrap());
        let credential = Password::new(password).ok().unwrap().account_credential(&host, &name);
        HEXLOWER.encode(credential.unwrap().expose())
    }

    /// Both by the second implementation.
    #[test]
    fn a_password_gives_the_same_credential_on_every_client() {
        assert_eq!(
            credential("correct horse battery staple", "Relay.Example", "Alice"),
            "13ea2f123834eb920b68a62f050b0f9028d2875d575cd00794b3820842bd41eb"
        );
        assert_eq!(
            credential("ﬁancée №5 ２０２６", "[0:0:0:0:0:0:0:1]", "bob"),
            "c5791b55ff7b5ef57ce54827d24dbb0ecc799d921302733b76a4cb5be6a1e082"
        );
    }

    #[test]
    fn salts_differ_by_host_and_by_name() {
        let salt = |host: &str, name: &str| salt(&host.parse().unwrap(), &name.parse().unwrap());
        assert_ne!(salt("relay.one", "alice"), salt("relay.two", "alice"));
        assert_ne!(salt("relay.one", "alice"), salt("relay.one", "bob"));
        assert_eq!(salt("relay.one", "alice"), salt("RELAY.ONE", "ALICE"));
    }

    #[test]
    fn every_keyboard_gives_the_same_bytes() {
        let bytes = |text: &str| Password::new(text).ok().unwrap().as_bytes().to_vec();
        assert_eq!(bytes("cafe\u{301} au lait"), bytes("café au lait"));
        assert_eq!(bytes("ﬁnal Ⅻ ２０２６"), b"final XII 2026");
        assert_ne!(bytes("Cafe au lait"), bytes("cafe au lait"));
    }

    #[test]
    fn eight_characters_are_needed_whatever_their_bytes() {
        let error = |text: &str| Password::new(text).err();
        assert_eq!(error(""), Some(PasswordError::TooShort));
        assert_eq!(error("1234567"), Some(PasswordError::TooShort));
        assert_eq!(error("🔑🔑🔑🔑🔑🔑🔑"), Some(PasswordError::TooShort));
        assert_eq!(error("e\u{301}e\u{301}e\u{301}e\u{301}"), Some(PasswordError::TooShort));
        assert_eq!(error("12345678"), None);
        assert_eq!(error("пароль №1"), None);
    }

    #[test]
    fn sixty_four_characters_of_any_script_are_taken_and_a_kilobyte_is_the_end() {
        assert!(Password::new(&"🔑".repeat(64)).is_ok());
        assert!(Password::new(&"x".repeat(1_024)).is_ok());
        assert_eq!(Password::new(&"x".repeat(1_025)).err(), Some(PasswordError::TooLong));
        // Three bytes each, of which normalising makes thirty-three.
        let grows = "\u{fdfa}".repeat(64);
        assert_eq!(Password::new(&grows).err(), Some(PasswordError::TooLong));
    }

    #[test]
    fn attack_9_the_credential_is_none_of_the_keys_that_a_password_wraps_with() {
        let password = Password::new("correct horse").ok().unwrap();
        let (host, name) = ("relay.example".parse().unwrap(), "alice".parse().unwrap());
        let credential = password.account_credential(&host, &name).unwrap();
        let master = argon2id(password.as_bytes(), &salt(&host, &name), Costs::STANDARD).unwrap();
        assert_ne!(credential.expose(), master.expose(), "the relay never sees the master");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_taken_is_normal(text in ".{0,80}") {
            if let Ok(password) = Password::new(&text) {
                let normal = core::str::from_utf8(password.as_bytes()).unwrap();
                prop_assert!(unicode_normalization::is_nfkc(normal));
                prop_assert!(normal.len() <= MAX_PASSWORD_BYTES);
            }
        }
    }
}
