//! From rows to items. A row that belongs to what cannot be read is nothing without
//! it, and is named like a damaged one.
//!
//! What an engine derives is not looked at: names, counters, indexes.

use core::ops::ControlFlow;

use msg_protocol::{
    bounded::Bytes,
    id::{AccountId, BlobId, DeviceId, MailboxId, RecordId},
    prekey::PrekeyId,
};

use crate::store::{
    RelayTime, Result, StoreError,
    portable::{DeviceItem, Item, Kind, Mark, Page, PageLimits, PrekeyItem},
    redb::{
        accounts::{account_row, device_key, shown},
        aside, blobs, envelope,
        mailboxes::{INDEX, mailbox_key, sequence_of},
        portable::facts,
        rights::{invite_of, right_of},
        rows::{
            AccountRow, BlobRow, CardRow, DeviceRow, InviteRow, LastResortRow, MailboxRow, PairRow,
            RecordRow, RightRow, SignedRow,
        },
        table::{Snapshot, Table, View as _},
    },
    right::RightId,
};

/// Items after a mark.
pub(super) fn page(view: &Snapshot, after: Option<&Mark>, limits: PageLimits) -> Result<Page> {
    let mut pages =
        Paging { view, limits, page: Page::default(), bytes: 0, known: Known::default() };
    if after.is_none() {
        let facts = Item::Facts(facts(view)?);
        pages.bytes += facts.encode().len();
        pages.page.items.push(facts);
    }
    for kind in Kind::ALL.iter().filter(|kind| after.is_none_or(|after| **kind >= after.kind)) {
        let from = after.filter(|after| after.kind == *kind);
        if pages.fill(*kind, from)?.is_break() {
            break;
        }
    }
    Ok(pages.page)
}

/// A page in the making.
struct Paging<'a> {
    view: &'a Snapshot,
    limits: PageLimits,
    page: Page,
    bytes: usize,
    known: Known,
}

/// What was found out last about what rows belong to: those of one come together.
#[derive(Default)]
struct Known {
    account: Option<(AccountId, Option<u32>)>,
    device: Option<(AccountId, DeviceId, bool)>,
    mailbox: Option<(MailboxId, bool)>,
    blob: Option<(BlobId, Option<BlobRow>)>,
}

/// What a row is.
enum Found {
    Item(Item),
    /// Another row of its table, of which no item is made.
    Nothing,
}

/// Where a kind's rows are.
const fn table(kind: Kind) -> Table {
    match kind {
        Kind::Facts => Table::Meta,
        Kind::Account => Table::Accounts,
        Kind::Card => Table::Cards,
        Kind::Device => Table::Devices,
        Kind::Prekey => Table::Prekeys,
        Kind::Right => Table::Rights,
        Kind::Invite => Table::Invites,
        Kind::Record => Table::Records,
        Kind::Blob => Table::Blobs,
        Kind::Chunk => Table::Chunks,
        Kind::Envelope => Table::Mailboxes,
    }
}

/// The row of a mark, and a byte more: no other key lies between.
fn row_after(mark: &Mark) -> Vec<u8> {
    let mut key = match (mark.kind, mark.key.split_first_chunk::<16>()) {
        (Kind::Envelope, Some((mailbox, sequence))) => {
            [mailbox.as_slice(), &[INDEX], sequence].concat()
        }
        _ => mark.key.clone(),
    };
    key.push(0);
    key
}

/// The mark of a row.
fn mark_of(kind: Kind, key: &[u8]) -> Mark {
    match (kind, key.split_first_chunk::<16>()) {
        (Kind::Envelope, Some((mailbox, [_, sequence @ ..]))) => {
            Mark::new(kind, &[mailbox, sequence])
        }
        _ => Mark::new(kind, &[key]),
    }
}

/// A part of a key, or a damaged row.
fn part<const N: usize>(key: &[u8]) -> Result<([u8; N], &[u8])> {
    let (part, rest) = key.split_first_chunk::<N>().ok_or(StoreError::Damaged)?;
    Ok((*part, rest))
}

fn bounded<const MAX: usize>(bytes: Vec<u8>) -> Result<Bytes<MAX>> {
    Bytes::new(bytes).map_err(|_| StoreError::Damaged)
}

