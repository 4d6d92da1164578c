//! What sweeping does about blobs: those that have expired are forgotten, and the
//! objects of those that were forgotten are removed.
//!
//! Objects are removed at once, and once more when whoever was putting one there
//! has given up; then the row goes. Each step can be done again, by any node.

use std::time::{Duration, Instant};

use msg_protocol::id::{AccountId, BlobId};
use tracing::warn;

use super::Forget;
use crate::store::{
    RelayTime, Result,
    postgres::{
        Postgres,
        failure::Failure,
        line::Line,
        pool::Change,
        value::{column, id_in, number},
    },
};

/// Most blobs that one round forgets, and whose objects it removes.
const AT_A_TIME: i64 = 64;
/// How long a round removes objects; what is left waits for the next one.
const REMOVING: Duration = Duration::from_secs(30);

impl Postgres {
    /// One round: how many blobs were forgotten, and whether there is more to do.
    pub(in crate::store::postgres) async fn sweep_blobs(
        &self,
        now: RelayTime,
    ) -> Result<(u64, bool)> {
        const OVER: &str = "SELECT id, acct FROM blob WHERE expires <= $1 AND NOT going \
             ORDER BY expires LIMIT $2";
        let over = self.pool.read(OVER, &[&number(now.0), &AT_A_TIME]).await?;
        let mut forgotten = 0;
        for row in &over {
            let blob = BlobId(id_in(row, 0).map_err(Failure::outcome)?);
            let account = AccountId(id_in(row, 1).map_err(Failure::outcome)?);
            let forget = Forget { account, blob, expired: Some(now) };
            forgotten += u64::from(self.pool.change(forget).await?);
        }
        let is_more = self.remove_objects().await?;
        Ok((forgotten, is_more || is_full(over.len())))
    }

    /// Removes objects of blobs that are going; says whether there are more. A
    /// place that does not answer is no reason not to sweep the rest.
    async fn remove_objects(&self) -> Result<bool> {
        const GOING: &str = "SELECT place, emptied FROM blob WHERE going AND due <= now() \
             ORDER BY due LIMIT $1";
        let since = Instant::now();
        let going = self.pool.read(GOING, &[&AT_A_TIME]).await?;
        for row in &going {
            if since.elapsed() > REMOVING {
                return Ok(true);
            }
            let place = id_in(row, 0).map_err(Failure::outcome)?;
            let was_emptied = column(row, 1).map_err(Failure::outcome)?;
            if let Err(error) = self.objects.remove_all(place).await {
                warn!(error = %error, "cannot remove pieces of blobs");
                return Ok(false);
            }
            crate::fail_point::pass("objects-removed");
            self.pool.change(Removed { place, was_emptied }).await?;
        }
        Ok(is_full(going.len()))
    }
}

fn is_full(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows >= AT_A_TIME)
}

/// The objects of a place are removed; the first time the row stays for a while.
struct Removed {
    place: [u8; 32],
    was_emptied: bool,
}

impl Change for Removed {
    type Outcome = ();

    async fn run(&self, line: &Line) -> core::result::Result<(), Failure> {
        // Far longer than anybody goes on putting an object.
        const WAIT: &str = "UPDATE blob SET emptied = true, due = now() + interval '10 minutes' \
             WHERE id = $1 AND going AND NOT emptied";
        const END: &str = "DELETE FROM blob WHERE id = $1 AND going AND emptied";
        let sql = if self.was_emptied { END } else { WAIT };
        line.execute(sql, &[&self.place.as_slice()]).await?;
        Ok(())
    }
}
