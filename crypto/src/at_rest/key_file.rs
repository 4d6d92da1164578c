//! The key file of a store that is unlocked without a password. Its text has one
//! form, to the last byte. SPEC §11.

use alloc::string::String;

use msg_protocol::base32::{self, Base32Error};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::Secret;

const PREFIX: &str = "msg-store-key-1:";

/// The key in such a file. Whoever reads the file has it.
pub struct KeyFile(Secret<32>);

/// Why a text is not a key file's. The fault of who wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Some other file.
    #[error("key file does not begin with {PREFIX}")]
    NoPrefix,
    /// Cut off, or something follows the line.
    #[error("key file is not exactly one line with its line end")]
    NotOneLine,
    /// The key.
    #[error("key in the key file: {0}")]
    Key(#[from] Base32Error),
}

impl KeyFile {
    /// Draws a new key.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(Secret::random(rng))
    }

    /// The key with these bytes.
    pub fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    /// What to write into the file.
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(base32::encode(self.0.expose()));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + key.len() + 1));
        text.push_str(PREFIX);
        text.push_str(&key);
        text.push('\n');
        text
    }

    /// Reads what stands in the file.
    pub fn from_secret_text(text: &str) -> Result<Self, KeyFileError> {
        let rest = text.strip_prefix(PREFIX).ok_or(KeyFileError::NoPrefix)?;
        let line = rest.strip_suffix('\n').ok_or(KeyFileError::NotOneLine)?;
        if line.contains(['\n', '\r']) {
            return Err(KeyFileError::NotOneLine);
        }
        let key = base32::decode(line)?;
        Ok(Self(Secret::new(key)))
    }

    pub(super) fn key(&self) -> &Secret<32> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "msg-store-key-1:aqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqca\n";

    fn error(text: &str) -> Option<KeyFileError> {
        KeyFile::from_secret_text(text).err()
    }

    #[test]
    fn a_key_file_is_one_line() {
        let file = KeyFile::new(Secret::new([4; 32]));
        assert_eq!(*file.to_secret_text(), TEXT);
        let read = KeyFile::from_secret_text(TEXT).ok().unwrap();
        assert!(read.key().is_equal_to(file.key()));
    }

    #[test]
    fn each_other_text_has_its_error() {
        let line = TEXT.trim_end();
        assert_eq!(error(""), Some(KeyFileError::NoPrefix));
        assert_eq!(error("AGE-SECRET-KEY-1"), Some(KeyFileError::NoPrefix));
        assert_eq!(error(&format!(" {TEXT}")), Some(KeyFileError::NoPrefix));
        assert_eq!(error(&TEXT.replace("-1:", "-2:")), Some(KeyFileError::NoPrefix));
        for text in [line.into(), format!("{line}\r\n"), format!("{TEXT}\n"), format!("{TEXT}x\n")]
        {
            assert_eq!(error(&text), Some(KeyFileError::NotOneLine), "{text:?}");
        }
        let wrong_length = Base32Error::Length { expected: 52, found: 51 };
        assert_eq!(error(&TEXT.replacen('q', "", 1)), Some(wrong_length.into()));
        assert_eq!(error(&TEXT.replacen('q', "Q", 1)), Some(Base32Error::UpperCase(2).into()));
        assert_eq!(error(&TEXT.replacen('q', "1", 1)), Some(Base32Error::Character(2).into()));
        assert_eq!(error(&format!("{line} \n")), Some(Base32Error::Character(53).into()));
        assert_eq!(error(&TEXT.replace("a\n", "b\n")), Some(Base32Error::StrayBits.into()));
    }

    #[test]
    fn an_error_shows_nothing_of_the_key() {
        let shown = format!("{}", error(&TEXT.replacen('q', "Q", 1)).unwrap());
        assert_eq!(shown, "key in the key file: capital letter at character 2");
    }

    proptest! {
        #[test]
        fn every_key_reads_back_and_no_text_panics(key: [u8; 32], text in ".{0,80}") {
            let file = KeyFile::new(Secret::new(key));
            let read = KeyFile::from_secret_text(&file.to_secret_text()).ok().unwrap();
            prop_assert_eq!(read.key().expose(), &key);
            prop_assert!(error(&text).is_some());
        }
    }
}
