//! Files: sealed and opened a chunk at a time, in any order, in the payload format
//! of age. SPEC §10.
//!
//! Nothing here reads or writes a file. An [`Extent`] says which bytes of the file
//! and of the payload belong to which chunk; a [`Sealer`] and an [`Opener`] work on
//! single chunks, so that a transfer can go on where it stopped; a [`StreamOpener`]
//! takes a payload as it arrives. A chunk that opens proves its place, but only the
//! hash of the whole payload proves that the file is the one that the message
//! names: until it has been checked, no plaintext gets the file's name.

mod cipher;
mod extent;
mod opener;
mod sealer;
mod stream;

pub use self::{
    cipher::{FileSecret, PAYLOAD_NONCE_BYTES},
    extent::{CHUNK_BYTES, Chunk, Extent, LengthError, SEALED_CHUNK_BYTES, padme},
    opener::{OpenChunkError, Opener},
    sealer::{PayloadHasher, SealChunkError, Sealer},
    stream::{OpenFileError, StreamOpener},
};
