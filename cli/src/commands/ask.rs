//! `msg ask`.

use msg_client::{
    driver::send::{Sending, What},
    rows::Level,
};
use tokio::time::Instant;

use super::{send, shown, waiting::Waiting};
use crate::{
    account,
    args::{Globals, scripts::Ask},
    failure::{Exit, Failure},
    output, report,
};

/// Sends a question, and shows the answer to it.
pub(crate) async fn run(globals: &Globals, args: &Ask) -> Result<Exit, Failure> {
    if args.raw && output::is_terminal() {
        let message = "--raw writes to no terminal: what others wrote could move its cursor";
        return Err(Failure::new(Exit::Usage, message).hint("leave out --raw"));
    }
    let deadline = Instant::now() + args.timeout.0;
    let client = account::open(globals, "ask")?;
    let sending = Sending {
        to: vec![args.to.clone()],
        what: What::Text(send::short_text(&args.text)?),
        wanted: Level::Relay,
        timeout: args.timeout.0,
        reply_to: None,
        key: None,
        expire_s: None,
    };
    let sent = client.send(sending).await?;
    let Some(row) = sent.first() else { return Ok(Exit::Done) };
    if let Some(failure) = send::problem(row, Level::Relay) {
        return Err(failure);
    }
    let (Some(account), Some(question)) = (row.account, row.messages.first().copied()) else {
        return Ok(Exit::Done);
    };
    let mut waiting = Waiting::new(client.clone(), globals.verbose);
    loop {
        if let Some(answer) = client.answer(account, question).await? {
            let long = shown::unread_long(&client, &answer).await?;
            let shown = shown::unread(&answer, long);
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
