//! From rows to items, a few rows a statement, in the order of their keys.

use core::ops::ControlFlow;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use msg_protocol::{
    bounded::Bytes,
    id::{AccountId, BlobId, DeviceId, MailboxId, RecordId},
    prekey::PrekeyId,
};
use tokio_postgres::Row;

use super::Unreadable;
use crate::store::{
    RelayTime, Result, StoreError,
    portable::{DeviceItem, Item, Kind, Mark, Page, PageLimits, PrekeyItem},
    postgres::{
        Postgres,
        accounts::{account_columns, account_in},
        envelope::{self, Opened, columns},
        failure::Failure,
        line::Parameters,
        rights::{invite_in, right_in},
        value::{DAMAGED, column, id_in, number, number_in, value_in},
    },
    right::RightId,
};

/// Rows that one statement reads.
const TOGETHER: i64 = 64;
/// Devices whose prekeys are read together.
const DEVICES: i64 = 8;
/// Pieces that are fetched at once.
const AT_ONCE: usize = 16;

type Read<T> = core::result::Result<T, Failure>;

/// A page in the making.
pub(super) struct Export<'a> {
    store: &'a Postgres,
    unreadable: Arc<Unreadable>,
    limits: PageLimits,
    bytes: usize,
    pub(super) page: Page,
}

/// A row: where it stands, and the item that it is if it can be read.
struct Found {
    mark: Mark,
    item: Read<Item>,
}

/// A key in two parts, as it is compared: ids, and a number that follows one.
struct After {
    first: Vec<u8>,
    second: Vec<u8>,
    number: i64,
}

impl After {
    /// What comes after that key, whose first part is so long; from the beginning
    /// without one.
    fn key(key: Option<&[u8]>, first: usize) -> Self {
        let Some((first, second)) = key.and_then(|key| key.split_at_checked(first)) else {
            return Self { first: Vec::new(), second: Vec::new(), number: -1 };
        };
        let number = second.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        Self { first: first.to_vec(), second: second.to_vec(), number: self::number(number) }
    }
}

impl<'a> Export<'a> {
    pub(super) fn new(
        store: &'a Postgres,
        unreadable: Arc<Unreadable>,
        limits: PageLimits,
    ) -> Self {
        Self { store, unreadable, limits, bytes: 0, page: Page::default() }
    }

    /// Adds an item that there is room for.
    pub(super) fn add(&mut self, item: Item) {
        self.bytes += item.encode().len();
        self.page.items.push(item);
    }

