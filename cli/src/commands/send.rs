//! `msg send`, and what `msg reply` shares with it.

use std::{
    ffi::OsString,
    io::{self, BufRead as _},
    thread,
    time::Duration,
};

use msg_client::{
    driver::{
        Client,
        files::FileSent,
        receive::Kept,
        send::{MAX_TEXT_BYTES, Problem, Sending, Sent, What},
    },
    link::LinkError,
    rows::Level,
};
use msg_protocol::{error::Code, id::MessageId};
use tokio::{sync::mpsc, time::timeout};

use super::{
    files, shown,
    stdin::{self, Piped},
};
use crate::{
    account,
    args::{
        Globals,
        messages::{self, Wait},
        recipients::{Given, given, stray_recipient},
    },
    failure::{self, Exit, Failure},
    report::{self, sent},
};

/// Lines that come within that time travel together.
const GATHER: Duration = Duration::from_millis(50);
/// Lines that travel together at most.
const GATHERED: usize = 256;

/// Sends.
pub(crate) async fn run(globals: &Globals, args: &messages::Send) -> Result<Exit, Failure> {
    let to: Vec<String> = args.to.iter().map(str::to_owned).collect();
    if !args.files.is_empty() {
        return files::run(globals, args, to).await;
    }
    if args.lines {
        let client = account::open(globals, "send")?;
        return lines(globals, &client, &to, &args.sending).await;
    }
    let client = account::open(globals, "send")?;
    // One word cannot be a stray recipient: then nobody's card need be checked.
    let known = if args.text.len() > 1 { client.contacts().await? } else { Vec::new() };
    let is_known = |name: &str| known.iter().any(|person| person.row.name == name);
    if let Some(stray) = stray_recipient(&args.text, is_known) {
        let message = format!("`{stray}` may be a second recipient or the first word of the text");
        let all = to.join(",");
        return Err(Failure::new(Exit::Usage, message)
            .hint(format!("write {all},{stray} for both, or put the text in quotes")));
    }
    let reply_to = match &args.reply_to {
        Some(id) => Some(message_id(&client, id).await?),
        None => None,
    };
    let text = text(&args.text, args.sending.allow_empty)?;
    one(globals, &client, to, text, &args.sending, reply_to).await
}

/// Sends one text.
pub(crate) async fn one(
    globals: &Globals,
    client: &Client,
    to: Vec<String>,
    text: Piped,
    args: &messages::Sending,
    reply_to: Option<MessageId>,
) -> Result<Exit, Failure> {
    let text = match text {
        Piped::Text(text) => text,
        Piped::Long(text) => {
            return files::long_text(globals, client, to, text, args, reply_to).await;
        }
    };
    let sending = Sending {
        to,
        what: What::Text(text),
        wanted: wanted(args),
        timeout: args.timeout.0,
        reply_to,
        key: args.idempotency_key.clone(),
        expire_s: args.expire,
    };
    let sent = client.send(sending).await?;
    outcome(globals, &sent, wanted(args), None)
}

/// The id of a message that we hold, by its beginning.
pub(crate) async fn message_id(client: &Client, id: &str) -> Result<MessageId, Failure> {
    Ok(message(client, id).await?.1)
}

/// A message that we hold, by the beginning of its id, and the id as a whole.
pub(crate) async fn message(client: &Client, id: &str) -> Result<(Kept, MessageId), Failure> {
    let found = if id.is_empty() { None } else { client.message(id).await? };
    found.ok_or_else(|| {
        Failure::new(Exit::Failed, format!("there is no message {id}"))
            .hint("msg history shows messages with their ids")
    })
}

/// The text to be sent: the arguments, or all of stdin.
pub(crate) fn text(words: &[OsString], allow_empty: bool) -> Result<Piped, Failure> {
    let text = match given(words) {
        Given::Text(text) if text.len() > MAX_TEXT_BYTES => {
            Piped::Long(Box::new(io::Cursor::new(text)))
        }
        Given::Text(text) => Piped::Text(text),
        Given::Nothing if stdin::is_terminal() => {
            return Err(Failure::new(Exit::Usage, "there is no text to send")
                .hint("write it behind the recipient, or - to type it and end with Ctrl-D"));
        }
        Given::Stdin | Given::Nothing => stdin::text()?,
    };
    if matches!(&text, Piped::Text(text) if text.is_empty()) && !allow_empty {
        return Err(Failure::new(Exit::Usage, "the text is empty")
            .hint("--allow-empty sends it all the same"));
    }
    Ok(text)
}

