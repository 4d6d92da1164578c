//! Sending: posted, delivered, and as far as it was asked for.

mod contents;
mod group;
mod posting;
mod sent;

use std::time::Duration;

use msg_protocol::{
    content::{Confirm, Content},
    id::{AccountId, MessageId},
};
use tokio::time::{Instant, sleep, timeout};

pub use self::sent::{Problem, Sent};
pub(super) use self::{contents::ContentFor, posting::post_all};
use self::{contents::contents, posting::held};
use super::{Client, ClientError, deliver::Delivery, now};
use crate::{
    engine::{
        EngineError,
        account::{self, Own},
        contacts,
        outbox::{self, Due},
        receipts, settings,
    },
    rows::Level,
    step::Draft,
};

/// Bytes of a text that always fits an envelope, with what goes around it.
pub const MAX_TEXT_BYTES: usize = 60_000;
/// How long what waits for others may hold a command up.
const OTHERS: Duration = Duration::from_secs(3);
/// Between two tries to follow.
const RETRY: Duration = Duration::from_secs(1);
/// Between two looks whether a message got further.
const LOOK: Duration = Duration::from_millis(100);
/// Seconds after which a command that goes online looks for confirmations, and
/// after which it does while some are missing.
const COLLECT_AFTER_S: u64 = 600;
const COLLECT_UNCONFIRMED_AFTER_S: u64 = 60;

/// Something to be sent.
#[derive(Debug, Clone)]
pub struct Sending {
    /// To whom, by name or address.
    pub to: Vec<String>,
    /// What.
    pub what: What,
    /// How far it has to get.
    pub wanted: Level,
    /// How long that may take.
    pub timeout: Duration,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Under this key it is sent once, however often it is asked for.
    pub key: Option<String>,
    /// Seconds after reading until it goes, on both sides.
    pub expire_s: Option<u32>,
}

/// What is sent.
#[derive(Debug, Clone)]
pub enum What {
    /// One text.
    Text(Vec<u8>),
    /// Several, packed into as few envelopes as they fit.
    Lines(Vec<Vec<u8>>),
    /// What is done to an earlier message.
    Mark(Box<Content>),
}

impl Client {
    /// Sends, and waits until everybody has it as far as was asked for.
    pub async fn send(&self, sending: Sending) -> Result<Vec<Sent>, ClientError> {
        let deadline = Instant::now() + sending.timeout;
        let wanted = sending.wanted;
        let contents = contents(&sending)?;
        let (to, key) = (sending.to.clone(), sending.key.clone());
        let confirm = if wanted > Level::Relay { Confirm::AtOnce } else { Confirm::Later };
        let (sent, due) = self
            .step(move |draft, rng| {
                let own = Own::load(&draft)?;
                let sent = post_all(&draft, to, key.as_deref(), &own, &contents, confirm, rng)?;
                let due = due_for(&draft, &sent, rng)?;
                Ok(draft.step((sent, due)))
            })
            .await?;
        self.see_through(sent, due, wanted, deadline).await
    }

    /// Delivers what was posted, and waits until everybody has it as far as was asked
    /// for.
    pub(super) async fn see_through(
        &self,
        mut sent: Vec<Sent>,
        (due, is_collecting): (Due, bool),
        wanted: Level,
        deadline: Instant,
    ) -> Result<Vec<Sent>, ClientError> {
        let delivery = self.deliver_due(due).await?;
        self.judge(&mut sent, &delivery).await?;
        self.await_first(&mut sent, wanted.min(Level::Relay), deadline).await?;
        let _ = timeout(OTHERS, self.deliver(None)).await;
        if wanted > Level::Relay {
            self.await_level(&mut sent, wanted, deadline).await?;
        } else if is_collecting {
            // What is stored is stored; the next command looks again.
            let _ = self.collect().await;
            self.judge(&mut sent, &delivery).await?;
        }
        for row in &mut sent {
            if row.problem.is_none() && row.level < wanted {
                row.problem = Some(Problem::Late);
            }
        }
        Ok(sent)
    }

