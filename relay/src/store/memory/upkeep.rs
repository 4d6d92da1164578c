//! The store in memory as a whole: time, sweeping, figures, holdings.

use std::{collections::BTreeMap, path::PathBuf};

use msg_protocol::{
    id::{AccountId, BlobId, MailboxId, RecordId, RelayEpoch},
    time::UnixSeconds,
};

use super::{Holder, Memory, State, device_ids, is_over};
use crate::store::{
    Maintenance, RelayTime, Result, StoreError, Upkeep,
    upkeep::{Checked, EnvelopeHolding, Holdings, MailboxHolding, StoreFigures, Swept},
};

/// Most rows that one round of sweeping removes.
const SWEPT_AT_A_TIME: usize = 1_024;

/// Removes at most `room` of what is over, and lessens `room` by as many.
fn sweep_map<K: Ord, V>(
    map: &mut BTreeMap<K, V>,
    room: &mut usize,
    over: impl Fn(&V) -> bool,
) -> u64 {
    let before = map.len();
    map.retain(|_, value| {
        let goes = *room > 0 && over(value);
        *room -= usize::from(goes);
        !goes
    });
    (before - map.len()) as u64
}

impl State {
    fn sweep(&mut self, now: RelayTime) -> Swept {
        let mut room = SWEPT_AT_A_TIME;
        let mut swept = Swept::default();
        for mailbox in self.mailboxes.values_mut() {
            swept.envelopes +=
                sweep_map(&mut mailbox.rows, &mut room, |stored| is_over(stored.expires, now));
        }
        swept.blobs = sweep_map(&mut self.blobs, &mut room, |blob| is_over(blob.expires, now));
        for holder in self.accounts.values_mut() {
            swept.rights +=
                sweep_map(&mut holder.rights, &mut room, |right| is_over(right.expires, now));
        }
        swept.rights += sweep_map(&mut self.invites, &mut room, |invite| {
            invite.uses == 0 || is_over(invite.expires, now)
        });
        swept.more = room == 0;
        self.time = self.time.max(Some(now));
        swept
    }

    fn figures(&self) -> StoreFigures {
        let mut figures = StoreFigures {
            accounts: self.accounts.len() as u64,
            devices: self.mailboxes.len() as u64,
            blobs: self.blobs.len() as u64,
            blob_bytes: self.blobs.values().map(super::Blob::bytes_there).sum(),
            commits: self.commits,
            ..StoreFigures::default()
        };
        for waiting in self.mailboxes.values().map(super::Mailbox::waiting) {
            figures.envelopes += u64::from(waiting.envelopes);
            figures.envelope_bytes += waiting.bytes;
        }
        figures
    }

    /// The devices in the order of the card.
    fn mailbox_holdings(
        &self,
        holder: &Holder,
        envelopes: usize,
        now: RelayTime,
    ) -> Vec<MailboxHolding> {
        let holdings = device_ids(&holder.card).filter_map(|device| {
            let id = MailboxId::of(holder.account.id, device);
            let (row, mailbox) = (holder.devices.get(&device)?, self.mailboxes.get(&id)?);
            let waiting = mailbox.rows.values().filter(|stored| !is_over(stored.expires, now));
            let envelopes = waiting.take(envelopes).map(|stored| EnvelopeHolding {
                sequence: stored.row.sequence,
                bytes: stored.body_bytes() as u64,
                knock: stored.row.knock,
                expires: stored.expires,
            });
            Some(MailboxHolding {
                device,
                mailbox: id,
                counter: row.device.counter,
                waiting: mailbox.waiting(),
                envelopes: envelopes.collect(),
            })
        });
        holdings.collect()
    }

    fn rows(&self) -> usize {
        let held = self.accounts.values().map(|holder| {
            1 + holder.cards.len()
                + holder.devices.len()
                + holder.rights.len()
                + holder.records.len()
        });
        let rows = self.mailboxes.values().map(|mailbox| mailbox.rows.len());
        let chunks = self.blobs.values().map(|blob| 1 + blob.chunks.len());
        held.chain(rows).chain(chunks).sum::<usize>() + self.invites.len()
    }

    /// What does not fit together.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let named = self.names.iter().all(|(name, id)| {
            self.accounts.get(id).is_some_and(|holder| holder.account.name == *name)
        });
        if !named || self.names.len() != self.accounts.len() {
            faults.push("names and accounts differ".to_owned());
        }
        let owned = self.accounts.values().flat_map(|holder| {
            holder.devices.keys().map(|device| MailboxId::of(holder.account.id, *device))
        });
        let owned: Vec<MailboxId> = owned.collect();
        if owned.len() != self.mailboxes.len()
            || !owned.iter().all(|mailbox| self.mailboxes.contains_key(mailbox))
        {
            faults.push("devices and mailboxes differ".to_owned());
        }
        if self.blobs.values().any(|blob| !self.accounts.contains_key(&blob.account)) {
            faults.push("a blob is nobody's".to_owned());
        }
        faults
    }
}

impl Upkeep for Memory {
    fn epoch(&self) -> RelayEpoch {
        self.epoch
    }

    fn secret(&self) -> [u8; 32] {
        self.state().secret
    }

    async fn time(&self, wall: UnixSeconds) -> Result<RelayTime> {
        Ok(*self.change().time.get_or_insert(RelayTime(wall.0)))
    }

    async fn sweep(&self, now: RelayTime) -> Result<Swept> {
        Ok(self.change().sweep(now))
    }

    async fn figures(&self) -> Result<StoreFigures> {
        Ok(self.state().figures())
    }

    async fn holdings(
        &self,
        account: AccountId,
        envelopes: usize,
        now: RelayTime,
    ) -> Result<Option<Holdings>> {
        let state = self.state();
        let Some(holder) = state.accounts.get(&account) else { return Ok(None) };
        let records = holder.records.iter();
        let blobs = state.blobs.iter().filter(|(_, blob)| blob.account == account);
        let blobs = blobs.filter(|(_, blob)| !is_over(blob.expires, now));
        let rights = holder.rights.values().filter(|right| !is_over(right.expires, now));
        Ok(Some(Holdings {
            mailboxes: state.mailbox_holdings(holder, envelopes, now),
            records: records
                .map(|(id, record)| (RecordId(*id), record.revision, record.value.len() as u64))
                .collect(),
            blobs: blobs
                .map(|(id, blob)| (BlobId(*id), blob.length, blob.bytes_there(), blob.expires))
                .collect(),
            rights: rights.copied().collect(),
        }))
    }
}

impl Maintenance for Memory {
    async fn check(&self) -> Result<Checked> {
        let state = self.state();
        Ok(Checked { rows: state.rows() as u64, faults: state.faults() })
    }

    async fn back_up(&self, _to: PathBuf) -> Result<u64> {
        Err(StoreError::Unsupported)
    }

    async fn compact(&self) -> Result<(u64, u64)> {
        Err(StoreError::Unsupported)
    }
}
