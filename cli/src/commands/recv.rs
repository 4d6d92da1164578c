//! `msg recv`.
//!
//! ```text
//! collect ── take unread rows, marked as shown ── write ── mark as read what was written
//! ```
//!
//! What was written and not yet marked when the process is killed comes again, with
//! `redelivered`. From the first write that failed on nothing is marked.

use std::{collections::BTreeMap, time::Duration};

use msg_client::{
    driver::{Client, groups::Labels},
    engine::{handling::Wanted, inbox::Unread},
    rows::Whose,
};
use rustix::process::Signal;
use tokio::time::Instant;

use super::{exec::Handler, shown, waiting::Waiting};
use crate::{
    account,
    args::{Globals, messages::Recv},
    child,
    failure::{Exit, Failure},
    output::{self, WriteError},
    report,
};

/// Messages that are marked together.
const BATCH: usize = 64;
/// The longest pause before a long text that could not be fetched is tried again.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What is shown, and how much of it.
struct Reading<'a> {
    globals: &'a Globals,
    args: &'a Recv,
    client: Client,
    of: Whose,
    /// Long texts that could not be fetched, by number: when they are tried again.
    later: BTreeMap<u64, Later>,
    left: u64,
    shown: u64,
    /// Why the relay is not reached, while it is not.
    lost: Option<String>,
    handler: Option<Handler<'a>>,
    /// The signal that ends it.
    stopped: Option<Signal>,
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
        Some(who) => client.whose(who).await?,
        None => Whose::Everybody,
    };
    let left = args.count.unwrap_or(u64::MAX);
    let handler = match args.exec.as_slice() {
        [] => None,
        _ => Some(Handler::new(globals, args, client.clone()).await?),
    };
    let (later, shown, lost, stopped) = (BTreeMap::new(), 0, None, None);
    let mut reading =
        Reading { globals, args, client, of, later, left, shown, lost, handler, stopped };
    let deadline = args.timeout.map(|span| Instant::now() + span.0);
    if args.follow {
        return reading.follow(deadline).await;
    }
    let collected = reading.client.take_in().await;
    reading.show(false).await?;
    if collected.is_ok() {
        reading.client.run_errands().await;
    }
    if reading.shown == 0
        && reading.stopped.is_none()
        && let Some(deadline) = deadline
    {
        return reading.wait(deadline).await;
    }
    // What was stored has been shown; that there may be more is said.
    collected?;
    reading.tell_of_strangers().await?;
    Ok(reading.exit())
}

/// When something is tried again.
struct Later {
    at: Instant,
    tries: u32,
}

impl Later {
    /// After one more try in vain: later each time.
    fn after(tries: u32) -> Self {
        let tries = tries.saturating_add(1);
        let pause = Duration::from_secs(1 << tries.min(8)).min(LONGEST_PAUSE);
        Self { at: Instant::now() + pause, tries }
    }

    fn is_to_come(&self) -> bool {
        Instant::now() < self.at
    }
}

