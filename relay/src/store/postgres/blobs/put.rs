//! A piece that is put: first the blob's row, then the object, then the piece's row.

use sha2::{Digest as _, Sha256};

use super::{counted, piece_number};
use crate::{
    fail_point,
    store::{
        Result, StoreError,
        blob::{ChunkKept, NewChunk},
        postgres::{
            Postgres,
            failure::Failure,
            line::Line,
            pool::Change,
            value::{column, id_in, number, number_in},
        },
    },
};

/// How often a piece is put anew whose blob was forgotten meanwhile.
const TRIES: usize = 3;

/// Keeps a piece.
pub(super) async fn put(store: &Postgres, new: NewChunk) -> Result<ChunkKept> {
    let sha256: [u8; 32] = Sha256::digest(&new.bytes).into();
    let piece = piece_number(new.index)?;
    for _ in 0..TRIES {
        let place = match known_place(store, &new, piece).await? {
            Some(place) => place,
            None => match make(store, &new, piece).await? {
                Made::Place(place) => place,
                Made::Answer(kept) => return Ok(kept),
            },
        };
        fail_point::pass("blob-made");
        store.objects.put(place, new.index, sha256, new.bytes.clone()).await?;
        fail_point::pass("object-put");
        let bytes = i32::try_from(new.bytes.len()).map_err(|_| StoreError::Unsupported)?;
        if store.pool.change(Keep { blob: new.blob.0, place, piece, sha256, bytes }).await? {
            return Ok(ChunkKept::Done);
        }
    }
    Err(StoreError::Unavailable)
}

/// What there is of the blob by that id.
struct Found {
    account: Vec<u8>,
    length: u64,
    place: [u8; 32],
    has_piece: bool,
}

const FIND: &str = "SELECT acct, length, place, \
     EXISTS (SELECT 1 FROM chunk WHERE blob = $1 AND n = $2) FROM blob WHERE id = $1";

fn found_in(row: &tokio_postgres::Row) -> core::result::Result<Found, Failure> {
    Ok(Found {
        account: column(row, 0)?,
        length: number_in(row, 1)?,
        place: id_in(row, 2)?,
        has_piece: column(row, 3)?,
    })
}

impl Found {
    fn is_of(&self, account: &[u8], length: u64) -> bool {
        self.account == account && self.length == length
    }
}

/// Where the blob's objects lie, if it is as it should be and has no such piece.
/// Everything else is answered by what is durable.
async fn known_place(store: &Postgres, new: &NewChunk, piece: i32) -> Result<Option<[u8; 32]>> {
    let row = store.pool.read_row(FIND, &[&new.blob.0.as_slice(), &piece]).await?;
    let found = row.as_ref().map(found_in).transpose().map_err(Failure::outcome)?;
    let fits =
        found.filter(|found| found.is_of(new.account.0.as_slice(), new.length) && !found.has_piece);
    Ok(fits.map(|found| found.place))
}

async fn make(store: &Postgres, new: &NewChunk, piece: i32) -> Result<Made> {
    let place = crate::random::bytes().map_err(|_| StoreError::Unavailable)?;
    let make = Make {
        account: new.account.0.to_vec(),
        blob: new.blob.0,
        piece,
        length: new.length,
        most: new.account_bytes,
        expires: new.expires.0,
        place,
    };
    store.pool.change(make).await
}

/// What became of a blob that was to be made.
enum Made {
    /// Its objects lie there.
    Place([u8; 32]),
    /// There is nothing to put.
    Answer(ChunkKept),
}

/// Makes a blob's row, if there is none yet.
struct Make {
    account: Vec<u8>,
    blob: [u8; 32],
    piece: i32,
    length: u64,
    most: u64,
    expires: u64,
    place: [u8; 32],
}

impl Change for Make {
    type Outcome = Made;

    async fn run(&self, line: &Line) -> core::result::Result<Made, Failure> {
        const HELD: &str = "SELECT blob_bytes_held FROM account WHERE id = $1 FOR UPDATE";
        const HOLD: &str = "UPDATE account SET blob_bytes_held = $2 WHERE id = $1";
        const MAKE: &str =
            "INSERT INTO blob (id, acct, length, expires, place) VALUES ($1, $2, $3, $4, $5)";
        let (acct, id) = (self.account.as_slice(), self.blob.as_slice());
        let Some(row) = line.row(HELD, &[&acct]).await? else {
            return Ok(Made::Answer(ChunkKept::NotFound));
        };
        if let Some(row) = line.row(FIND, &[&id, &self.piece]).await? {
            let found = found_in(&row)?;
            return Ok(match found.is_of(acct, self.length) {
                false => Made::Answer(ChunkKept::Conflict),
                true if found.has_piece => Made::Answer(ChunkKept::Done),
                true => Made::Place(found.place),
            });
        }
        let held = number_in(&row, 0)?.saturating_add(counted(self.length));
        if held > self.most {
            return Ok(Made::Answer(ChunkKept::Quota));
        }
        line.execute(HOLD, &[&acct, &number(held)]).await?;
        let (length, expires) = (number(self.length), number(self.expires));
        line.execute(MAKE, &[&id, &acct, &length, &expires, &self.place.as_slice()]).await?;
        Ok(Made::Place(self.place))
    }
}

/// Makes the row of a piece whose object is durable; says whether its blob is
/// still the one that the object was put for.
pub(super) struct Keep {
    pub(super) blob: [u8; 32],
    pub(super) place: [u8; 32],
    pub(super) piece: i32,
    pub(super) sha256: [u8; 32],
    pub(super) bytes: i32,
}

impl Change for Keep {
    type Outcome = bool;

    async fn run(&self, line: &Line) -> core::result::Result<bool, Failure> {
        // Who forgets the blob waits for this, or this finds it forgotten.
        const LOCK: &str = "SELECT 1 FROM blob WHERE id = $1 AND place = $2 FOR SHARE";
        const KEEP: &str = "INSERT INTO chunk (blob, n, sha, bytes) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING";
        let id = self.blob.as_slice();
        if line.row(LOCK, &[&id, &self.place.as_slice()]).await?.is_none() {
            return Ok(false);
        }
        // One that is there already stays as it is.
        line.execute(KEEP, &[&id, &self.piece, &self.sha256.as_slice(), &self.bytes]).await?;
        Ok(true)
    }
}
