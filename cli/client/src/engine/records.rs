//! Contacts as our own relay keeps them: each sealed by a key that it has not, under
//! a name that says nothing, padded. `protocol/SPEC.md`, "Sealed records".
//!
//! They are read back by a store that turned out to be an older copy of itself: who
//! was added meanwhile is a contact again. Nothing that is known here gives way to
//! what a relay shows.

use std::collections::BTreeMap;

use msg_crypto::{
    at_rest::{DataKey, Place as Sealing},
    secret::Secret,
};
use msg_protocol::{
    bounded::Bytes,
    card::Card,
    codec,
    hash::hash_unlabelled,
    id::{AccountId, RecordId, RelayEpoch},
    limits::MAX_RECORD_BYTES,
    request::{DeleteRecord, PutRecord},
    response::Record,
    secret::{Door, LinkToken},
    signed::Signed,
    time::UnixSeconds,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    EngineError,
    account::{self, Own, change_relay},
    contacts, inbox,
};
use crate::{
    rows::{AccountRow, ContactRow, Place, Read as _, RecordRow, Standing, Trust, contact::key},
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// The only format of records there is.
const FORMAT: u8 = 1;
/// A record's plaintext fills a whole number of these.
const BLOCK_BYTES: usize = 1_024;
/// Changes that are made in one go.
const CHANGES: usize = 256;
/// The names under which records are named and sealed.
const CONTACT: &str = "contact record";
const RECORD: &str = "record";

/// A contact, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    account: AccountId,
    name: String,
    display_name: String,
    place: Option<Place>,
    card: Signed<Card>,
    is_verified: bool,
    is_blocked: bool,
    door: Option<Door>,
    token: Option<LinkToken>,
}

/// Something that the relay is to do.
pub enum Change {
    /// Keep that.
    Put(AccountId, PutRecord, [u8; 32]),
    /// Forget that.
    Delete(AccountId, DeleteRecord),
}

/// Whether we know which records the relay has in that epoch.
pub fn are_known(rows: &(impl Rows + ?Sized), epoch: RelayEpoch) -> Result<bool, EngineError> {
    Ok(account::relay(rows)?.records == Some(epoch))
}

/// The relay has other records than we thought: they are asked for again.
pub fn forget(draft: &Draft<'_>) -> Result<(), EngineError> {
    Ok(change_relay(draft, |state| state.records = None)?)
}

/// Takes in all the records that the relay has. Who is not known here becomes a
/// contact again, if this store is an older copy of itself.
pub fn listed<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    epoch: RelayEpoch,
    records: &[Record],
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let own = Own::load(draft)?;
    let data = data_key(&own.row);
    let is_restoring = account::relay(draft)?.restores;
    let mut found = BTreeMap::new();
    for record in records {
        // What does not open is none of ours: it will be in nobody's way.
        let Some((kept, digest)) = open(&data, record) else { continue };
        found.insert(kept.account, RecordRow { revision: record.revision, digest });
        if is_restoring {
            restore(draft, &own, kept, now, rng)?;
        }
    }
    for (id, _) in saved(draft)? {
        if !found.contains_key(&id) {
            draft.remove(Table::Records, &key(id));
        }
    }
    for (id, row) in found {
        draft.write(&key(id), &row);
    }
    Ok(change_relay(draft, |state| {
        state.records = Some(epoch);
        state.restores = false;
    })?)
}

fn restore<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    kept: Kept,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let known = contacts::with(draft, kept.account)?;
    let is_contact = |row: &ContactRow| matches!(row.standing, Standing::Added | Standing::Blocked);
    if known.as_ref().is_some_and(is_contact) {
        return Ok(());
    }
    let Ok(card) = kept.card.verify_by_own_identity() else { return Ok(()) };
    if card.account() != kept.account || kept.account == own.id() {
        return Ok(());
    }
    let name = contacts::free_request_name(draft, &kept.name)?;
    let mut row = ContactRow {
        display_name: kept.display_name,
        place: kept.place,
        trust: if kept.is_verified { Trust::Verified } else { Trust::Unverified },
        standing: if kept.is_blocked { Standing::Blocked } else { Standing::Added },
        door: kept.door,
        token: kept.token,
        ..contacts::stranger(name, &card, now)
    };
    if row.is_accepted() {
        contacts::connect(draft, own, kept.account, &mut row, now, rng)?;
        // Whatever session there was went with the newer store.
        inbox::post_reset(draft, kept.account, &row, 0, now, rng)?;
    }
    draft.write(&key(kept.account), &row);
    Ok(())
}

