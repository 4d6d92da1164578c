//! Following: a signed-in link that stays, and stores what comes as it comes.

use std::time::Duration;

use msg_protocol::{push::Push, request::Credit, response::Row, time::UnixSeconds};
use tokio::time::timeout;

use super::{Client, ClientError, collect::Mailbox, now};
use crate::engine::{
    account,
    inbox::{self, News},
    marks, receipts,
};

/// Envelopes that the relay may push before it is given more credit.
const CREDIT: u16 = 64;
/// How long rows are gathered before they are stored together.
const GATHER: Duration = Duration::from_millis(2);
/// Rows that are stored together at most.
const GATHERED: usize = 32;
/// Seconds between two looks after what is published.
const UPKEEP_S: u64 = 3_600;
/// Seconds after which it is noted again that the mailbox is empty.
const NOTE_S: u64 = 60;
/// The longest pause between two looks at what is due.
const LOOK: Duration = Duration::from_secs(10);

/// A link that is followed.
pub struct Following {
    client: Client,
    mailbox: Mailbox,
    credit: u16,
    /// When prekeys were last looked after.
    kept_up: UnixSeconds,
    /// When it was last noted that the mailbox is empty.
    noted: UnixSeconds,
}

impl Client {
    /// Empties the mailbox and follows it; none if another process does.
    pub async fn follow_once(&self) -> Result<Option<Following>, ClientError> {
        let Some(mailbox) = self.open_mailbox(Duration::ZERO).await? else { return Ok(None) };
        self.empty(&mailbox).await?;
        let _ = self.deliver(None).await;
        let (client, kept_up) = (self.clone(), now());
        let mut following = Following { client, mailbox, credit: 0, kept_up, noted: kept_up };
        following.renew().await?;
        Ok(Some(following))
    }
}

impl Following {
    /// Waits until something has come, or was due, and says what.
    pub async fn next(&mut self) -> Result<Vec<News>, ClientError> {
        self.keep_up().await?;
        let due = self.client.look(|rows| Ok(receipts::next_due(rows)?)).await?;
        let pause =
            due.map_or(LOOK, |due| Duration::from_secs(due.0.saturating_sub(now().0)).min(LOOK));
        let mut rows: Vec<Row> = Vec::new();
        let Ok(push) = timeout(pause, self.mailbox.link().next_push()).await else {
            self.client.deliver(None).await?;
            return Ok(Vec::new());
        };
        self.pushed(push?, &mut rows).await?;
        while rows.len() < GATHERED
            && let Ok(push) = timeout(GATHER, self.mailbox.link().next_push()).await
        {
            self.pushed(push?, &mut rows).await?;
        }
        if rows.is_empty() {
            self.renew().await?;
            return Ok(Vec::new());
        }
        let news = self.client.take(self.mailbox.link(), rows).await?;
        self.client.follow_up(&news).await?;
        self.renew().await?;
        // Receipts at once, and what an acceptance or a reset has set free.
        self.client.deliver(None).await?;
        Ok(news)
    }

    /// What short commands do whenever they collect; they do not while this follows.
    async fn keep_up(&mut self) -> Result<(), ClientError> {
        let now = now();
        if now.0.abs_diff(self.kept_up.0) >= UPKEEP_S {
            self.kept_up = now;
            self.noted = now;
            self.client.maintain(self.mailbox.link()).await?;
            return self.client.follow_up(&[]).await;
        }
        // Another command may have changed it, and waits for nobody.
        self.client.publish_door(self.mailbox.link()).await?;
        if now.0.abs_diff(self.noted.0) >= NOTE_S {
            self.noted = now;
            self.note_collected().await?;
        }
        Ok(())
    }

    async fn pushed(&mut self, push: Push, rows: &mut Vec<Row>) -> Result<(), ClientError> {
        match push {
            Push::Arrived(arrived) => {
                self.credit = self.credit.saturating_sub(1);
                rows.push(arrived.row);
            }
            Push::Passing(passing) => {
                self.credit = self.credit.saturating_sub(1);
                self.client.take_passing(passing.envelope).await?;
            }
            Push::PrekeysLow(_) => self.client.maintain(self.mailbox.link()).await?,
            _ => {}
        }
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), ClientError> {
        if self.credit > CREDIT / 2 {
            return Ok(());
        }
        let epoch = self.mailbox.link().welcome().epoch;
        let after = self.client.look(move |rows| inbox::after(rows, epoch)).await?;
        let more = CREDIT - self.credit;
        self.mailbox.link().ask(Credit { envelopes: more, after }).await?;
        self.credit = CREDIT;
        self.note_collected().await
    }

    async fn note_collected(&self) -> Result<(), ClientError> {
        self.client
            .section(|draft, _| {
                marks::purge(draft, now())?;
                Ok(account::change_relay(draft, |state| state.collected = now())?)
            })
            .await
    }
}
