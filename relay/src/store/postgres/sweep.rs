//! The store's time, and what it removes.
//!
//! Several nodes sweep at once. What one of them, or whoever else, has in hand is
//! left for the next round: a sweep waits for nobody, so that nothing can be
//! locked in a circle. Envelopes go one mailbox at a time, each in a transaction
//! of its own, with its counters.
//!
//! Time passes at the database as well as at the nodes: a node that starts beside
//! others finds theirs. While no node runs it stands still, but for what one
//! sweep lies behind another.

use msg_protocol::{id::MailboxId, time::UnixSeconds};

use super::{
    Postgres,
    failure::Failure,
    line::Line,
    pool::Change,
    value::{id_in, number, number_in},
};
use crate::store::{
    RelayTime, Result,
    upkeep::{BETWEEN_SWEEPS, Swept},
};

/// Most rows that one round of sweeping removes.
const SWEPT_AT_A_TIME: u64 = 1_024;

/// Seconds since the time was kept, by the database's clock; at most those
/// [between two sweeps](BETWEEN_SWEEPS), which that parameter says.
macro_rules! passed {
    ($most:literal) => {
        concat!(
            "floor(least(greatest(extract(epoch FROM clock_timestamp() - kept), 0), ",
            $most,
            "::bigint))::bigint"
        )
    };
}

impl Postgres {
    /// The time of the store, from the wall clock's on.
    pub(super) async fn store_time(&self, wall: UnixSeconds) -> Result<RelayTime> {
        self.pool.change(Begin(wall)).await.map(RelayTime)
    }

    /// One round.
    pub(super) async fn sweep_once(&self, now: RelayTime) -> Result<Swept> {
        let mut swept = self.pool.change(KeepTime(now)).await?;
        self.sweep_envelopes(now, &mut swept).await?;
        let (blobs, more) = self.sweep_blobs(now).await?;
        swept.blobs += blobs;
        swept.more |= more;
        Ok(swept)
    }

    async fn sweep_envelopes(&self, now: RelayTime, swept: &mut Swept) -> Result<()> {
        // Of those that expired first.
        const DUE: &str = "SELECT DISTINCT mbx FROM \
             (SELECT mbx FROM envelope WHERE expires <= $1 ORDER BY expires LIMIT $2) AS due";
        let rows = self.pool.read(DUE, &[&number(now.0), &number(SWEPT_AT_A_TIME)]).await?;
        let mut room = SWEPT_AT_A_TIME;
        for row in &rows {
            if room == 0 {
                break;
            }
            let mailbox = MailboxId(id_in(row, 0).map_err(Failure::outcome)?);
            let removed = self.pool.change(SweepMailbox { mailbox, now, room }).await?;
            // What is in somebody's hands comes in the next round.
            swept.more |= removed.is_none();
            room = room.saturating_sub(removed.unwrap_or(0));
            swept.envelopes += removed.unwrap_or(0);
        }
        swept.more |= room == 0;
        Ok(())
    }
}

/// The first time of a new store.
struct Begin(UnixSeconds);

impl Change for Begin {
    type Outcome = u64;

    async fn run(&self, line: &Line) -> core::result::Result<u64, Failure> {
        const BEGIN: &str =
            "UPDATE relay SET time = $1, kept = clock_timestamp() WHERE time IS NULL";
        const ASK: &str = concat!("SELECT time + ", passed!("$1"), " FROM relay");
        // A new store has the very time that it was given.
        if line.execute(BEGIN, &[&number(self.0.0)]).await? > 0 {
            return Ok(self.0.0);
        }
        let row =
            line.row(ASK, &[&number(BETWEEN_SWEEPS.as_secs())]).await?.ok_or(Failure::Again)?;
        number_in(&row, 0)
    }
}

/// Keeps the time, and removes what belongs to no mailbox.
struct KeepTime(RelayTime);

impl Change for KeepTime {
    type Outcome = Swept;

    async fn run(&self, line: &Line) -> core::result::Result<Swept, Failure> {
        // Nodes a little behind the others leave it as it is.
        const KEEP: &str = concat!(
            "UPDATE relay SET time = $1, kept = clock_timestamp() \
             WHERE time IS NULL OR time + ",
            passed!("$2"),
            " < $1"
        );
        const RIGHTS: &str = "DELETE FROM knock_right WHERE (acct, id) IN \
             (SELECT acct, id FROM knock_right WHERE expires <= $1 \
             ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED)";
        const INVITES: &str = "DELETE FROM invite WHERE id IN \
             (SELECT id FROM invite WHERE uses <= 0 OR expires <= $1 \
             LIMIT $2 FOR UPDATE SKIP LOCKED)";
        const BUCKETS: &str = "DELETE FROM bucket WHERE key IN (SELECT key FROM bucket \
             WHERE full_at <= (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint \
             LIMIT $1 FOR UPDATE SKIP LOCKED)";
        let (now, room) = (number(self.0.0), number(SWEPT_AT_A_TIME));
        line.execute(KEEP, &[&now, &number(BETWEEN_SWEEPS.as_secs())]).await?;
        let rights = line.execute(RIGHTS, &[&now, &room]).await?;
        let invites = line.execute(INVITES, &[&now, &room]).await?;
        let buckets = line.execute(BUCKETS, &[&room]).await?;
        let more = [rights, invites, buckets].contains(&SWEPT_AT_A_TIME);
        Ok(Swept { rights: rights + invites, more, ..Swept::default() })
    }
}

/// Removes some of a mailbox's envelopes; `None` if somebody is at it.
struct SweepMailbox {
    mailbox: MailboxId,
    now: RelayTime,
    room: u64,
}

impl Change for SweepMailbox {
    type Outcome = Option<u64>;

    async fn run(&self, line: &Line) -> core::result::Result<Option<u64>, Failure> {
        const LOCK: &str = "SELECT 1 FROM mailbox WHERE id = $1 FOR UPDATE SKIP LOCKED";
        const IS_THERE: &str = "SELECT 1 FROM mailbox WHERE id = $1";
        const REMOVE: &str = "WITH due AS MATERIALIZED (SELECT seq FROM envelope \
             WHERE mbx = $1 AND expires <= $2 ORDER BY seq LIMIT $3 FOR UPDATE SKIP LOCKED), \
             d AS (DELETE FROM envelope WHERE mbx = $1 AND seq IN (SELECT seq FROM due) \
             RETURNING octet_length(body) + 128 AS counted, knock), \
             m AS (UPDATE mailbox SET cnt = cnt - (SELECT count(*) FROM d), \
             bytes = bytes - (SELECT coalesce(sum(counted), 0) FROM d)::bigint, \
             knocks = knocks - (SELECT coalesce(sum(knock), 0) FROM d)::bigint \
             WHERE id = $1 AND EXISTS (SELECT 1 FROM d)) \
             SELECT count(*) FROM d";
        let mailbox = self.mailbox.as_bytes().as_slice();
        let is_free = line.row(LOCK, &[&mailbox]).await?.is_some();
        if !is_free && line.row(IS_THERE, &[&mailbox]).await?.is_some() {
            return Ok(None);
        }
        let (now, room) = (number(self.now.0), number(self.room));
        let row = line.row(REMOVE, &[&mailbox, &now, &room]).await?.ok_or(Failure::Again)?;
        number_in(&row, 0).map(Some)
    }
}
