//! Moving the store in memory: what an item is made of, and what is made of it.

use std::collections::{BTreeMap, HashMap};

use msg_protocol::{
    bounded::Bytes,
    id::{AccountId, BlobId, DeviceId, MailboxId, RecordId},
};

use super::{
    Blob, DeviceRow, Holder, Mailbox, Memory, State, StoredRecord, mailboxes::StoredRow,
    prekeys::DevicePrekeys, record_key,
};
use crate::store::{
    Result, StoreError,
    account::{Account, Device},
    portable::{
        Arrival, DeviceItem, Facts, Item, Mark, Page, PageLimits, Portable, PrekeyItem, Progress,
    },
};

impl Holder {
    fn items(&self) -> Vec<Item> {
        let account = self.account.id;
        let mut items = vec![Item::Account(Box::new(self.account.clone()))];
        let before = self.cards.range(..self.card.version);
        items.extend(before.map(|(version, card)| Item::Card {
            account,
            version: *version,
            card: card.clone(),
        }));
        items.extend(self.devices.iter().flat_map(|(id, row)| row.items(account, *id)));
        items.extend(self.rights.iter().map(|(id, right)| Item::Right {
            account,
            id: *id,
            right: *right,
        }));
        items
    }

    fn records(&self) -> impl Iterator<Item = Result<Item>> {
        self.records.iter().map(|(id, record)| {
            Ok(Item::Record {
                account: self.account.id,
                id: RecordId(*id),
                revision: record.revision,
                value: bounded(&record.value)?,
            })
        })
    }
}

impl DeviceRow {
    fn items(&self, account: AccountId, device: DeviceId) -> Vec<Item> {
        let DevicePrekeys { signed, last_resort, pairs, next_pair } = &self.prekeys;
        let Device { credential, counter } = self.device;
        let next_pair = *next_pair;
        let row = DeviceItem { account, device, credential, counter, next_pair };
        let prekeys = signed.iter().cloned().map(PrekeyItem::Signed);
        let prekeys = prekeys
            .chain(last_resort.iter().cloned().map(PrekeyItem::LastResort))
            .chain(pairs.iter().map(|(id, pair)| PrekeyItem::Pair(*id, pair.clone())));
        let prekeys = prekeys.map(|prekey| Item::Prekey { account, device, prekey });
        [Item::Device(row)].into_iter().chain(prekeys).collect()
    }
}

impl Blob {
    fn items(&self, id: BlobId) -> Vec<Result<Item>> {
        let Self { account, length, expires, .. } = *self;
        let chunks = self.chunks.iter().map(|(index, bytes)| {
            Ok(Item::Chunk { blob: id, index: *index, bytes: bounded(bytes)? })
        });
        [Ok(Item::Blob { account, id, length, expires })].into_iter().chain(chunks).collect()
    }
}

/// The service takes nothing longer than it may be.
fn bounded<const MAX: usize>(bytes: &[u8]) -> Result<Bytes<MAX>> {
    Bytes::new(bytes.to_vec()).map_err(|_| StoreError::Damaged)
}

impl State {
    /// All there is, in the order of its marks.
    fn items(&self) -> Result<Vec<Item>> {
        let Self { secret, time, sequence, .. } = *self;
        let mut items = vec![Item::Facts(Facts { secret, time, sequence })];
        for holder in self.accounts.values() {
            items.extend(holder.items());
            items.extend(holder.records().collect::<Result<Vec<_>>>()?);
        }
        items.extend(
            self.invites
                .iter()
                .map(|(id, invite)| Item::Invite { id: *id, invite: invite.clone() }),
        );
        for (id, blob) in &self.blobs {
            items.extend(blob.items(BlobId(*id)).into_iter().collect::<Result<Vec<_>>>()?);
        }
        let rows = self.mailboxes.values().flat_map(|mailbox| mailbox.rows.values());
        items.extend(
            rows.map(|stored| Item::Envelope {
                row: stored.row.clone(),
                forgotten: stored.expires,
            }),
        );
        items.sort_by_cached_key(Item::mark);
        Ok(items)
    }

    fn page(&self, after: Option<&Mark>, limits: PageLimits) -> Result<Page> {
        let mut page = Page::default();
        let mut bytes = 0;
        for item in self.items()? {
            let mark = item.mark();
            if after.is_some_and(|after| mark <= *after) {
                continue;
            }
            if limits.are_reached(page.items.len(), bytes) {
                page.end = page.items.last().map(Item::mark);
                break;
            }
            bytes += item.encode().len();
            page.items.push(item);
        }
        Ok(page)
    }

    fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.invites.is_empty()
            && self.sequence == 0
            && self.time.is_none()
    }

    fn take(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Facts(Facts { secret, time, sequence }) => {
                (self.secret, self.time, self.sequence) = (secret, time, sequence);
            }
            Item::Account(account) => self.take_account(*account)?,
            Item::Invite { id, invite } => drop(self.invites.insert(id, invite)),
            Item::Device(device) => self.take_device(device)?,
            Item::Card { account, version, card } => {
                self.holder(account)?.cards.insert(version, card);
            }
            Item::Prekey { account, device, prekey } => {
                let row = self.holder(account)?.devices.get_mut(&device);
                row.ok_or(StoreError::Damaged)?.prekeys.take_in(prekey);
            }
            Item::Right { account, id, right } => {
                self.holder(account)?.rights.insert(id, right);
            }
            Item::Record { account, id, revision, value } => {
                let record = StoredRecord { revision, value: value.into_vec() };
                self.holder(account)?.records.insert(record_key(id), record);
            }
            Item::Blob { account, id, length, expires } => {
                self.holder(account)?;
                let blob = Blob { account, length, expires, chunks: BTreeMap::new() };
                self.blobs.entry(id.0).or_insert(blob);
            }
            Item::Chunk { blob, index, bytes } => {
                let blob = self.blobs.get_mut(&blob.0).ok_or(StoreError::Damaged)?;
                blob.chunks.insert(index, bytes.into_vec());
            }
            Item::Envelope { row, forgotten } => {
                let mailbox = self.mailboxes.get_mut(&row.envelope.mailbox);
                let stored = StoredRow { row, expires: forgotten };
                mailbox.ok_or(StoreError::Damaged)?.rows.insert(stored.row.sequence, stored);
            }
        }
        Ok(())
    }

    /// What belongs to an account comes after it.
    fn holder(&mut self, account: AccountId) -> Result<&mut Holder> {
        self.accounts.get_mut(&account).ok_or(StoreError::Damaged)
    }

    fn take_account(&mut self, account: Account) -> Result<()> {
        if self.accounts.contains_key(&account.id) {
            return Ok(());
        }
        let card = account.card.clone().verify_by_own_identity();
        let card = card.map_err(|_| StoreError::Damaged)?;
        self.names.insert(account.name.clone(), account.id);
        let holder = Holder {
            cards: [(card.version, account.card.clone())].into(),
            card,
            devices: HashMap::new(),
            rights: BTreeMap::new(),
            records: BTreeMap::new(),
            account,
        };
        self.accounts.insert(holder.account.id, holder);
        Ok(())
    }

    fn take_device(&mut self, item: DeviceItem) -> Result<()> {
        let DeviceItem { account, device, credential, counter, next_pair } = item;
        let row = DeviceRow {
            device: Device { credential, counter },
            prekeys: DevicePrekeys { next_pair, ..DevicePrekeys::default() },
        };
        self.holder(account)?.devices.entry(device).or_insert(row);
        let mailbox = MailboxId::of(account, device);
        self.mailboxes.entry(mailbox).or_insert_with(|| Mailbox::of(account));
        Ok(())
    }
}

impl DevicePrekeys {
    fn take_in(&mut self, prekey: PrekeyItem) {
        match prekey {
            PrekeyItem::Signed(signed) => self.signed = Some(signed),
            PrekeyItem::LastResort(signed) => self.last_resort = Some(signed),
            PrekeyItem::Pair(id, pair) => drop(self.pairs.insert(id, pair)),
        }
    }
}

impl Portable for Memory {
    async fn export(&self, after: Option<Mark>, limits: PageLimits) -> Result<Page> {
        self.state().page(after.as_ref(), limits)
    }

    async fn import(&self, items: Vec<Item>, progress: Progress) -> Result<()> {
        let mut state = self.change();
        items.into_iter().try_for_each(|item| state.take(item))?;
        state.arriving = Some(progress);
        Ok(())
    }

    async fn arrival(&self) -> Result<Arrival> {
        let state = self.state();
        Ok(match &state.arriving {
            Some(progress) => Arrival::Underway(progress.clone()),
            None if state.is_empty() => Arrival::Empty,
            None => Arrival::Occupied,
        })
    }

    async fn settle(&self) -> Result<()> {
        self.change().arriving = None;
        Ok(())
    }
}
