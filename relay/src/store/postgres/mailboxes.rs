//! Mailboxes and the envelopes in them.

use msg_protocol::id::MailboxId;
use tokio_postgres::Row;

use super::{
    Postgres,
    envelope::{self, Opened, columns},
    failure::Failure,
    removal::SetAside,
    value::{number, number_in},
};
use crate::store::{
    Mailboxes, RelayTime, Result, StoreError,
    mailbox::{Acknowledged, Appended, NewEnvelope, RowPage, Waiting},
};

/// Bytes of the smallest body: no page of so many bytes holds more bodies than
/// bytes divided by this.
const SMALLEST_BODY: usize = 4_096;

/// Envelopes that one statement reads at most.
const MOST: usize = 1_024;

impl Mailboxes for Postgres {
    async fn append(&self, new: NewEnvelope) -> Result<Appended> {
        self.writers.append(new).await
    }

    async fn collect(
        &self,
        mailbox: MailboxId,
        after: u64,
        envelopes: usize,
        bytes: usize,
        now: RelayTime,
    ) -> Result<RowPage> {
        const READ: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM envelope WHERE mbx = $1 AND seq > $2 AND expires > $3 ORDER BY seq LIMIT $4"
        );
        let most = envelopes.min(bytes / SMALLEST_BODY).clamp(1, MOST);
        let limit = number(most as u64 + 1);
        let place = mailbox.as_bytes().as_slice();
        let rows = self.pool.read(READ, &[&place, &number(after), &number(now.0), &limit]).await?;
        let mut page = RowPage::default();
        let mut given = 0;
        for (index, row) in rows.iter().enumerate() {
            let opened = envelope::open(mailbox, row).map_err(Failure::outcome)?;
            let row = match opened {
                Opened::Whole(row) => row,
                Opened::Damaged(sequence) => {
                    self.pool.change(SetAside(mailbox, sequence)).await?;
                    // What lies behind the rows read may be more.
                    page.more |= index + 1 == rows.len() && rows.len() > most;
                    continue;
                }
            };
            given += row.envelope.body.as_bytes().len();
            if !page.rows.is_empty() && (page.rows.len() >= most || given > bytes) {
                page.more = true;
                break;
            }
            page.rows.push(row);
        }
        Ok(page)
    }

    async fn acknowledge(&self, mailbox: MailboxId, which: Acknowledged) -> Result<()> {
        self.writers.acknowledge(mailbox, which).await
    }

    async fn waiting(&self, mailbox: MailboxId) -> Result<Waiting> {
        const READ: &str = "SELECT cnt, bytes, knocks FROM mailbox WHERE id = $1";
        let row = self.pool.read_row(READ, &[&mailbox.as_bytes().as_slice()]).await?;
        row.map_or_else(|| Ok(Waiting::default()), |row| waiting_in(&row, 0))
    }
}

/// What waits, in three columns from that one on.
pub(super) fn waiting_in(row: &Row, first: usize) -> Result<Waiting> {
    let read = |place| number_in(row, first + place).map_err(Failure::outcome);
    let small = |number| u32::try_from(number).map_err(|_| StoreError::Damaged);
    Ok(Waiting { envelopes: small(read(0)?)?, bytes: read(1)?, knocks: small(read(2)?)? })
}
