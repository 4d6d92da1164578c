//! From items to rows, with all that is derived from them. What is there already
//! stays as it is: a page that comes twice is counted once.

use msg_protocol::id::{AccountId, BlobId, DeviceId, MailboxId, RecordId};

use crate::store::{
    RelayTime, Result, StoreError,
    account::Account,
    mailbox::Appended,
    portable::{DeviceItem, Facts, Item, PrekeyItem},
    redb::{
        accounts::{card_key, device_key},
        batch::Batch,
        blobs,
        envelope::StoredEnvelope,
        format::SECRET_KEY,
        mailboxes::{self, index_key, mailbox_key},
        pending,
        prekeys::{last_resort_key, pair_key, signed_key},
        records::{record_key, usage},
        rights::{invite_row, right_key, right_row},
        rows::{
            AccountRow, BlobRow, CardRow, DeviceRow, LastResortRow, MailboxRow, NameRow, PairRow,
            RecordRow, Secret, SignedRow,
        },
        table::{Table, View as _},
        upkeep::{Expiring, expiry_key},
    },
};

/// Takes an item in. What belongs to something comes after it.
pub(super) fn take(batch: &mut Batch<'_>, item: &Item) -> Result<()> {
    match item {
        Item::Facts(facts) => take_facts(batch, facts),
        Item::Account(account) => take_account(batch, account),
        Item::Card { account, version, card } => {
            batch.put(&card_key(*account, *version), &CardRow(card.clone()))
        }
        Item::Device(device) => take_device(batch, device),
        Item::Prekey { account, device, prekey } => take_prekey(batch, *account, *device, prekey),
        Item::Right { account, id, right } => {
            let expiring = Expiring::Right { account: *account, id: *id };
            batch.put_stored(Table::Expiry, &expiry_key(right.expires, expiring), &[])?;
            batch.put(&right_key(*account, *id), &right_row(right))
        }
        Item::Invite { id, invite } => {
            let expiry = expiry_key(invite.expires, Expiring::Invite { id: *id });
            batch.put_stored(Table::Expiry, &expiry, &[])?;
            batch.put(&id.0, &invite_row(invite))
        }
        Item::Record { account, id, revision, value } => {
            take_record(batch, *account, *id, *revision, value)
        }
        Item::Blob { account, id, length, expires } => {
            take_blob(batch, *account, *id, *length, *expires)
        }
        Item::Chunk { blob, index, bytes } => take_chunk(batch, *blob, *index, bytes),
        Item::Envelope { row, forgotten } => {
            take_envelope(batch, StoredEnvelope { row: row.clone(), forgotten: *forgotten })
        }
    }
}

fn is_there(batch: &Batch<'_>, table: Table, key: &[u8]) -> Result<bool> {
    Ok(batch.stored(table, key)?.is_some())
}

fn take_facts(batch: &mut Batch<'_>, facts: &Facts) -> Result<()> {
    batch.counters.time = facts.time.map(|time| time.0);
    batch.counters.sequence = facts.sequence;
    batch.put(SECRET_KEY, &Secret(facts.secret))
}

fn take_account(batch: &mut Batch<'_>, account: &Account) -> Result<()> {
    let key = account.id.as_bytes();
    if is_there(batch, Table::Accounts, key)? {
        return Ok(());
    }
    let version = account.card.peek_unverified().map_err(|_| StoreError::Damaged)?.version;
    let row = AccountRow {
        name: account.name.clone(),
        version,
        credential: account.credential,
        door: account.door.current,
        previous_door: account.door.previous.map(|(hash, until)| (hash, until.0)),
        suspended: account.suspended,
        administrator: account.administrator,
        mailbox_envelopes: account.quota.mailbox_envelopes,
        mailbox_bytes: account.quota.mailbox_bytes,
        blob_bytes: account.quota.blob_bytes,
        created: account.created,
    };
    batch.put(account.name.as_str().as_bytes(), &NameRow(account.id))?;
    batch.put(key, &row)?;
    batch.put(&card_key(account.id, version), &CardRow(account.card.clone()))?;
    batch.counters.accounts += 1;
    Ok(())
}

fn take_device(batch: &mut Batch<'_>, item: &DeviceItem) -> Result<()> {
    let DeviceItem { account, device, credential, counter, next_pair } = *item;
    let key = device_key(account, device);
    if is_there(batch, Table::Devices, &key)? {
        return Ok(());
    }
    batch.put(&key, &DeviceRow { credential, counter, one_time: 0, next_pair })?;
    let mailbox = MailboxRow { account, device, envelopes: 0, bytes: 0, knocks: 0, last: 0 };
    batch.put(&mailbox_key(MailboxId::of(account, device)), &mailbox)?;
    batch.counters.devices += 1;
    Ok(())
}

fn take_prekey(
    batch: &mut Batch<'_>,
    account: AccountId,
    device: DeviceId,
    prekey: &PrekeyItem,
) -> Result<()> {
    match prekey {
        PrekeyItem::Signed(signed) => {
            batch.put(&signed_key(account, device), &SignedRow(signed.clone()))
        }
        PrekeyItem::LastResort(signed) => {
            batch.put(&last_resort_key(account, device), &LastResortRow(signed.clone()))
        }
        PrekeyItem::Pair(id, pair) => {
            let key = pair_key(account, device, *id);
            if is_there(batch, Table::Prekeys, &key)? {
                return Ok(());
            }
            batch.put(&key, &PairRow(pair.clone()))?;
            let device_key = device_key(account, device);
            let mut row = batch.row::<DeviceRow>(&device_key)?.ok_or(StoreError::Damaged)?;
            row.one_time = row.one_time.saturating_add(1);
            batch.put(&device_key, &row)
        }
    }
}

fn take_record(
    batch: &mut Batch<'_>,
    account: AccountId,
    id: RecordId,
    revision: u64,
    value: &[u8],
) -> Result<()> {
    let key = record_key(account, id);
    if is_there(batch, Table::Records, &key)? {
        return Ok(());
    }
    let mut usage = usage(batch, account)?;
    usage.records += 1;
    usage.record_bytes += value.len() as u64;
    batch.put(&key, &RecordRow { revision, value: value.to_vec() })?;
    batch.put(account.as_bytes(), &usage)
}

fn take_blob(
    batch: &mut Batch<'_>,
    account: AccountId,
    id: BlobId,
    length: u64,
    expires: RelayTime,
) -> Result<()> {
    if is_there(batch, Table::Blobs, &id.0)? {
        return Ok(());
    }
    let row = blobs::make(batch, account, id, length, expires, u64::MAX)?;
    batch.put(&id.0, &row.ok_or(StoreError::Damaged)?)
}

fn take_chunk(batch: &mut Batch<'_>, blob: BlobId, index: u32, bytes: &[u8]) -> Result<()> {
    let row = batch.row::<BlobRow>(&blob.0)?.ok_or(StoreError::Damaged)?;
    if row.has(index) { Ok(()) } else { blobs::keep(batch, blob, row, index, bytes) }
}

fn take_envelope(batch: &mut Batch<'_>, stored: StoredEnvelope) -> Result<()> {
    let key = index_key(stored.row.envelope.mailbox, stored.row.sequence);
    if is_there(batch, Table::Mailboxes, &key)? {
        return Ok(());
    }
    // What a knock has spent is spent already where it comes from.
    match mailboxes::append(batch, &pending::Envelope { stored, right: None })? {
        Appended::Stored => Ok(()),
        _ => Err(StoreError::Damaged),
    }
}
