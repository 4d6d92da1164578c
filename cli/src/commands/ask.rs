//! `msg ask`.

use std::time::Duration;

use msg_client::{
    driver::{
        Client,
        send::{Sending, Sent, What},
    },
    rows::{Level, Whose},
};
use tokio::time::{Instant, sleep_until};

use super::{files, send, shown, stdin::Piped, waiting::Waiting};
use crate::{
    account,
    args::{Globals, scripts::Ask},
    failure::{Exit, Failure},
    output, report,
};

/// Between two tries to fetch an answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends a question, and shows the answer to it.
pub(crate) async fn run(globals: &Globals, args: &Ask) -> Result<Exit, Failure> {
    if args.raw && output::is_terminal() {
        let message = "--raw writes to no terminal: what others wrote could move its cursor";
        return Err(Failure::new(Exit::Usage, message).hint("leave out --raw"));
    }
    let deadline = Instant::now() + args.timeout.0;
    let client = account::open(globals, "ask")?;
    let sent = question(globals, &client, args).await?;
    // In a group it is enough that somebody has it.
    let mut failure = None;
    let mut reached = None;
    for row in &sent {
        match send::problem(row, Level::Relay) {
            Some(problem) => failure = failure.or(Some(problem)),
            None => reached = reached.or(Some(row)),
        }
    }
    let row = match (reached, failure) {
        (Some(row), _) => row,
        (None, Some(failure)) => return Err(failure),
        (None, None) => return Ok(Exit::Done),
    };
    let (Some(account), Some(question)) = (row.account, row.messages.first().copied()) else {
        return Ok(Exit::Done);
    };
    let from = match &row.group {
        Some(group) => client.whose(group).await?,
        None => Whose::Of(account),
    };
    let labels = client.group_labels().await?;
    let mut waiting = Waiting::new(client.clone(), globals.verbose);
    loop {
        if let Some(answer) = client.answer(from, question).await? {
            let long = match shown::unread_long(&client, &answer).await {
                Ok(long) => long,
                // It has come, and what it says is where nobody answers just now.
                Err(error) if Instant::now() < deadline => {
                    if globals.verbose {
                        Failure::from(error).say(false);
                    }
                    sleep_until(deadline.min(Instant::now() + PAUSE)).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let shown = shown::in_group(shown::unread(&answer, long), &answer.message, &labels);
            for message in &shown {
                if args.raw {
                    output::data(&message.body.0)?;
                } else if globals.json {
                    report::say(globals, message)?;
                } else {
                    output::data((message.body.lines(None).join("\n") + "\n").as_bytes())?;
                }
            }
            client.mark_read(vec![answer.number]).await?;
            return Ok(Exit::Done);
        }
        if Instant::now() >= deadline {
            return Err(Failure::new(Exit::TimedOut, format!("{} has not answered", args.to))
                .hint("the question stays with them; msg recv shows a later answer"));
        }
        waiting.round(Some(deadline)).await?;
    }
}

/// Sends the question, of whatever length.
async fn question(globals: &Globals, client: &Client, args: &Ask) -> Result<Vec<Sent>, Failure> {
    let to = vec![args.to.clone()];
    let text = match send::text(&args.text, false)? {
        Piped::Text(text) => text,
        Piped::Long(text) => {
            let sent = files::as_text(globals, client, to, text, args.timeout.0).await?;
            return Ok(sent.rows);
        }
    };
    let sending = Sending {
        to,
        what: What::Text(text),
        wanted: Level::Relay,
        timeout: args.timeout.0,
        reply_to: None,
        key: None,
        expire_s: None,
    };
    Ok(client.send(sending).await?)
}
