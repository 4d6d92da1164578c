//! `msg recv`.
//!
//! ```text
//! collect ── take unread rows, marked as shown ── write ── mark as read what was written
//! ```
//!
//! What was written and not yet marked when the process is killed comes again, with
//! `redelivered`. From the first write that failed on nothing is marked.

use std::time::Duration;

use msg_client::{
    driver::{Client, ClientError, follow::Following},
    engine::inbox::Unread,
};
use msg_protocol::id::AccountId;
use tokio::time::{Instant, sleep, timeout_at};

use super::shown;
use crate::{
    account,
    args::{Globals, messages::Recv},
    failure::{Exit, Failure},
    output::{self, WriteError},
    report,
};

/// Messages that are marked together.
const BATCH: usize = 64;
/// Between two looks while another process follows the mailbox.
const LOOK: Duration = Duration::from_millis(250);
/// The longest pause before a relay that was lost is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is shown, and how much of it.
struct Reading<'a> {
    globals: &'a Globals,
    args: &'a Recv,
    client: Client,
    of: Option<AccountId>,
    /// Rows from here on have not been looked at.
    from: u64,
    left: u64,
    shown: u64,
    /// Why the relay is not reached, while it is not.
    lost: Option<String>,
}

/// Shows what has come.
pub(crate) async fn run(globals: &Globals, args: &Recv) -> Result<Exit, Failure> {
    if args.raw && output::is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "--raw writes to no terminal: what others wrote \
            could move its cursor, and more",
        )
        .hint("msg recv -n 1 --raw >file"));
    }
    let client = account::open(globals, "recv")?;
    let of = match &args.from {
        Some(who) => Some(client.contact(who).await?.account),
        None => None,
    };
    let left = args.count.unwrap_or(u64::MAX);
    let mut reading = Reading { globals, args, client, of, from: 0, left, shown: 0, lost: None };
    let deadline = args.timeout.map(|span| Instant::now() + span.0);
    if args.follow {
        return reading.follow(deadline).await;
    }
    let collected = reading.client.take_in().await;
    reading.show().await?;
    if collected.is_ok() {
        reading.client.run_errands().await;
    }
    if reading.shown == 0
        && let Some(deadline) = deadline
    {
        return reading.wait(deadline).await;
    }
    // What was stored has been shown; that there may be more is said.
    collected?;
    reading.tell_of_strangers().await?;
    Ok(Exit::Done)
}

impl Reading<'_> {
    /// Somebody who watches, and is shown nothing, is told who waits to be let in.
    async fn tell_of_strangers(&self) -> Result<(), Failure> {
        let Globals { json, quiet, .. } = self.globals;
        if self.shown > 0 || *json || *quiet || !output::is_terminal() {
            return Ok(());
        }
        match self.client.figures().await?.requests {
            0 => {}
            1 => output::say("nothing new; 1 stranger waits: msg requests\n"),
            many => output::say(&format!("nothing new; {many} strangers wait: msg requests\n")),
        }
        Ok(())
    }

    /// Until the time is over, or as many came as were wanted.
    async fn follow(&mut self, deadline: Option<Instant>) -> Result<Exit, Failure> {
        self.until(deadline, |reading| reading.left == 0).await?;
        Ok(Exit::Done)
    }

    /// Until something came.
    async fn wait(&mut self, deadline: Instant) -> Result<Exit, Failure> {
        self.until(Some(deadline), |reading| reading.shown > 0).await?;
        if self.shown > 0 {
            return Ok(Exit::Done);
        }
        let failure = Failure::new(Exit::TimedOut, "no message came within the time");
        Err(match &self.lost {
            Some(why) => failure.hint(format!("the relay was not reached: {why}")),
            None => failure,
        })
    }

    async fn until(
        &mut self,
        deadline: Option<Instant>,
        is_done: impl Fn(&Self) -> bool,
    ) -> Result<(), Failure> {
        let mut following: Option<Following> = None;
        let mut pause = LOOK;
        loop {
            self.show().await?;
            if is_done(self) || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(());
            }
            let round = self.round(&mut following);
            let ended = match deadline {
                Some(deadline) => timeout_at(deadline, round).await,
                None => Ok(round.await),
            };
            match ended {
                Ok(Ok(())) => {
                    self.lost = None;
                    pause = LOOK;
                }
                Ok(Err(error)) if is_passing(&error) => {
                    following = None;
                    self.lost = Some(error.to_string());
                    if self.globals.verbose {
                        Failure::from(error).say(false);
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
    }

    /// Waits for something to come, over our own link or by another process.
    async fn round(&self, following: &mut Option<Following>) -> Result<(), ClientError> {
        if let Some(link) = following {
            link.next().await?;
            return Ok(());
        }
        *following = self.client.follow_once().await?;
        if following.is_none() {
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Shows what is unread, and marks what was written.
    async fn show(&mut self) -> Result<(), Failure> {
        while self.left > 0 {
            let limit = usize::try_from(self.left).unwrap_or(BATCH).min(BATCH);
            let unread = if self.args.peek {
                self.client.unread(self.from, self.of, limit).await?
            } else {
                self.client.take_unread(self.of, limit).await?
            };
            let Some(last) = unread.last() else { break };
            if self.args.peek {
                self.from = last.number + 1;
            }
            self.show_batch(&unread).await?;
        }
        Ok(())
    }

    async fn show_batch(&mut self, unread: &[Unread]) -> Result<(), Failure> {
        let mut written = Vec::new();
        let mut failed = Ok(());
        for message in unread {
            failed = self.write(message);
            if failed.is_err() {
                break;
            }
            written.push(message.number);
        }
        let count = u64::try_from(written.len()).unwrap_or(u64::MAX);
        self.shown += count;
        self.left -= count.min(self.left);
        if !self.args.peek && !written.is_empty() {
            self.client.mark_read(written).await?;
        }
        Ok(failed?)
    }

    fn write(&self, unread: &Unread) -> Result<(), WriteError> {
        if self.args.raw {
            let texts = shown::texts(&unread.message);
            return texts.iter().try_for_each(|(_, body)| output::data(&body.0));
        }
        let messages = shown::messages(&unread.message, Some(&unread.contact));
        messages.iter().try_for_each(|message| report::say(self.globals, message))
    }
}

/// Whether a relay that was lost may come back.
fn is_passing(error: &ClientError) -> bool {
    matches!(error, ClientError::Link(error) if error.is_passing())
}