    /// Looks how far messages got, and says what stands in the way.
    pub(super) async fn judge(
        &self,
        sent: &mut [Sent],
        delivery: &Delivery,
    ) -> Result<(), ClientError> {
        let asked: Vec<(Option<AccountId>, Vec<MessageId>, bool)> =
            sent.iter().map(|row| (row.account, row.messages.clone(), row.is_repeated)).collect();
        let found = self
            .look(move |rows| {
                let settings = settings::of(rows)?;
                let mut found = Vec::new();
                for (account, messages, is_repeated) in asked {
                    let Some(account) = account else {
                        found.push(None);
                        continue;
                    };
                    let mut level = Level::Read;
                    // What was sent before and is gone by now was read.
                    let unknown = if is_repeated { Level::Read } else { Level::Failed };
                    for message in messages {
                        let known = outbox::level_of(rows, account, message)?;
                        level = level.min(known.unwrap_or(unknown));
                    }
                    let contact = contacts::with(rows, account)?;
                    let waits = contact.as_ref().is_some_and(|row| row.door.is_none());
                    let held = contact.as_ref().and_then(|row| held(row, &settings));
                    let is_met = contact.is_some();
                    found.push(Some((level, waits, held, is_met)));
                }
                Ok(found)
            })
            .await?;
        for (row, found) in sent.iter_mut().zip(found) {
            let (Some(account), Some((level, waits, held, is_met))) = (row.account, found) else {
                continue;
            };
            if row.messages.is_empty() {
                continue;
            }
            row.level = level;
            let failure = delivery.failures.iter().find(|(failed, _)| *failed == account);
            row.problem = match failure {
                _ if level >= Level::Relay => None,
                _ if held.is_some() => held,
                _ if !is_met => Some(Problem::Unmet),
                Some((_, error)) => Some(Problem::Link(error.clone())),
                None if waits => Some(Problem::AwaitsAcceptance),
                None => None,
            };
        }
        Ok(())
    }

    /// What was sent under the same key may be under way in another process: that is
    /// waited for, and taken up where it stops.
    async fn await_first(
        &self,
        sent: &mut [Sent],
        wanted: Level,
        deadline: Instant,
    ) -> Result<(), ClientError> {
        loop {
            let is_under_way =
                |row: &&Sent| row.is_repeated && row.problem.is_none() && row.level < wanted;
            let waiting: Vec<AccountId> =
                sent.iter().filter(is_under_way).filter_map(|row| row.account).collect();
            if waiting.is_empty() || Instant::now() >= deadline {
                return Ok(());
            }
            sleep(LOOK).await;
            let delivery = self.deliver(Some(waiting)).await?;
            self.judge(sent, &delivery).await?;
        }
    }

    async fn await_level(
        &self,
        sent: &mut [Sent],
        wanted: Level,
        deadline: Instant,
    ) -> Result<(), ClientError> {
        let delivery = Delivery::default();
        let mut follower = None;
        loop {
            self.judge(sent, &delivery).await?;
            let is_done = |row: &Sent| row.messages.is_empty() || row.level >= wanted;
            if sent.iter().all(is_done) || Instant::now() >= deadline {
                return Ok(());
            }
            // Another process that follows stores what comes; else we do.
            let left = deadline.saturating_duration_since(Instant::now());
            if follower.is_none() {
                match timeout(left, self.follow_once()).await {
                    Ok(Ok(found)) => follower = found,
                    _ => sleep(RETRY.min(left)).await,
                }
            }
            match &mut follower {
                Some(following) => {
                    if let Ok(Err(_)) = timeout(left, following.next()).await {
                        follower = None;
                        sleep(RETRY.min(left)).await;
                    }
                }
                None => sleep(LOOK).await,
            }
        }
    }
}

/// What is due to these people, and whether the mailbox is to be looked at. Others
/// come after these, so that nobody waits for their relays.
pub(super) fn due_for(
    draft: &Draft<'_>,
    sent: &[Sent],
    rng: &mut super::Random,
) -> Result<(Due, bool), EngineError> {
    receipts::post_due(draft, now(), rng)?;
    let own = Own::load(draft)?;
    let these: Vec<AccountId> = sent.iter().filter_map(|row| row.account).collect();
    let due = outbox::due(draft, &own, Some(&these), now(), rng)?;
    let since = now().0.saturating_sub(account::relay(draft)?.collected.0);
    let is_collecting = since >= COLLECT_AFTER_S
        || (since >= COLLECT_UNCONFIRMED_AFTER_S && outbox::has_unconfirmed(draft)?);
    Ok((due, is_collecting))
}