    /// Adds the items of a kind; breaks when the page is full.
    pub(super) async fn fill(
        &mut self,
        kind: Kind,
        after: Option<&[u8]>,
    ) -> Result<ControlFlow<()>> {
        if kind == Kind::Facts {
            return Ok(ControlFlow::Continue(()));
        }
        let mut after = after.map(<[u8]>::to_vec);
        loop {
            let found = match kind {
                Kind::Prekey => self.prekeys(after.as_deref()).await?,
                Kind::Chunk => self.chunks(after.as_deref()).await?,
                _ => self.rows(kind, after.as_deref()).await?,
            };
            let Some(last) = found.last() else { return Ok(ControlFlow::Continue(())) };
            after = Some(last.mark.key.clone());
            for found in found {
                if self.take(found)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
    }

    fn take(&mut self, found: Found) -> Result<ControlFlow<()>> {
        let taken = self.page.items.len() + self.page.damaged.len();
        if self.limits.are_reached(taken, self.bytes) {
            let item = self.page.items.last().map(Item::mark);
            self.page.end = item.max(self.page.damaged.last().cloned());
            return Ok(ControlFlow::Break(()));
        }
        match found.item {
            Ok(item) => self.add(item),
            Err(DAMAGED) => self.page.damaged.push(found.mark),
            Err(failure) => return Err(failure.outcome()),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The next rows of a kind of which each is an item.
    async fn rows(&self, kind: Kind, key: Option<&[u8]>) -> Result<Vec<Found>> {
        let of_account = After::key(key, 16);
        let (first, second) = (&of_account.first, &of_account.second);
        let whole = key.unwrap_or_default();
        let numbered = of_account.number;
        let (sql, parameters): (&'static str, Parameters<'_>) = match kind {
            Kind::Account => (ACCOUNTS, &[&whole, &TOGETHER]),
            Kind::Invite => (INVITES, &[&whole, &TOGETHER]),
            Kind::Blob => (BLOBS, &[&whole, &TOGETHER]),
            Kind::Device => (DEVICE_ROWS, &[first, second, &TOGETHER]),
            Kind::Right => (RIGHTS, &[first, second, &TOGETHER]),
            Kind::Record => (RECORDS, &[first, second, &TOGETHER]),
            Kind::Card => (CARDS, &[first, &numbered, &TOGETHER]),
            Kind::Envelope => (ENVELOPES, &[first, &numbered, &TOGETHER]),
            Kind::Facts | Kind::Prekey | Kind::Chunk => return Ok(Vec::new()),
        };
        let rows = self.store.pool.read(sql, parameters).await?;
        let found = rows.iter().map(|row| {
            let mark = mark_in(kind, row)?;
            let item = self.item(kind, row);
            Ok(Found { mark, item })
        });
        found.collect::<Read<_>>().map_err(Failure::outcome)
    }

    fn item(&self, kind: Kind, row: &Row) -> Read<Item> {
        Ok(match kind {
            Kind::Account => Item::Account(Box::new(account_in(row)?)),
            Kind::Card => Item::Card {
                account: self.account(row, 0)?,
                version: u32::try_from(number_in(row, 1)?).map_err(|_| DAMAGED)?,
                card: value_in(row, 2)?,
            },
            Kind::Device => Item::Device(DeviceItem {
                account: self.account(row, 0)?,
                device: DeviceId(id_in(row, 1)?),
                credential: value_in(row, 2)?,
                counter: u64::from_be_bytes(id_in(row, 3)?),
                next_pair: number_in(row, 4)?,
            }),
            Kind::Right => Item::Right {
                account: self.account(row, 0)?,
                id: RightId(id_in(row, 1)?),
                right: right_in(row, 2)?,
            },
            Kind::Invite => {
                let (id, invite) = invite_in(row)?;
                Item::Invite { id, invite }
            }
            Kind::Record => Item::Record {
                account: self.account(row, 0)?,
                id: RecordId(id_in(row, 1)?),
                revision: number_in(row, 2)?,
                value: Bytes::new(column(row, 3)?).map_err(|_| DAMAGED)?,
            },
            Kind::Blob => Item::Blob {
                id: BlobId(id_in(row, 0)?),
                account: self.account(row, 1)?,
                length: number_in(row, 2)?,
                expires: RelayTime(number_in(row, 3)?),
            },
            Kind::Envelope => self.envelope(row)?,
            Kind::Facts | Kind::Prekey | Kind::Chunk => return Err(DAMAGED),
        })
    }

    /// The account that a row belongs to, if it can be read.
    fn account(&self, row: &Row, place: usize) -> Read<AccountId> {
        let account: [u8; 16] = id_in(row, place)?;
        if self.unreadable.has_account(&account) { Err(DAMAGED) } else { Ok(AccountId(account)) }
    }

    fn envelope(&self, row: &Row) -> Read<Item> {
        let (account, device): (&[u8], &[u8]) = (column(row, 7)?, column(row, 8)?);
        if self.unreadable.has_device(account, device) {
            return Err(DAMAGED);
        }
        let forgotten = RelayTime(number_in(row, 2)?);
        match envelope::open(MailboxId(id_in(row, 6)?), row)? {
            Opened::Whole(row) => Ok(Item::Envelope { row, forgotten }),
            Opened::Damaged(_) => Err(DAMAGED),
        }
    }

    /// The prekeys after that key, of a few devices.
    async fn prekeys(&self, key: Option<&[u8]>) -> Result<Vec<Found>> {
        let mut device = After::key(key.and_then(|key| key.get(..32)), 16);
        loop {
            let rows = self
                .store
                .pool
                .read(PREKEY_DEVICES, &[&device.first, &device.second, &DEVICES])
                .await?;
            let Some(last) = rows.last() else { return Ok(Vec::new()) };
            let bytes = |row, place| column::<Vec<u8>>(row, place).map_err(Failure::outcome);
            let last = (bytes(last, 0)?, bytes(last, 1)?);
            let first = (&device.first, &device.second);
            let parameters: Parameters<'_> = &[first.0, first.1, &last.0, &last.1];
            let pairs = self.store.pool.read(PAIRS, parameters).await?;
            let own = rows.iter().flat_map(|row| [(row, 2, 0), (row, 3, 1)]);
            let own = own.filter_map(|(row, place, slot)| self.own_prekey(row, place, slot));
            let pairs = pairs.iter().map(|row| self.pair(row));
            let mut found: Vec<Found> =
                own.chain(pairs).collect::<Read<_>>().map_err(Failure::outcome)?;
            found.retain(|found| key.is_none_or(|key| found.mark.key.as_slice() > key));
            found.sort_by(|one, next| one.mark.cmp(&next.mark));
            if !found.is_empty() {
                return Ok(found);
            }
            // Past the last of these, which have no more.
            let past = [last.1.as_slice(), &[0]].concat();
            device = After { first: last.0, second: past, number: 0 };
        }
    }

    /// The signed or the last-resort prekey of a device, if it has one.
    fn own_prekey(&self, row: &Row, place: usize, slot: u8) -> Option<Read<Found>> {
        let there = column::<Option<&[u8]>>(row, place).map(|value| value.is_some());
        match there {
            Ok(false) => None,
            Ok(true) => Some(self.prekey(row, &[slot], |row| {
                Ok(if slot == 0 {
                    PrekeyItem::Signed(value_in(row, place)?)
                } else {
                    PrekeyItem::LastResort(value_in(row, place)?)
                })
            })),
            Err(failure) => Some(Err(failure)),
        }
    }

    fn pair(&self, row: &Row) -> Read<Found> {
        let id = u32::try_from(number_in(row, 2)?).map_err(|_| DAMAGED)?;
        let place = [[2].as_slice(), &id.to_be_bytes()].concat();
        self.prekey(row, &place, |row| Ok(PrekeyItem::Pair(PrekeyId(id), value_in(row, 3)?)))
    }

    fn prekey(
        &self,
        row: &Row,
        place: &[u8],
        read: impl FnOnce(&Row) -> Read<PrekeyItem>,
    ) -> Read<Found> {
        let (account, device) = (id_in(row, 0)?, id_in(row, 1)?);
        let mark = Mark::new(Kind::Prekey, &[&account, &device, place]);
        let item = if self.unreadable.has_device(&account, &device) {
            Err(DAMAGED)
        } else {
            let (account, device) = (AccountId(account), DeviceId(device));
            read(row).map(|prekey| Item::Prekey { account, device, prekey })
        };
        Ok(Found { mark, item })
    }

    /// The pieces after that key, fetched.
    async fn chunks(&self, key: Option<&[u8]>) -> Result<Vec<Found>> {
        let After { first, number, .. } = After::key(key, 32);
        let rows = self.store.pool.read(CHUNKS, &[&first, &number, &TOGETHER]).await?;
        let fetched = stream::iter(rows).map(|row| self.chunk(row)).buffered(AT_ONCE);
        let found: Vec<Result<Found>> = fetched.collect().await;
        found.into_iter().collect()
    }

    async fn chunk(&self, row: Row) -> Result<Found> {
        let read = || -> Read<_> {
            let index = u32::try_from(column::<i64>(&row, 1)?).map_err(|_| DAMAGED)?;
            let account: [u8; 16] = id_in(&row, 4)?;
            Ok((BlobId(id_in(&row, 0)?), index, id_in(&row, 2)?, id_in(&row, 3)?, account))
        };
        let (blob, index, sha256, place, account) = read().map_err(Failure::outcome)?;
        let mark = Mark::new(Kind::Chunk, &[blob.as_bytes(), &index.to_be_bytes()]);
        if self.unreadable.has_account(&account) {
            return Ok(Found { mark, item: Err(DAMAGED) });
        }
        let item = match self.store.objects.get(place, index, sha256).await {
            Ok(bytes) => Bytes::new(bytes)
                .map(|bytes| Item::Chunk { blob, index, bytes })
                .map_err(|_| DAMAGED),
            Err(StoreError::Damaged) => Err(DAMAGED),
            Err(error) => return Err(error),
        };
        Ok(Found { mark, item })
    }
}

/// Where a row stands, out of its first columns.
fn mark_in(kind: Kind, row: &Row) -> Read<Mark> {
    let id = |place| column::<&[u8]>(row, place);
    Ok(match kind {
        Kind::Device | Kind::Right | Kind::Record => Mark::new(kind, &[id(0)?, id(1)?]),
        Kind::Card => {
            let version = u32::try_from(number_in(row, 1)?).map_err(|_| DAMAGED)?;
            Mark::new(kind, &[id(0)?, &version.to_be_bytes()])
        }
        Kind::Envelope => Mark::new(kind, &[id(6)?, &number_in(row, 0)?.to_be_bytes()]),
        _ => Mark::new(kind, &[id(0)?]),
    })
}

const ACCOUNTS: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM account a WHERE a.id > $1 ORDER BY a.id LIMIT $2"
);
const CARDS: &str = "SELECT c.acct, c.version, c.card FROM card c JOIN account a ON a.id = c.acct \
     WHERE (c.acct, c.version) > ($1, $2) AND c.version < a.version \
     ORDER BY c.acct, c.version LIMIT $3";
const DEVICE_ROWS: &str = "SELECT acct, id, credential, counter, next_pair FROM device \
     WHERE (acct, id) > ($1, $2) ORDER BY acct, id LIMIT $3";
const PREKEY_DEVICES: &str = "SELECT acct, id, signed, last_resort FROM device \
     WHERE (acct, id) >= ($1, $2) ORDER BY acct, id LIMIT $3";
const PAIRS: &str = "SELECT acct, device, id, pair FROM prekey \
     WHERE (acct, device) >= ($1, $2) AND (acct, device) <= ($3, $4)";
const RIGHTS: &str = "SELECT acct, id, kind, hash, may_fetch, knocks, expires FROM knock_right \
     WHERE (acct, id) > ($1, $2) ORDER BY acct, id LIMIT $3";
const INVITES: &str = "SELECT id, hash, uses, expires, created, note FROM invite \
     WHERE id > $1 ORDER BY id LIMIT $2";
const RECORDS: &str = "SELECT acct, id, revision, value FROM record \
     WHERE (acct, id) > ($1, $2) ORDER BY acct, id LIMIT $3";
const BLOBS: &str = "SELECT id, acct, length, expires FROM blob \
     WHERE id > $1 AND NOT going ORDER BY id LIMIT $2";
const CHUNKS: &str = "SELECT c.blob, c.n::bigint, c.sha, b.place, b.acct \
     FROM chunk c JOIN blob b ON b.id = c.blob \
     WHERE (c.blob, c.n) > ($1, $2::bigint) AND NOT b.going ORDER BY c.blob, c.n LIMIT $3";
const ENVELOPES: &str = concat!(
    "SELECT ",
    columns!(),
    ", mbx, acct, device FROM envelope JOIN mailbox ON id = mbx \
     WHERE (mbx, seq) > ($1, $2) ORDER BY mbx, seq LIMIT $3"
);