impl Paging<'_> {
    /// Adds the items of a kind; breaks when the page is full.
    fn fill(&mut self, kind: Kind, after: Option<&Mark>) -> Result<ControlFlow<()>> {
        if kind == Kind::Facts {
            return Ok(ControlFlow::Continue(()));
        }
        let from = after.map(row_after).unwrap_or_default();
        let mut outcome = Ok(ControlFlow::Continue(()));
        let view = self.view;
        view.scan(table(kind), &[], &from, &mut |key, stored| {
            if kind == Kind::Envelope && key.get(16) != Some(&INDEX) {
                return ControlFlow::Continue(());
            }
            let taken = self.page.items.len() + self.page.damaged.len();
            if self.limits.are_reached(taken, self.bytes) {
                self.page.end = self.last();
                outcome = Ok(ControlFlow::Break(()));
                return ControlFlow::Break(());
            }
            match self.find(kind, key, stored) {
                Ok(Found::Item(item)) => {
                    self.bytes += item.encode().len();
                    self.page.items.push(item);
                }
                Ok(Found::Nothing) => (),
                Err(StoreError::Damaged) => self.page.damaged.push(mark_of(kind, key)),
                Err(error) => {
                    outcome = Err(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        outcome
    }

    /// The last place on the page.
    fn last(&self) -> Option<Mark> {
        let item = self.page.items.last().map(Item::mark);
        item.max(self.page.damaged.last().cloned())
    }

    fn find(&mut self, kind: Kind, key: &[u8], stored: &[u8]) -> Result<Found> {
        let view = self.view;
        let item = match kind {
            Kind::Facts => return Ok(Found::Nothing),
            Kind::Account => {
                let (id, _) = part(key)?;
                let row: AccountRow = view.opened(key, stored)?;
                Item::Account(Box::new(shown(view, AccountId(id), row)?))
            }
            Kind::Card => return self.card(key, stored),
            Kind::Device => {
                let (account, rest) = part(key)?;
                let (account, device) = (AccountId(account), DeviceId(part(rest)?.0));
                let row: DeviceRow = view.opened(key, stored)?;
                self.version(account)?;
                let DeviceRow { credential, counter, next_pair, .. } = row;
                Item::Device(DeviceItem { account, device, credential, counter, next_pair })
            }
            Kind::Prekey => self.prekey(key, stored)?,
            Kind::Right => {
                let (account, rest) = part(key)?;
                let row: RightRow = view.opened(key, stored)?;
                let account = AccountId(account);
                self.version(account)?;
                Item::Right { account, id: RightId(part(rest)?.0), right: right_of(&row) }
            }
            Kind::Invite => {
                let row: InviteRow = view.opened(key, stored)?;
                Item::Invite { id: RightId(part(key)?.0), invite: invite_of(row) }
            }
            Kind::Record => {
                let (account, rest) = part(key)?;
                let row: RecordRow = view.opened(key, stored)?;
                let account = AccountId(account);
                self.version(account)?;
                Item::Record {
                    account,
                    id: RecordId(part(rest)?.0),
                    revision: row.revision,
                    value: bounded(row.value)?,
                }
            }
            Kind::Blob => {
                let id = BlobId(part(key)?.0);
                let BlobRow { account, length, expires, .. } = self.blob(id)?;
                Item::Blob { account, id, length, expires: RelayTime(expires) }
            }
            Kind::Chunk => return self.chunk(key, stored),
            Kind::Envelope => self.envelope(key)?,
        };
        Ok(Found::Item(item))
    }

    /// The version of an account's latest card, if the account can be read.
    fn version(&mut self, account: AccountId) -> Result<u32> {
        let version = match self.known.account {
            Some((known, version)) if known == account => version,
            _ => {
                let version = readable(self.version_of(account))?;
                self.known.account = Some((account, version));
                version
            }
        };
        version.ok_or(StoreError::Damaged)
    }

    fn version_of(&self, account: AccountId) -> Result<Option<u32>> {
        let Some(row) = account_row(self.view, account)? else { return Ok(None) };
        let version = row.version;
        shown(self.view, account, row).map(|_| Some(version))
    }

    /// An older card: the latest goes with its account.
    fn card(&mut self, key: &[u8], stored: &[u8]) -> Result<Found> {
        let (account, rest) = part(key)?;
        let (account, version) = (AccountId(account), u32::from_be_bytes(part(rest)?.0));
        if version >= self.version(account)? {
            return Ok(Found::Nothing);
        }
        let CardRow(card) = self.view.opened(key, stored)?;
        Ok(Found::Item(Item::Card { account, version, card }))
    }

    /// Nothing, if the device can be read.
    fn device(&mut self, account: AccountId, device: DeviceId) -> Result<()> {
        self.version(account)?;
        let there = match self.known.device {
            Some((of, known, there)) if (of, known) == (account, device) => there,
            _ => {
                let row = self.view.row::<DeviceRow>(&device_key(account, device));
                let there = readable(row)?.is_some();
                self.known.device = Some((account, device, there));
                there
            }
        };
        if there { Ok(()) } else { Err(StoreError::Damaged) }
    }

    fn prekey(&mut self, key: &[u8], stored: &[u8]) -> Result<Item> {
        let (account, rest) = part(key)?;
        let (device, place) = part(rest)?;
        let (account, device) = (AccountId(account), DeviceId(device));
        self.device(account, device)?;
        let view = self.view;
        let prekey = match place {
            [0] => PrekeyItem::Signed(view.opened::<SignedRow>(key, stored)?.0),
            [1] => PrekeyItem::LastResort(view.opened::<LastResortRow>(key, stored)?.0),
            [2, number @ ..] => {
                let id = PrekeyId(u32::from_be_bytes(part(number)?.0));
                PrekeyItem::Pair(id, view.opened::<PairRow>(key, stored)?.0)
            }
            _ => return Err(StoreError::Damaged),
        };
        Ok(Item::Prekey { account, device, prekey })
    }

    fn blob(&mut self, id: BlobId) -> Result<BlobRow> {
        if self.known.blob.as_ref().is_none_or(|(known, _)| *known != id) {
            let row = readable(self.view.row::<BlobRow>(&id.0))?;
            let row = row.filter(|row| self.version(row.account).is_ok());
            self.known.blob = Some((id, row));
        }
        let row = self.known.blob.as_ref().and_then(|(_, row)| row.clone());
        row.ok_or(StoreError::Damaged)
    }

    fn chunk(&mut self, key: &[u8], head: &[u8]) -> Result<Found> {
        let (id, rest) = part(key)?;
        let (blob, index) = (BlobId(id), u32::from_be_bytes(part(rest)?.0));
        if !self.blob(blob)?.has(index) {
            return Ok(Found::Nothing);
        }
        let rest = self.view.stored(Table::ChunkRests, key)?.unwrap_or_default();
        let bytes = blobs::open_chunk(key, head, &rest).ok_or(StoreError::Damaged)?;
        Ok(Found::Item(Item::Chunk { blob, index, bytes: bounded(bytes)? }))
    }

    /// Nothing, if the mailbox is that of a device that can be read.
    fn mailbox(&mut self, mailbox: MailboxId) -> Result<()> {
        let there = match self.known.mailbox {
            Some((known, there)) if known == mailbox => there,
            _ => {
                let there = match self.owner(mailbox)? {
                    Some((account, device)) => readable(self.device(account, device).map(Some))?,
                    None => None,
                };
                self.known.mailbox = Some((mailbox, there.is_some()));
                there.is_some()
            }
        };
        if there { Ok(()) } else { Err(StoreError::Damaged) }
    }

    /// Whose it is, even if its counters cannot be read.
    fn owner(&self, mailbox: MailboxId) -> Result<Option<(AccountId, DeviceId)>> {
        match self.view.row::<MailboxRow>(&mailbox_key(mailbox)) {
            Ok(row) => Ok(row.map(|row| (row.account, row.device))),
            Err(StoreError::Damaged) => aside::owner(self.view, mailbox),
            Err(error) => Err(error),
        }
    }

    fn envelope(&mut self, key: &[u8]) -> Result<Item> {
        let mailbox = MailboxId(part(key)?.0);
        let sequence = sequence_of(key).ok_or(StoreError::Damaged)?;
        self.mailbox(mailbox)?;
        let stored = envelope::read(self.view, mailbox, sequence)?.ok_or(StoreError::Damaged)?;
        Ok(Item::Envelope { row: stored.row, forgotten: stored.forgotten })
    }
}

/// What is not readable is not there.
fn readable<T>(read: Result<Option<T>>) -> Result<Option<T>> {
    match read {
        Err(StoreError::Damaged) => Ok(None),
        read => read,
    }
}
