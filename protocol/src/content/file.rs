//! A file: where its ciphertext lies, and all that is needed to open it.
//! SPEC §"Messages"; its payload is `crypto/SPEC.md` §10.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    address::{Pin, RelayAddress},
    bounded::Str,
    id::MessageId,
    limits::MAX_FILE_NAME_BYTES,
    secret::{BlobCapability, FileKey},
};

/// SHA-256 of a file's whole payload.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash(pub [u8; 32]);

impl fmt::Debug for FileHash {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("FileHash(..)")
    }
}

/// A file to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The relay that has it.
    pub relay: RelayAddress,
    /// That relay's key.
    pub pin: Option<Pin>,
    /// The right to fetch it.
    pub capability: BlobCapability,
    /// What opens it.
    pub key: FileKey,
    /// What the payload must hash to.
    pub hash: FileHash,
    /// Its true length in bytes.
    pub length: u64,
    /// Its length with padding, before encryption.
    pub padded: u64,
    /// The name that its sender gave it: never to be trusted as a path.
    pub name: Str<MAX_FILE_NAME_BYTES>,
    /// To be shown as a text, not kept as a file.
    pub as_text: bool,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Seconds after reading until it is to go.
    pub expire_s: Option<u32>,
    /// Size, if it is an image.
    pub image: Option<ImageSize>,
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl File {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.length > self.padded {
            return Err("file is longer than its padded length");
        }
        Ok(())
    }
}
