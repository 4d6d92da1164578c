//! The embedded store as a whole: time, sweeping, figures, holdings.
//!
//! What expires stands in one table in the order of its second:
//!
//! ```text
//! second | 0 | sequence | mailbox    an envelope
//! second | 1 | id                    a blob
//! second | 2 | account | id          a ticket or a token
//! second | 3 | id                    an invitation
//! ```
//!
//! Its rows only say where to look: nothing is removed that does not say itself
//! that it has expired.

use core::ops::ControlFlow;
use std::{path::PathBuf, sync::atomic::Ordering};

use msg_protocol::{
    id::{AccountId, BlobId, DeviceId, MailboxId, RelayEpoch},
    time::UnixSeconds,
};

use super::{
    Redb,
    accounts::{account_row, card_devices, device_key},
    backup,
    batch::{Batch, COUNTERS},
    blobs::{self, blobs_of},
    check, mailboxes,
    mailboxes::{index_key, index_prefix, mailbox_key, sequence_of},
    queue::Work,
    records,
    rights::{remove_invite, remove_right, right_key, rights_of},
    rows::{BlobRow, Counters, DeviceRow, IndexRow, InviteRow, MailboxRow, RightRow},
    table::{Snapshot, Table, View, key},
};
use crate::store::{
    Maintenance, RelayTime, Result, StoreError, Upkeep,
    mailbox::Waiting,
    right::RightId,
    upkeep::{Checked, EnvelopeHolding, Holdings, MailboxHolding, StoreFigures, Swept},
};

/// Most rows that one round of sweeping removes.
const SWEPT_AT_A_TIME: usize = 1_024;

/// Something that expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiring {
    Envelope { mailbox: MailboxId, sequence: u64 },
    Blob { id: BlobId },
    Right { account: AccountId, id: RightId },
    Invite { id: RightId },
}

/// Where it says so.
pub(super) fn expiry_key(expires: RelayTime, what: Expiring) -> Vec<u8> {
    let second = expires.0.to_be_bytes();
    match what {
        Expiring::Envelope { mailbox, sequence } => {
            key(&[&second, &[0], &sequence.to_be_bytes(), mailbox.as_bytes()])
        }
        Expiring::Blob { id } => key(&[&second, &[1], id.as_bytes()]),
        Expiring::Right { account, id } => key(&[&second, &[2], account.as_bytes(), &id.0]),
        Expiring::Invite { id } => key(&[&second, &[3], &id.0]),
    }
}

/// What such a key says; `None` if it says nothing.
pub(super) fn expiring(key: &[u8]) -> Option<(RelayTime, Expiring)> {
    let (second, key) = key.split_first_chunk::<8>()?;
    let (kind, key) = key.split_first()?;
    let what = match kind {
        0 => {
            let (sequence, mailbox) = key.split_first_chunk::<8>()?;
            let mailbox = MailboxId(mailbox.try_into().ok()?);
            Expiring::Envelope { mailbox, sequence: u64::from_be_bytes(*sequence) }
        }
        1 => Expiring::Blob { id: BlobId(key.try_into().ok()?) },
        2 => {
            let (account, id) = key.split_first_chunk::<16>()?;
            Expiring::Right { account: AccountId(*account), id: RightId(id.try_into().ok()?) }
        }
        3 => Expiring::Invite { id: RightId(key.try_into().ok()?) },
        _ => return None,
    };
    Some((RelayTime(u64::from_be_bytes(*second)), what))
}

fn sweep(batch: &mut Batch<'_>, now: RelayTime) -> Result<Swept> {
    let mut due = Vec::new();
    let mut swept = Swept::default();
    batch.scan(Table::Expiry, &[], &[], &mut |key, _| {
        let passed = key.first_chunk::<8>().is_none_or(|at| u64::from_be_bytes(*at) <= now.0);
        swept.more = passed && due.len() == SWEPT_AT_A_TIME;
        if !passed || swept.more {
            return ControlFlow::Break(());
        }
        due.push(key.to_vec());
        ControlFlow::Continue(())
    })?;
    for key in due {
        match expiring(&key).map(|(_, what)| remove_expired(batch, what, now, &mut swept)) {
            // A damaged row is set aside; what points to it goes.
            None | Some(Ok(()) | Err(StoreError::Damaged)) => (),
            Some(Err(error)) => return Err(error),
        }
        batch.remove(Table::Expiry, &key)?;
    }
    swept.rights += sweep_used_invites(batch)?;
    batch.counters.time = batch.counters.time.max(Some(now.0));
    Ok(swept)
}

fn remove_expired(
    batch: &mut Batch<'_>,
    what: Expiring,
    now: RelayTime,
    swept: &mut Swept,
) -> Result<()> {
    match what {
        Expiring::Envelope { mailbox, sequence } => {
            let row = batch.row::<IndexRow>(&index_key(mailbox, sequence))?;
            if row.is_some_and(|row| row.expires <= now.0) {
                swept.envelopes += mailboxes::remove(batch, mailbox, &[sequence])?;
            }
        }
        Expiring::Blob { id } => {
            let row = batch.row::<BlobRow>(&id.0)?;
            if let Some(row) = row.filter(|row| row.expires <= now.0) {
                blobs::remove(batch, row.account, id.0, Some(&row))?;
                swept.blobs += 1;
            }
        }
        Expiring::Right { account, id } => {
            let row = batch.row::<RightRow>(&right_key(account, id))?;
            if let Some(row) = row.filter(|row| row.expires <= now.0) {
                swept.rights +=
                    u64::from(remove_right(batch, account, id, RelayTime(row.expires))?);
            }
        }
        Expiring::Invite { id } => {
            let row = batch.row::<InviteRow>(&id.0)?;
            if let Some(row) = row.filter(|row| row.expires <= now.0) {
                swept.rights += u64::from(remove_invite(batch, id, RelayTime(row.expires))?);
            }
        }
    }
    Ok(())
}