/// A text that has to fit a message.
pub(crate) fn short_text(words: &[OsString]) -> Result<Vec<u8>, Failure> {
    match text(words, false)? {
        Piped::Text(text) => Ok(text),
        Piped::Long(_) => Err(Failure::new(Exit::Usage, "the text is too long for this")
            .hint(format!("at most {MAX_TEXT_BYTES} bytes; msg send takes any length"))),
    }
}

/// How far it has to get.
pub(crate) fn wanted(args: &messages::Sending) -> Level {
    match args.wait {
        Some(Wait::Delivered) => Level::Delivered,
        Some(Wait::Read) => Level::Read,
        None if args.queue => Level::Queued,
        None => Level::Relay,
    }
}

/// Sends lines as they come. Stdin is read to its end even if nothing leaves.
async fn lines(
    globals: &Globals,
    client: &Client,
    to: &[String],
    args: &messages::Sending,
) -> Result<Exit, Failure> {
    let (sender, mut receiver) = mpsc::channel(GATHERED);
    thread::spawn(move || read_lines(&sender));
    let mut worst = Exit::Done;
    let mut is_empty = true;
    while let Some(first) = receiver.recv().await {
        let mut batch = vec![first?];
        while batch.len() < GATHERED
            && let Ok(Some(line)) = timeout(GATHER, receiver.recv()).await
        {
            batch.push(line?);
        }
        is_empty = false;
        for part in parts(batch) {
            let exit = match part {
                Part::Lines(lines) => {
                    let sending = Sending {
                        to: to.to_vec(),
                        what: What::Lines(lines),
                        wanted: wanted(args),
                        timeout: args.timeout.0,
                        reply_to: None,
                        key: None,
                        expire_s: args.expire,
                    };
                    outcome(globals, &client.send(sending).await?, wanted(args), None)?
                }
                Part::Long(line) => {
                    let line = Box::new(io::Cursor::new(line));
                    files::long_text(globals, client, to.to_vec(), line, args, None).await?
                }
            };
            if worst == Exit::Done {
                worst = exit;
            }
        }
    }
    if is_empty && !args.allow_empty {
        return Err(Failure::new(Exit::Usage, "there was no line on stdin"));
    }
    Ok(worst)
}

/// Lines that travel together, or one that fits no message.
enum Part {
    Lines(Vec<Vec<u8>>),
    Long(Vec<u8>),
}

fn parts(lines: Vec<Vec<u8>>) -> Vec<Part> {
    let mut parts = Vec::new();
    for line in lines {
        match parts.last_mut() {
            _ if line.len() > MAX_TEXT_BYTES => parts.push(Part::Long(line)),
            Some(Part::Lines(lines)) => lines.push(line),
            _ => parts.push(Part::Lines(vec![line])),
        }
    }
    parts
}

/// Hands lines over without their line feeds, and goes on reading when nobody takes them.
fn read_lines(sender: &mpsc::Sender<Result<Vec<u8>, Failure>>) {
    let mut stdin = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        match stdin.read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => {
                line.pop_if(|byte| *byte == b'\n');
                let _ = sender.blocking_send(Ok(line));
            }
            Err(error) => {
                let message = format!("stdin cannot be read: {error}");
                let _ = sender.blocking_send(Err(Failure::new(Exit::Failed, message)));
                return;
            }
        }
    }
}