impl Reading<'_> {
    /// Somebody who watches, and is shown nothing, is told who waits for a word.
    async fn tell_of_strangers(&self) -> Result<(), Failure> {
        let Globals { json, quiet, .. } = self.globals;
        if self.shown > 0 || *json || *quiet || !output::is_terminal() {
            return Ok(());
        }
        let figures = self.client.figures().await?;
        for group in shown::invitations(&figures) {
            let asked = report::group::invitation(&group.shown());
            output::say(&format!("nothing new; you are asked into {asked}\n"));
        }
        match figures.requests {
            0 => {}
            1 => output::say("nothing new; 1 stranger waits: msg requests\n"),
            many => output::say(&format!("nothing new; {many} strangers wait: msg requests\n")),
        }
        Ok(())
    }

    /// Until the time is over, or as many came as were wanted.
    async fn follow(&mut self, deadline: Option<Instant>) -> Result<Exit, Failure> {
        self.until(deadline, |reading| reading.left == 0).await?;
        Ok(self.exit())
    }

    /// What it ends with: a message that a program left unread is a failure.
    fn exit(&self) -> Exit {
        let has_refused = self.handler.as_ref().is_some_and(|handler| handler.refused > 0);
        match self.stopped {
            Some(signal) => Exit::Of(child::code_of(signal)),
            None if has_refused && !self.args.follow => Exit::Failed,
            None => Exit::Done,
        }
    }

    /// Until something came.
    async fn wait(&mut self, deadline: Instant) -> Result<Exit, Failure> {
        self.until(Some(deadline), |reading| reading.shown > 0).await?;
        if self.shown > 0 || self.stopped.is_some() {
            return Ok(self.exit());
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
        let mut waiting = Waiting::new(self.client.clone(), self.globals.verbose);
        loop {
            self.show(true).await?;
            let is_over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if is_done(self) || is_over || self.stopped.is_some() {
                self.lost = waiting.lost();
                return Ok(());
            }
            let Some(handler) = &mut self.handler else {
                waiting.round(deadline).await?;
                continue;
            };
            tokio::select! {
                ended = waiting.round(deadline) => ended?,
                signal = handler.signal() => self.stopped = Some(signal),
            }
        }
    }

    /// Shows what is unread, and marks what was written.
    async fn show(&mut self, follows: bool) -> Result<(), Failure> {
        if self.handler.is_some() {
            return self.give(follows).await;
        }
        let mut from = 0;
        while self.left > 0 {
            let limit = usize::try_from(self.left).unwrap_or(BATCH).min(BATCH);
            let unread = if self.args.peek {
                self.client.unread(from, self.of, limit).await?
            } else {
                self.client.take_unread(from, self.of, limit).await?
            };
            let Some(last) = unread.last() else { break };
            from = last.number.saturating_add(1);
            self.show_batch(&unread).await?;
        }
        Ok(())
    }

    /// Gives what is unread to a program: once each, or whatever is due.
    async fn give(&mut self, follows: bool) -> Result<(), Failure> {
        let Some(handler) = &mut self.handler else { return Ok(()) };
        let mut wanted = Wanted { from: 0, of: self.of, waits: follows };
        while self.left > 0 {
            self.stopped = self.stopped.or_else(|| handler.come());
            if self.stopped.is_some() {
                break;
            }
            let Some((number, is_taken)) = handler.give_next(wanted).await? else { break };
            wanted.from = number.saturating_add(1);
            if is_taken {
                self.shown += 1;
                self.left -= 1;
            }
        }
        Ok(())
    }

    async fn show_batch(&mut self, unread: &[Unread]) -> Result<(), Failure> {
        let labels = self.client.group_labels().await?;
        let mut written = Vec::new();
        let mut failed = Ok(());
        for message in unread {
            if self.later.get(&message.number).is_some_and(Later::is_to_come) {
                continue;
            }
            let long = match shown::unread_long(&self.client, message).await {
                Ok(long) => long,
                Err(error) => {
                    // It stays unread, and those behind it need not wait for it.
                    let tries = self.later.get(&message.number).map_or(0, |later| later.tries);
                    self.later.insert(message.number, Later::after(tries));
                    if self.globals.verbose {
                        Failure::from(error).say(false);
                    }
                    continue;
                }
            };
            failed = self.write(message, &labels, long);
            if failed.is_err() {
                break;
            }
            written.push(message.number);
            self.later.remove(&message.number);
        }
        let count = u64::try_from(written.len()).unwrap_or(u64::MAX);
        self.shown += count;
        self.left -= count.min(self.left);
        if !self.args.peek && !written.is_empty() {
            self.client.mark_read(written).await?;
        }
        Ok(failed?)
    }

    fn write(
        &self,
        unread: &Unread,
        labels: &Labels,
        long: Option<Vec<u8>>,
    ) -> Result<(), WriteError> {
        if let Some(news) = shown::news(&unread.message, Some(&unread.contact), labels) {
            return if self.args.raw { Ok(()) } else { report::say(self.globals, &news) };
        }
        if let (true, Some(text)) = (self.args.raw, &long) {
            return output::data(text);
        }
        if self.args.raw {
            let texts = shown::texts(&unread.message);
            return texts.iter().try_for_each(|(_, body)| output::data(&body.0));
        }
        let messages = shown::unread(unread, long);
        let messages = shown::in_group(messages, &unread.message, labels);
        messages.iter().try_for_each(|message| report::say(self.globals, message))
    }
}