/// There are few invitations at a time, by a limit.
fn sweep_used_invites(batch: &mut Batch<'_>) -> Result<u64> {
    let mut removed = 0;
    for (key, row) in batch.rows::<InviteRow>(&[], &[], usize::MAX)? {
        if row.uses == 0
            && let Some(id) = key.last_chunk::<32>()
        {
            removed += u64::from(remove_invite(batch, RightId(*id), RelayTime(row.expires))?);
        }
    }
    Ok(removed)
}

fn mailbox_holding(
    view: &Snapshot,
    account: AccountId,
    device: DeviceId,
    envelopes: usize,
    now: RelayTime,
) -> Result<Option<MailboxHolding>> {
    let mailbox = MailboxId::of(account, device);
    let row = view.row::<DeviceRow>(&device_key(account, device))?;
    let counters = view.row::<MailboxRow>(&mailbox_key(mailbox))?;
    let (Some(row), Some(counters)) = (row, counters) else { return Ok(None) };
    let mut first = Vec::new();
    let prefix = index_prefix(mailbox);
    view.scan(Table::Mailboxes, &prefix, &prefix, &mut |key, stored| {
        if first.len() == envelopes {
            return ControlFlow::Break(());
        }
        let index = view.opened::<IndexRow>(key, stored).ok();
        let index = index.filter(|index| index.expires > now.0);
        first.extend(index.zip(sequence_of(key)).map(|(index, sequence)| EnvelopeHolding {
            sequence,
            bytes: u64::from(index.body),
            knock: index.knock,
            expires: RelayTime(index.expires),
        }));
        ControlFlow::Continue(())
    })?;
    Ok(Some(MailboxHolding {
        device,
        mailbox,
        counter: row.counter,
        waiting: Waiting {
            envelopes: counters.envelopes,
            bytes: counters.bytes,
            knocks: counters.knocks,
        },
        envelopes: first,
    }))
}

fn holdings(
    view: &Snapshot,
    account: AccountId,
    envelopes: usize,
    now: RelayTime,
) -> Result<Option<Holdings>> {
    let Some(row) = account_row(view, account)? else { return Ok(None) };
    let mut mailboxes = Vec::new();
    for device in card_devices(view, account, &row)? {
        mailboxes.extend(mailbox_holding(view, account, device, envelopes, now)?);
    }
    let blobs = blobs_of(view, account)?.into_iter().filter(|(_, row)| row.expires > now.0);
    Ok(Some(Holdings {
        mailboxes,
        records: records::sizes(view, account)?,
        blobs: blobs
            .map(|(id, row)| (id, row.length, row.present_bytes, RelayTime(row.expires)))
            .collect(),
        rights: rights_of(view, account, now)?.into_iter().map(|(_, right)| right).collect(),
    }))
}

impl Upkeep for Redb {
    fn epoch(&self) -> RelayEpoch {
        self.engine.epoch
    }

    fn secret(&self) -> [u8; 32] {
        self.engine.secret
    }

    async fn time(&self, wall: UnixSeconds) -> Result<RelayTime> {
        let begin =
            move |batch: &mut Batch<'_>| Ok(RelayTime(*batch.counters.time.get_or_insert(wall.0)));
        self.engine.change(true, 0, begin).await
    }

    async fn sweep(&self, now: RelayTime) -> Result<Swept> {
        self.engine.change(true, 0, move |batch| sweep(batch, now)).await
    }

    async fn figures(&self) -> Result<StoreFigures> {
        let engine = &self.engine;
        let counters = engine.read(|view| view.row::<Counters>(COUNTERS)).await?;
        let counters = counters.ok_or(StoreError::Damaged)?;
        Ok(StoreFigures {
            accounts: counters.accounts,
            devices: counters.devices,
            envelopes: counters.envelopes,
            envelope_bytes: counters.envelope_bytes,
            blobs: counters.blobs,
            blob_bytes: counters.blob_bytes,
            damaged: counters.damaged,
            file_bytes: engine.medium.bytes(),
            room_bytes: engine.room.free(&*engine.medium),
            commits: engine.commits.load(Ordering::Relaxed),
        })
    }

    async fn holdings(
        &self,
        account: AccountId,
        envelopes: usize,
        now: RelayTime,
    ) -> Result<Option<Holdings>> {
        self.engine.read(|view| holdings(view, account, envelopes, now)).await
    }
}

impl Maintenance for Redb {
    async fn check(&self) -> Result<Checked> {
        self.engine.read_long(check::check).await
    }

    async fn back_up(&self, to: PathBuf) -> Result<u64> {
        self.engine.read_long(move |view| backup::copy(view, &to)).await
    }

    async fn compact(&self) -> Result<(u64, u64)> {
        let (answer, waiting) = tokio::sync::oneshot::channel();
        self.engine.submit(Work::Compact(answer))?;
        super::pending::await_outcome(waiting).await
    }
}
