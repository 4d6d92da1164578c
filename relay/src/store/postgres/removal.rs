//! Envelopes that leave their mailbox: acknowledged, or damaged.

use msg_protocol::id::MailboxId;
use tracing::warn;

use super::{failure::Failure, line::Line, pool::Change, value::number};
use crate::store::mailbox::Acknowledged;

/// Removes envelopes with their part of the mailbox's counters, in one statement.
macro_rules! remove {
    ($which:literal) => {
        concat!(
            "WITH d AS (DELETE FROM envelope WHERE mbx = $1 AND seq ",
            $which,
            " $2 RETURNING octet_length(body) + 128 AS counted, knock) \
             UPDATE mailbox SET cnt = cnt - (SELECT count(*) FROM d), \
             bytes = bytes - (SELECT coalesce(sum(counted), 0) FROM d)::bigint, \
             knocks = knocks - (SELECT coalesce(sum(knock), 0) FROM d)::bigint \
             WHERE id = $1 AND EXISTS (SELECT 1 FROM d)"
        )
    };
}

const UP_TO: &str = remove!("<=");
const ONE: &str = remove!("=");

/// The statements, to be prepared before they are needed.
pub(super) const STATEMENTS: [&str; 2] = [UP_TO, ONE];

/// Forgets what is on the device's own disk.
pub(super) async fn acknowledge(
    line: &Line,
    mailbox: MailboxId,
    which: Acknowledged,
) -> Result<(), Failure> {
    let (sql, sequence) = match which {
        Acknowledged::UpTo(last) => (UP_TO, last),
        Acknowledged::One(one) => (ONE, one),
    };
    line.execute(sql, &[&mailbox.as_bytes().as_slice(), &number(sequence)]).await?;
    Ok(())
}

/// An acknowledgement in a transaction of its own.
pub(super) struct Acknowledgement(pub(super) MailboxId, pub(super) Acknowledged);

impl Change for Acknowledgement {
    type Outcome = ();

    async fn run(&self, line: &Line) -> Result<(), Failure> {
        acknowledge(line, self.0, self.1).await
    }
}

/// A row that is not what was written is set aside, and counted.
pub(super) struct SetAside(pub(super) MailboxId, pub(super) i64);

impl Change for SetAside {
    type Outcome = ();

    async fn run(&self, line: &Line) -> Result<(), Failure> {
        const KEEP: &str = "INSERT INTO aside (what, key, value) \
             SELECT 'envelope', mbx || int8send(seq), head || body FROM envelope \
             WHERE mbx = $1 AND seq = $2 ON CONFLICT DO NOTHING";
        const COUNT: &str = "UPDATE relay SET damaged = damaged + 1";
        let mailbox = self.0.as_bytes().as_slice();
        if line.execute(KEEP, &[&mailbox, &self.1]).await? > 0 {
            line.execute(ONE, &[&mailbox, &self.1]).await?;
            line.execute(COUNT, &[]).await?;
            warn!(kind = "envelope", "a damaged row was set aside");
        }
        Ok(())
    }
}
