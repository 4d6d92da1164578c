//! What is handed out: bundles, each pair once.

use std::collections::{HashMap, HashSet};

use msg_protocol::{
    card::{self, Card},
    id::{AccountId, DeviceId},
    prekey::{LastResortPrekey, OneTimePair, PrekeyBundle, SignedPrekey},
    signed::Signed,
};
use tokio_postgres::Row;

use super::count_in;
use crate::store::{
    RelayTime,
    postgres::{
        failure::Failure,
        line::Line,
        pool::Change,
        value::{DAMAGED, id_in, number, optional_value_in, value_in},
    },
    prekey::{Taken, Taking},
    right::RightId,
};

/// Hands out bundles.
pub(super) struct TakePrekeys {
    pub(super) account: AccountId,
    pub(super) devices: Vec<DeviceId>,
    pub(super) taking: Taking,
    pub(super) now: RelayTime,
}

/// The prekeys of a device that has published.
struct Ready {
    signed: Signed<SignedPrekey>,
    last_resort: Signed<LastResortPrekey>,
}

/// The pair that a device gives, and how many it has left.
#[derive(Default)]
struct Share {
    pair: Option<Signed<OneTimePair>>,
    left: u16,
}

impl Change for TakePrekeys {
    type Outcome = Option<Vec<Taken>>;

    async fn run(&self, line: &Line) -> Result<Self::Outcome, Failure> {
        const LOCK: &str = "SELECT card FROM account WHERE id = $1 FOR UPDATE";
        let Some(account) = line.row(LOCK, &[&self.account.0.as_slice()]).await? else {
            return Ok(None);
        };
        let wanted = self.wanted(&account)?;
        let with_pairs = match self.taking {
            Taking::Without => false,
            Taking::Door => true,
            Taking::Right(id) => self.spend_fetch(line, id).await?,
        };
        let mut ready = self.ready(line, &wanted).await?;
        let mut shares = self.shares(line, ready.keys(), with_pairs).await?;
        let taken = wanted.into_iter().filter_map(|device| {
            let Ready { signed, last_resort } = ready.remove(&device)?;
            let Share { pair, left } = shares.remove(&device).unwrap_or_default();
            let bundle = PrekeyBundle { device, signed, last_resort, one_time: pair };
            Some(Taken { bundle, left })
        });
        Ok(Some(taken.collect()))
    }
}

impl TakePrekeys {
    /// The devices that are asked for, each once, or those of the card.
    fn wanted(&self, account: &Row) -> Result<Vec<DeviceId>, Failure> {
        if self.devices.is_empty() {
            let card: Signed<Card> = value_in(account, 0)?;
            let card = card.peek_unverified().map_err(|_| DAMAGED)?;
            return Ok(card.devices.iter().map(card::Device::id).collect());
        }
        let mut named = HashSet::new();
        Ok(self.devices.iter().copied().filter(|device| named.insert(*device)).collect())
    }

    /// Spends the fetch of a right; whether there was one.
    async fn spend_fetch(&self, line: &Line, id: RightId) -> Result<bool, Failure> {
        const SPEND: &str = "UPDATE knock_right SET may_fetch = false \
             WHERE acct = $1 AND id = $2 AND may_fetch AND expires > $3";
        let (account, id) = (self.account.0.as_slice(), id.0.as_slice());
        Ok(line.execute(SPEND, &[&account, &id, &number(self.now.0)]).await? > 0)
    }

    /// Those of the devices that have published, with their rows locked.
    async fn ready(
        &self,
        line: &Line,
        devices: &[DeviceId],
    ) -> Result<HashMap<DeviceId, Ready>, Failure> {
        const LOCK: &str = "SELECT id, signed, last_resort FROM device \
             WHERE acct = $1 AND id = ANY($2) ORDER BY id FOR UPDATE";
        let ids: Vec<&[u8]> = devices.iter().map(|device| device.0.as_slice()).collect();
        let mut ready = HashMap::new();
        for row in line.query(LOCK, &[&self.account.0.as_slice(), &ids]).await? {
            let (signed, last_resort) = (optional_value_in(&row, 1)?, optional_value_in(&row, 2)?);
            if let (Some(signed), Some(last_resort)) = (signed, last_resort) {
                ready.insert(DeviceId(id_in(&row, 0)?), Ready { signed, last_resort });
            }
        }
        Ok(ready)
    }

    /// What those devices, whose rows are locked, give and have left. One that
    /// has no pair is left out.
    async fn shares(
        &self,
        line: &Line,
        devices: impl Iterator<Item = &DeviceId>,
        with_pairs: bool,
    ) -> Result<HashMap<DeviceId, Share>, Failure> {
        const TAKE: &str = "DELETE FROM prekey p USING \
             (SELECT device, min(id) AS id, count(*) - 1 AS left_over FROM prekey \
              WHERE acct = $1 AND device = ANY($2) GROUP BY device) lowest \
             WHERE p.acct = $1 AND p.device = lowest.device AND p.id = lowest.id \
             RETURNING p.device, p.pair, lowest.left_over";
        const COUNT: &str = "SELECT device, NULL::bytea, count(*) FROM prekey \
             WHERE acct = $1 AND device = ANY($2) GROUP BY device";
        let ids: Vec<&[u8]> = devices.map(|device| device.0.as_slice()).collect();
        let sql = if with_pairs { TAKE } else { COUNT };
        let rows = line.query(sql, &[&self.account.0.as_slice(), &ids]).await?;
        let share = |row: &Row| {
            let share = Share { pair: optional_value_in(row, 1)?, left: count_in(row, 2)? };
            Ok((DeviceId(id_in(row, 0)?), share))
        };
        rows.iter().map(share).collect()
    }
}