/// Reports each recipient, and says what the command ends with: the common reason
/// if all failed alike, and the partial code if some were reached.
pub(crate) fn outcome(
    globals: &Globals,
    all: &[Sent],
    wanted: Level,
    file: Option<&FileSent>,
) -> Result<Exit, Failure> {
    let mut exits = Vec::new();
    for row in all {
        let failure = problem(row, wanted);
        let report = sent::Sent {
            to: row.to.as_str().into(),
            group: row.group.as_deref().map(Into::into),
            id: row.messages.last().map(ToString::to_string),
            level: shown::level(row.level),
            reached: failure.is_none(),
            repeated: row.is_repeated,
            file: file.and_then(files::described),
            error: failure.as_ref().map(Failure::as_error),
        };
        if globals.json || failure.is_none() {
            report::confirm(globals, &report)?;
        } else if let Some(failure) = &failure {
            failure.say(false);
        }
        exits.push(failure.map_or(Exit::Done, |failure| failure.exit()));
    }
    Ok(together(&exits))
}

/// What several ends are together: the common reason if none was reached, and the
/// partial code if some were.
pub(crate) fn together(exits: &[Exit]) -> Exit {
    let reached = exits.iter().filter(|exit| **exit == Exit::Done).count();
    match exits.iter().find(|exit| **exit != Exit::Done) {
        None => Exit::Done,
        Some(_) if reached > 0 => Exit::Partial,
        Some(first) => *first,
    }
}

/// What kept a message from getting as far as was asked for.
pub(crate) fn problem(row: &Sent, wanted: Level) -> Option<Failure> {
    let to = match &row.group {
        Some(group) if *group != row.to => &format!("{group} {}", row.to),
        _ => &row.to,
    };
    let problem = row.problem.as_ref()?;
    let waits = matches!(problem, Problem::Link(_) | Problem::AwaitsAcceptance | Problem::Late);
    if wanted == Level::Queued && row.level >= Level::Queued && waits {
        return None;
    }
    let new = |exit, what: &str| Failure::new(exit, format!("{to}: {what}"));
    Some(match problem {
        Problem::NoContact => {
            new(Exit::Failed, "nobody is called that").hint(failure::unknown(to)).kept(false)
        }
        Problem::NoGroup => new(Exit::Failed, "no group is called that")
            .hint("msg group list shows them; msg group create makes one")
            .kept(false),
        Problem::NotJoined => new(Exit::Failed, "not sent: you are not in it")
            .hint(format!("msg group accept {}", to.trim_start_matches('#')))
            .kept(false),
        Problem::NotWriter => {
            new(Exit::Failed, "not sent: only its admins write there").kept(false)
        }
        Problem::Alone => new(Exit::Failed, "not sent: nobody else has joined yet").kept(false),
        Problem::Unmet => new(Exit::Unreachable, "their keys are not here yet")
            .hint("the message is kept, and leaves when their relay has shown them")
            .kept(true),
        Problem::Alarmed => new(Exit::Trust, "held: their identity cannot be trusted now")
            .hint(format!("compare fingerprints, then: msg trust {to}"))
            .kept(true),
        Problem::Unverified => new(Exit::Trust, "held: they are not verified")
            .hint(format!("compare safety numbers: msg verify {to}"))
            .kept(true),
        Problem::Blocked => new(Exit::Failed, "not sent: you have blocked them")
            .hint(format!("msg unblock {to}"))
            .kept(false),
        Problem::NotAccepted => new(Exit::Failed, "not sent: you have not accepted them")
            .hint(format!("msg accept {to}"))
            .kept(false),
        Problem::Link(LinkError::Refused(refusal)) if refusal.code == Code::NOT_FOUND => {
            new(Exit::Refused, "their relay does not know them any more")
                .hint("the message is kept; it leaves when they are there again")
                .kept(true)
        }
        Problem::Link(error) => {
            let failure = Failure::from(error).about(to);
            if row.level < Level::Queued {
                return Some(failure.kept(false));
            }
            let hint = "the message is kept, and leaves with the next command that gets through";
            failure.kept(true).or_hint(hint)
        }
        Problem::AwaitsAcceptance => new(Exit::TimedOut, "waits until they accept you").kept(true),
        Problem::Late => {
            let level = shown::level(row.level).words();
            new(Exit::TimedOut, &format!("{level}, not further within the time")).kept(true)
        }
    })
}
