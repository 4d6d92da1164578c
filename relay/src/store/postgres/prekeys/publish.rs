//! What a device publishes.

use std::collections::HashSet;

use msg_protocol::{
    id::{AccountId, DeviceId},
    limits::MAX_ONE_TIME_PAIRS,
    prekey::OneTimePair,
    signed::Verified,
};

use crate::store::{
    postgres::{
        failure::Failure,
        line::Line,
        pool::Change,
        value::{bytes, column},
    },
    prekey::{NewPrekeys, Published},
};

/// Keeps a device's prekeys.
pub(super) struct PublishPrekeys {
    pub(super) account: AccountId,
    pub(super) device: DeviceId,
    pub(super) new: NewPrekeys,
}

impl Change for PublishPrekeys {
    type Outcome = Published;

    async fn run(&self, line: &Line) -> Result<Published, Failure> {
        const LOCK: &str = "SELECT next_pair FROM device WHERE acct = $1 AND id = $2 FOR UPDATE";
        const THERE: &str = "SELECT id FROM prekey WHERE acct = $1 AND device = $2";
        let (account, device) = (self.account.0.as_slice(), self.device.0.as_slice());
        let Some(row) = line.row(LOCK, &[&account, &device]).await? else {
            return Ok(Published::NotFound);
        };
        let next_pair = column(&row, 0)?;
        let there = line.query(THERE, &[&account, &device]).await?;
        let there = there.iter().map(|row| column(row, 0)).collect::<Result<_, _>>()?;
        let pairs = Pairs::after(&self.new, there, next_pair);
        if pairs.total > MAX_ONE_TIME_PAIRS {
            return Ok(Published::TooMany);
        }
        self.keep(line, pairs, next_pair).await?;
        Ok(Published::Done)
    }
}

impl PublishPrekeys {
    async fn keep(&self, line: &Line, pairs: Pairs<'_>, next_pair: i64) -> Result<(), Failure> {
        const REMOVE: &str = "DELETE FROM prekey WHERE acct = $1 AND device = $2 AND id = ANY($3)";
        const ADD: &str = "INSERT INTO prekey (acct, device, id, pair) \
             SELECT $1, $2, * FROM unnest($3::bigint[], $4::bytea[])";
        const DEVICE: &str = "UPDATE device SET signed = coalesce($3, signed), \
             last_resort = coalesce($4, last_resort), next_pair = $5 WHERE acct = $1 AND id = $2";
        let (account, device) = (self.account.0.as_slice(), self.device.0.as_slice());
        if !pairs.gone.is_empty() {
            line.execute(REMOVE, &[&account, &device, &pairs.gone]).await?;
        }
        if !pairs.added.is_empty() {
            let numbers: Vec<i64> = pairs.added.iter().map(|pair| number_of(pair)).collect();
            let values: Vec<Vec<u8>> =
                pairs.added.iter().map(|pair| bytes(pair.as_signed())).collect();
            line.execute(ADD, &[&account, &device, &numbers, &values]).await?;
        }
        let signed = self.new.signed.as_ref().map(|signed| bytes(signed.as_signed()));
        let last_resort = self.new.last_resort.as_ref().map(|signed| bytes(signed.as_signed()));
        let next = self.new.one_time.iter().map(|pair| number_of(pair) + 1).max();
        let next = next_pair.max(next.unwrap_or_default());
        line.execute(DEVICE, &[&account, &device, &signed, &last_resort, &next]).await?;
        Ok(())
    }
}

/// What becomes of a device's pairs.
struct Pairs<'a> {
    gone: Vec<i64>,
    added: Vec<&'a Verified<OneTimePair>>,
    total: usize,
}

impl<'a> Pairs<'a> {
    /// What becomes of those `there`, when no number from `next_pair` on has been
    /// given yet.
    fn after(new: &'a NewPrekeys, there: Vec<i64>, next_pair: i64) -> Self {
        let named: HashSet<i64> = new.one_time.iter().map(|pair| number_of(pair)).collect();
        let (stay, gone): (Vec<i64>, Vec<i64>) =
            there.into_iter().partition(|number| !new.replace || named.contains(number));
        let mut all: HashSet<i64> = stay.into_iter().collect();
        let unused = new.one_time.iter().filter(|pair| number_of(pair) >= next_pair);
        let added = unused.filter(|pair| all.insert(number_of(pair))).collect();
        Self { gone, added, total: all.len() }
    }
}

fn number_of(pair: &OneTimePair) -> i64 {
    i64::from(pair.id.0)
}
