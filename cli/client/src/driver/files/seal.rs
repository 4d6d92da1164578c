//! Sealing a source whose length nobody knows before its end: a file, a pipe, a
//! folder. `crypto/SPEC.md` §10.

use std::io::{self, Read};

use msg_crypto::file::{CHUNK_BYTES, Extent, LengthError, PayloadHasher, SealChunkError, Sealer};
use msg_protocol::{
    content::{FileHash, ImageSize},
    id::BlobId,
    secret::{BlobCapability, FileKey},
};
use rand_core::CryptoRng;

use super::{
    FileError, Progress, Stage,
    shelf::{Held, Shelf},
};
use crate::{driver::ClientError, engine::files::image};

/// A payload on the shelf, and what opens it.
pub(super) struct Sealed {
    pub(super) capability: BlobCapability,
    pub(super) key: FileKey,
    pub(super) hash: FileHash,
    pub(super) extent: Extent,
    pub(super) image: Option<ImageSize>,
    pub(super) held: Held,
}

/// What is to be sealed.
pub(super) struct Plain<'a> {
    /// Its bytes.
    pub(super) source: &'a mut dyn Read,
    /// What it is called in an error.
    pub(super) what: String,
    /// How many bytes it will have, if that is known.
    pub(super) expected: Option<u64>,
    /// The most that its payload may have.
    pub(super) limit: Option<u64>,
}

impl Sealed {
    /// The name of the blob.
    pub(super) fn blob(&self) -> BlobId {
        BlobId::of(&self.capability)
    }
}

/// Seals a source onto the shelf, and returns when it is durable.
pub(super) fn seal<R: CryptoRng + ?Sized>(
    rack: &Shelf,
    plain: Plain<'_>,
    progress: &Progress,
    rng: &mut R,
) -> Result<Sealed, ClientError> {
    let mut capability = [0; BlobCapability::BYTES];
    rng.fill_bytes(&mut capability);
    let capability = BlobCapability::new(capability);
    let held = loop {
        // A name that nobody else can have yet.
        if let Some(held) = rack.hold(BlobId::of(&capability))? {
            break held;
        }
    };
    match write(&held, plain, progress, rng) {
        Ok((key, hash, extent, image)) => Ok(Sealed { capability, key, hash, extent, image, held }),
        Err(error) => {
            held.remove();
            Err(error)
        }
    }
}

type Written = (FileKey, FileHash, Extent, Option<ImageSize>);

fn write<R: CryptoRng + ?Sized>(
    held: &Held,
    mut plain: Plain<'_>,
    progress: &Progress,
    rng: &mut R,
) -> Result<Written, ClientError> {
    // Every chunk but the last is the same in a file of any length.
    let (endless, key) = Sealer::start(endless()?, rng);
    let nonce = *endless.nonce();
    let mut payload = Payload { held, at: 0, hasher: PayloadHasher::default() };
    payload.append(&nonce)?;
    let (mut index, mut start) = (0, Vec::new());
    let mut chunk = plain.read()?;
    loop {
        let room = image::HEAD_BYTES - start.len();
        start.extend(chunk.iter().take(room));
        let next = if chunk.len() == CHUNK_BYTES { plain.read()? } else { Vec::new() };
        if next.is_empty() {
            break;
        }
        payload.append(&endless.seal(index, &chunk).map_err(of_no_chunk)?)?;
        index += 1;
        chunk = next;
        plain.check(payload.at)?;
        progress.tell(Stage::Sealing, index * CHUNK_BYTES as u64, plain.expected);
    }
    let length = index * CHUNK_BYTES as u64 + chunk.len() as u64;
    let extent = Extent::padded(length).map_err(of_length)?;
    plain.check(extent.payload())?;
    let sealer = Sealer::resume(key.clone(), nonce, extent);
    for index in index..extent.chunks() {
        payload.append(&sealer.seal(index, &chunk).map_err(of_no_chunk)?)?;
        chunk.clear();
    }
    held.sync()?;
    progress.tell(Stage::Sealing, length, Some(length));
    Ok((key, payload.hasher.finish(), extent, image::size(&start)))
}

/// The lengths of a file that never ends.
fn endless() -> Result<Extent, FileError> {
    Extent::exact(u64::from(u32::MAX) * CHUNK_BYTES as u64).map_err(of_length)
}

fn of_length(_: LengthError) -> FileError {
    FileError::TooLong
}

fn of_no_chunk(_: SealChunkError) -> FileError {
    FileError::TooLong
}

impl Plain<'_> {
    /// The next chunk; a shorter one, or none, at the end.
    fn read(&mut self) -> Result<Vec<u8>, FileError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut filled = 0;
        while let Some(rest) = chunk.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FileError::source(self.what.as_str())(error)),
            }
        }
        chunk.truncate(filled);
        Ok(chunk)
    }

    fn check(&self, payload: u64) -> Result<(), FileError> {
        match self.limit {
            Some(limit) if payload > limit => Err(FileError::TooLarge { limit }),
            _ => Ok(()),
        }
    }
}

/// The payload, as it grows.
struct Payload<'a> {
    held: &'a Held,
    at: u64,
    hasher: PayloadHasher,
}

impl Payload<'_> {
    fn append(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.held.write(self.at, bytes)?;
        self.hasher.update(bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }
}