/// What the relay has to be told: contacts that are new or have changed, and those
/// that are none any more.
pub fn changes<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    rng: &mut R,
) -> Result<Vec<Change>, EngineError> {
    let data = data_key(&account::row(draft)?);
    let mut at_relay: BTreeMap<AccountId, RecordRow> = saved(draft)?.into_iter().collect();
    let mut changes = Vec::new();
    for (id, row) in contacts::all(draft)? {
        if !matches!(row.standing, Standing::Added | Standing::Blocked) {
            continue;
        }
        let kept = at_relay.remove(&id);
        let plain = plain(id, row);
        let digest = digest(&plain);
        if kept.is_some_and(|kept| kept.digest == digest) || changes.len() == CHANGES {
            continue;
        }
        let expected = kept.map_or(0, |kept| kept.revision);
        let record = record_id(&data, id);
        let sealed = data.seal_row(sealing(&record), 0, &plain, rng);
        let Ok(value) = Bytes::new(sealed) else { continue };
        changes.push(Change::Put(id, PutRecord { id: record, expected, value }, digest));
    }
    for (id, row) in at_relay.into_iter().take(CHANGES - changes.len()) {
        let record = DeleteRecord { id: record_id(&data, id), expected: row.revision };
        changes.push(Change::Delete(id, record));
    }
    Ok(changes)
}

/// The relay keeps a contact.
pub fn kept(draft: &Draft<'_>, id: AccountId, revision: u64, digest: [u8; 32]) {
    draft.write(&key(id), &RecordRow { revision, digest });
}

/// The relay has forgotten a contact.
pub fn gone(draft: &Draft<'_>, id: AccountId) {
    draft.remove(Table::Records, &key(id));
}

fn saved(rows: &(impl Rows + ?Sized)) -> Result<Vec<(AccountId, RecordRow)>, StoreError> {
    let found = rows.all::<RecordRow>(&[])?;
    Ok(found
        .into_iter()
        .filter_map(|(key, row)| Some((AccountId(key.try_into().ok()?), row)))
        .collect())
}

fn data_key(row: &AccountRow) -> DataKey {
    DataKey::new(Secret::new(row.records))
}

fn record_id(data: &DataKey, id: AccountId) -> RecordId {
    RecordId(data.row_key(Sealing { table: CONTACT, key: &id.0 }))
}

const fn sealing(record: &RecordId) -> Sealing<'_> {
    Sealing { table: RECORD, key: &record.0 }
}

/// `format || length u32 || contact || zeros`, a whole number of blocks.
fn plain(account: AccountId, row: ContactRow) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(codec::encode(&Kept {
        account,
        name: row.name,
        display_name: row.display_name,
        place: row.place,
        card: row.card,
        is_verified: row.trust == Trust::Verified,
        is_blocked: row.standing == Standing::Blocked,
        door: row.door,
        token: row.token,
    }));
    let length = u32::try_from(encoded.len()).unwrap_or(u32::MAX).to_be_bytes();
    let whole = (1 + length.len() + encoded.len()).next_multiple_of(BLOCK_BYTES);
    let mut plain = Zeroizing::new(Vec::with_capacity(whole));
    plain.push(FORMAT);
    plain.extend_from_slice(&length);
    plain.extend_from_slice(&encoded);
    plain.resize(whole, 0);
    plain
}

fn digest(plain: &[u8]) -> [u8; 32] {
    hash_unlabelled(&[plain])
}

fn open(data: &DataKey, record: &Record) -> Option<(Kept, [u8; 32])> {
    let plain = data.open_row(sealing(&record.id), 0, &record.value).ok()?;
    let (format, rest) = plain.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let encoded = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let kept: Kept =
        (*format == FORMAT).then(|| codec::decode(encoded, MAX_RECORD_BYTES).ok()).flatten()?;
    (record_id(data, kept.account) == record.id).then(|| (kept, digest(&plain)))
}

#[cfg(test)]
mod tests;
