//! Where the pieces of blobs lie beside the database: objects in a folder of this
//! machine, or in a bucket that several relays share.
//!
//! ```text
//! <2 hex digits of the place>/<place>/<index>-<SHA-256 of the piece>
//! ```
//!
//! An object has the name of what is in it, so that putting it twice is putting it
//! once, and whatever else is found there is damage. A piece that was put is on
//! disk, or wherever the bucket keeps it, before the verb returns. A verb takes
//! bounded time and memory, whatever the other side does.

mod bucket;
mod credentials;
mod dial;
mod folder;
mod http;
mod location;
mod stream;

use core::{error::Error, fmt, future::Future};
use std::{io, sync::Arc, time::Duration};

use data_encoding::HEXLOWER;
use futures_util::{StreamExt as _, TryStreamExt as _};
use msg_protocol::limits::BLOB_CHUNK_BYTES;
use object_store::{
    Error as ObjectError, GetOptions, ObjectStore, PutOptions, PutPayload, path::Path as Key,
};
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

pub use self::{
    credentials::CredentialsError,
    location::{EXAMPLES, LocationError},
};
use self::{folder::Folder, location::Location};
use crate::{
    private::PrivateError,
    store::{Result, StoreError},
};

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Putting or getting a piece, with everything that it waits for.
    piece: Duration,
    /// Removing a blob's objects; what is left then is removed later.
    removal: Duration,
    /// An answer of a bucket's server.
    answer: Duration,
    /// The first wait between two tries; each one is four times as long as the last.
    pause: Duration,
}

const PATIENCE: Patience = Patience {
    piece: Duration::from_secs(20),
    removal: Duration::from_mins(2),
    answer: Duration::from_secs(6),
    pause: Duration::from_millis(100),
};

/// How often a piece is put or asked for before the store is out of reach.
const TRIES: u32 = 3;
/// Pieces that are on their way at once, each with its bytes in memory.
const AT_ONCE: usize = 64;
/// The object that says whose the place is.
const MARK: &str = "msg-relay";

/// Objects.
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// Of a folder: what a bucket has no need of.
    folder: Option<Folder>,
    /// What every name begins with, in a bucket.
    prefix: Key,
    room: Semaphore,
    patience: Patience,
}

/// Why the place for objects cannot be used. The operator's to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectsError {
    /// The URL is none that leads to objects.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The folder is not private, or cannot be made.
    #[error(transparent)]
    Folder(#[from] PrivateError),
    /// Nothing says who we are to the bucket.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The bucket cannot be set up.
    #[error("the bucket cannot be used: {0}")]
    Bucket(String),
    /// It does not answer, or refuses.
    #[error("it is out of reach, or refuses what is asked of it")]
    Unreachable,
    /// It holds the blobs of another store, or has lost those of this one.
    #[error("it is not where this store keeps its blobs")]
    Foreign,
}

impl ObjectsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Folder(error) => error.hint(),
            Self::Location(_) => Some(EXAMPLES.to_owned()),
            Self::Credentials(error) => Some(error.hint()),
            Self::Unreachable => Some(
                "do endpoint, region and bucket fit, and may these credentials read, write, list \
                 and delete there?"
                    .to_owned(),
            ),
            Self::Foreign => {
                Some("name the folder or bucket that this database was first used with".to_owned())
            }
            Self::Bucket(_) => None,
        }
    }
}

/// Whether a URL leads to objects, without looking whether anything is there.
pub fn check(url: &str) -> core::result::Result<(), LocationError> {
    Location::parse(url).map(|_| ())
}

/// Tells nothing: an endpoint is the operator's, and credentials are secret.
impl fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Objects(..)")
    }
}

impl Objects {
    /// Opens the place that a URL names: `file:///folder`, which is made, or
    /// `s3://bucket/prefix?endpoint=…&region=…`, with credentials from the
    /// environment. A bucket is not asked anything yet.
    pub fn open(url: &str) -> core::result::Result<Self, ObjectsError> {
        Self::open_with(url, |name| std::env::var(name).ok(), PATIENCE)
    }

    fn open_with(
        url: &str,
        environment: impl Fn(&str) -> Option<String>,
        patience: Patience,
    ) -> core::result::Result<Self, ObjectsError> {
        let room = Semaphore::new(AT_ONCE);
        match Location::parse(url)? {
            Location::Folder(path) => {
                let (folder, store) = Folder::open(path)?;
                Ok(Self { store, folder: Some(folder), prefix: Key::default(), room, patience })
            }
            Location::Bucket(bucket) => {
                let credentials = credentials::read(environment)?;
                let prefix = bucket.prefix.clone();
                let store = bucket::open(bucket, credentials, patience.answer)?;
                Ok(Self { store, folder: None, prefix, room, patience })
            }
        }
    }

