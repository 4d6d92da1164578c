//! The store in the database as a whole: time, sweeping, figures, holdings.

mod figures;

use std::path::PathBuf;

use msg_protocol::{
    card::{self, Card},
    id::{AccountId, BlobId, DeviceId, MailboxId, RecordId, RelayEpoch},
    signed::Signed,
    time::UnixSeconds,
};
use tokio::time::timeout;
use tokio_postgres::Row;

pub(super) use self::figures::Figures;
use super::{
    Postgres, check,
    failure::Failure,
    rights::right_in,
    value::{DAMAGED, column, id_in, number, number_in, value_in},
};
use crate::store::{
    Maintenance, RelayTime, Result, StoreError, Upkeep,
    mailbox::Waiting,
    right::KnockRight,
    upkeep::{Checked, EnvelopeHolding, Holdings, MailboxHolding, StoreFigures, Swept},
};

type Read<T> = core::result::Result<T, Failure>;

impl Postgres {
    async fn list<T>(
        &self,
        sql: &'static str,
        parameters: super::line::Parameters<'_>,
        read: impl Fn(&Row) -> Read<T>,
    ) -> Result<Vec<T>> {
        let rows = self.pool.read(sql, parameters).await?;
        rows.iter().map(read).collect::<Read<_>>().map_err(Failure::outcome)
    }

    /// The devices in the order of the card.
    async fn mailbox_holdings(
        &self,
        account: AccountId,
        card: &Card,
        envelopes: usize,
        now: RelayTime,
    ) -> Result<Vec<MailboxHolding>> {
        const LIST: &str = "SELECT d.id, m.id, d.counter, m.cnt, m.bytes, m.knocks \
             FROM device d JOIN mailbox m ON m.acct = d.acct AND m.device = d.id \
             WHERE d.acct = $1";
        const FIRST: &str = "SELECT seq, octet_length(body)::bigint, knock, expires FROM envelope \
             WHERE mbx = $1 AND expires > $2 ORDER BY seq LIMIT $3";
        let limit = i64::try_from(envelopes).unwrap_or(i64::MAX);
        let held = self.list(LIST, &[&account.as_bytes().as_slice()], mailbox_in).await?;
        let mut holdings = Vec::new();
        for device in card.devices.iter().map(card::Device::id) {
            let Some(held) = held.iter().find(|held| held.device == device) else { continue };
            let mailbox = held.mailbox.as_bytes().as_slice();
            let parameters: super::line::Parameters<'_> = &[&mailbox, &number(now.0), &limit];
            let envelopes = self.list(FIRST, parameters, envelope_in).await?;
            holdings.push(MailboxHolding { envelopes, ..held.clone() });
        }
        Ok(holdings)
    }

    async fn rights_held(&self, account: AccountId, now: RelayTime) -> Result<Vec<KnockRight>> {
        const LIST: &str = "SELECT kind, hash, may_fetch, knocks, expires FROM knock_right \
             WHERE acct = $1 AND expires > $2 ORDER BY id";
        let account = account.as_bytes().as_slice();
        self.list(LIST, &[&account, &number(now.0)], |row| right_in(row, 0)).await
    }
}

fn mailbox_in(row: &Row) -> Read<MailboxHolding> {
    let small = |place| {
        let number = number_in(row, place)?;
        u32::try_from(number).map_err(|_| DAMAGED)
    };
    Ok(MailboxHolding {
        device: DeviceId(id_in(row, 0)?),
        mailbox: MailboxId(id_in(row, 1)?),
        counter: u64::from_be_bytes(id_in(row, 2)?),
        waiting: Waiting { envelopes: small(3)?, bytes: number_in(row, 4)?, knocks: small(5)? },
        envelopes: Vec::new(),
    })
}

fn envelope_in(row: &Row) -> Read<EnvelopeHolding> {
    Ok(EnvelopeHolding {
        sequence: number_in(row, 0)?,
        bytes: number_in(row, 1)?,
        knock: column::<i16>(row, 2)? != 0,
        expires: RelayTime(number_in(row, 3)?),
    })
}

fn record_in(row: &Row) -> Read<(RecordId, u64, u64)> {
    Ok((RecordId(id_in(row, 0)?), number_in(row, 1)?, number_in(row, 2)?))
}

fn blob_in(row: &Row) -> Read<(BlobId, u64, u64, RelayTime)> {
    let expires = RelayTime(number_in(row, 3)?);
    Ok((BlobId(id_in(row, 0)?), number_in(row, 1)?, number_in(row, 2)?, expires))
}

impl Upkeep for Postgres {
    fn epoch(&self) -> RelayEpoch {
        self.pool.dialer().epoch(&self.seed)
    }

    fn secret(&self) -> [u8; 32] {
        self.secret
    }

    async fn time(&self, wall: UnixSeconds) -> Result<RelayTime> {
        self.store_time(wall).await
    }

    async fn sweep(&self, now: RelayTime) -> Result<Swept> {
        self.sweep_once(now).await
    }

    async fn figures(&self) -> Result<StoreFigures> {
        // Whoever waits for the first sums waits no longer than for the database.
        let figures = timeout(self.pool.patience(), self.figures.last()).await;
        let figures = figures.unwrap_or(Err(StoreError::Unavailable))?;
        Ok(StoreFigures { commits: self.pool.commits(), ..figures })
    }

    async fn has_room(&self) -> Result<bool> {
        self.pool.read_row("SELECT 1", &[]).await.map(|row| row.is_some())
    }

    async fn holdings(
        &self,
        account: AccountId,
        envelopes: usize,
        now: RelayTime,
    ) -> Result<Option<Holdings>> {
        const CARD: &str = "SELECT card FROM account WHERE id = $1";
        const RECORDS: &str = "SELECT id, revision, octet_length(value)::bigint FROM record \
             WHERE acct = $1 ORDER BY id";
        const BLOBS: &str = "SELECT id, length, \
             (SELECT coalesce(sum(bytes), 0)::bigint FROM chunk WHERE blob = blob.id), expires \
             FROM blob WHERE acct = $1 AND expires > $2 AND NOT going ORDER BY id";
        let id = account.as_bytes().as_slice();
        let Some(row) = self.pool.read_row(CARD, &[&id]).await? else { return Ok(None) };
        let card: Signed<Card> = value_in(&row, 0).map_err(Failure::outcome)?;
        let card = card.peek_unverified().map_err(|_| StoreError::Damaged)?;
        Ok(Some(Holdings {
            mailboxes: self.mailbox_holdings(account, &card, envelopes, now).await?,
            records: self.list(RECORDS, &[&id], record_in).await?,
            blobs: self.list(BLOBS, &[&id, &number(now.0)], blob_in).await?,
            rights: self.rights_held(account, now).await?,
        }))
    }
}

impl Maintenance for Postgres {
    async fn check(&self) -> Result<Checked> {
        let line = self.pool.dialer().dial_patiently().await;
        let line = line.map_err(|_| StoreError::Unavailable)?;
        check::check(&line).await.map_err(Failure::outcome)
    }

    async fn back_up(&self, _to: PathBuf) -> Result<u64> {
        Err(StoreError::Unsupported)
    }

    async fn compact(&self) -> Result<(u64, u64)> {
        Err(StoreError::Unsupported)
    }
}

#[cfg(test)]
mod tests;