    /// Makes sure that the place is the one of that store: it says so, or is new
    /// and from now on does. `is_new` is whether the store has had no place yet.
    pub async fn claim(
        &self,
        store: [u8; 32],
        is_new: bool,
    ) -> core::result::Result<(), ObjectsError> {
        let unreachable = |_| ObjectsError::Unreachable;
        let mark = HEXLOWER.encode(&store);
        match self.mark().await.map_err(unreachable)? {
            Some(found) if found == mark.as_bytes() => Ok(()),
            None if is_new => {
                let key = self.prefix.clone().join(MARK);
                self.put_object(&key, mark.into_bytes(), None).await.map_err(unreachable)?;
                Ok(())
            }
            _ => Err(ObjectsError::Foreign),
        }
    }

    /// Keeps a piece; returns when it is durable.
    pub async fn put(
        &self,
        place: [u8; 32],
        index: u32,
        sha256: [u8; 32],
        bytes: Vec<u8>,
    ) -> Result<()> {
        self.put_object(&self.key(place, index, sha256), bytes, Some(place)).await
    }

    /// A piece that was put, if it is what was put.
    pub async fn get(&self, place: [u8; 32], index: u32, sha256: [u8; 32]) -> Result<Vec<u8>> {
        let key = self.key(place, index, sha256);
        let bytes = match self.get_object(&key).await? {
            Some(bytes) => bytes,
            // A place that is not there at all has lost nothing.
            None if self.mark().await?.is_none() => return Err(StoreError::Unavailable),
            None => return Err(StoreError::Damaged),
        };
        if Sha256::digest(&bytes).as_slice() == sha256 {
            Ok(bytes)
        } else {
            Err(StoreError::Damaged)
        }
    }

    /// Removes all objects of a place. What fails leaves some of them, to be
    /// removed by another call.
    pub async fn remove_all(&self, place: [u8; 32]) -> Result<()> {
        let removal = async {
            match &self.folder {
                Some(folder) => folder.remove(place).await,
                None => self.remove_listed(place).await,
            }
        };
        within(self.patience.removal, removal).await
    }

    async fn remove_listed(&self, place: [u8; 32]) -> Result<()> {
        let listed = self.store.list(Some(&self.place_key(place)));
        let keys = listed.map_ok(|object| object.location).boxed();
        let removed = self.store.delete_stream(keys);
        removed.try_for_each(async |_| Ok(())).await.map_err(|error| outcome(&error))
    }

    async fn put_object(&self, key: &Key, bytes: Vec<u8>, place: Option<[u8; 32]>) -> Result<()> {
        let payload = PutPayload::from(bytes);
        let put = || async {
            if let (Some(folder), Some(place)) = (&self.folder, place) {
                folder.make_room(place).await?;
            }
            let put = self.store.put_opts(key, payload.clone(), PutOptions::default());
            put.await.map(|_| ()).map_err(|error| outcome(&error))
        };
        self.repeatedly(put).await
    }

    /// An object of at most a piece's bytes; `None` if it is not there.
    async fn get_object(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let get = || async {
            let object = match self.store.get_opts(key, GetOptions::default()).await {
                Err(ObjectError::NotFound { .. }) => return Ok(None),
                object => object.map_err(|error| outcome(&error))?,
            };
            if object.meta.size > BLOB_CHUNK_BYTES as u64 {
                return Err(StoreError::Damaged);
            }
            let bytes = object.bytes().await.map_err(|error| outcome(&error))?;
            Ok(Some(Vec::from(bytes)))
        };
        self.repeatedly(get).await
    }

    async fn mark(&self) -> Result<Option<Vec<u8>>> {
        self.get_object(&self.prefix.clone().join(MARK)).await
    }

    /// Does it when there is room, and again while the other side does not answer.
    async fn repeatedly<T, F>(&self, act: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let acting = async {
            let _room = self.room.acquire().await.map_err(|_| StoreError::Unavailable)?;
            let mut pause = self.patience.pause;
            for _ in 1..TRIES {
                match act().await {
                    Err(StoreError::Unavailable) => sleep(pause).await,
                    done => return done,
                }
                pause *= 4;
            }
            act().await
        };
        within(self.patience.piece, acting).await
    }

    fn place_key(&self, place: [u8; 32]) -> Key {
        let name = HEXLOWER.encode(&place);
        let drawer = name.chars().take(2).collect::<String>();
        self.prefix.clone().join(drawer).join(name)
    }

    fn key(&self, place: [u8; 32], index: u32, sha256: [u8; 32]) -> Key {
        self.place_key(place).join(format!("{index}-{}", HEXLOWER.encode(&sha256)))
    }
}

/// Waits so long, and no longer.
async fn within<T>(patience: Duration, act: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(patience, act).await.unwrap_or(Err(StoreError::Unavailable))
}

/// What an error means to whoever asked. Its text stays here: it names places.
fn outcome(error: &ObjectError) -> StoreError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return io_outcome(error);
        }
        cause = error.source();
    }
    StoreError::Unavailable
}

fn io_outcome(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        // What a broken disk gives in the place of a file's bytes.
        _ if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
            StoreError::Damaged
        }
        _ => StoreError::Unavailable,
    }
}

#[cfg(test)]
mod tests;
