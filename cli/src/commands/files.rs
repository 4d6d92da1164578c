//! `msg send --file`, and texts that are too long for a message.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use msg_client::{
    driver::{
        Client,
        files::{FileSending, FileSent, Source},
    },
    rows::Level,
};
use msg_protocol::id::MessageId;

use super::{send, stdin};
use crate::{
    account,
    args::{Globals, messages},
    failure::{Exit, Failure},
    progress,
    report::sent,
};

/// What a pipe is called when nobody gives it a name.
const PIPE: &str = "stdin";
/// What a long text is called where it is a file.
pub(crate) const TEXT: &str = "text.txt";

/// Sends files, one message each.
pub(crate) async fn run(
    globals: &Globals,
    args: &messages::Send,
    to: Vec<String>,
) -> Result<Exit, Failure> {
    if args.name.is_some() && args.files.len() > 1 {
        return Err(Failure::new(Exit::Usage, "one name is for one file"));
    }
    // Nothing leaves before it is known that all of it can.
    for path in &args.files {
        check(path)?;
    }
    let client = account::open(globals, "send")?;
    let reply_to = match &args.reply_to {
        Some(id) => Some(send::message_id(&client, id).await?),
        None => None,
    };
    let mut exits = Vec::new();
    for (path, left) in args.files.iter().zip((0..args.files.len()).rev()) {
        let source = source(path, args)?;
        let shown = args.name.clone().unwrap_or_else(|| path.display().to_string());
        let sending = FileSending {
            to: to.clone(),
            source,
            name: args.name.clone(),
            as_text: false,
            wanted: send::wanted(&args.sending),
            timeout: args.sending.timeout.0,
            reply_to,
            key: key(args, exits.len()),
            expire_s: args.sending.expire,
        };
        let sent = one(globals, &client, sending, &args.sending, &shown).await;
        exits.push(sent.map_err(|failure| unsent(failure, left))?);
    }
    Ok(send::together(&exits))
}

/// Sends a text of any length as one message that is shown as a text.
pub(crate) async fn long_text(
    globals: &Globals,
    client: &Client,
    to: Vec<String>,
    text: Box<dyn Read + Send>,
    args: &messages::Sending,
    reply_to: Option<MessageId>,
) -> Result<Exit, Failure> {
    let sending = FileSending {
        to,
        source: Source::Stream(text, TEXT.to_owned()),
        name: None,
        as_text: true,
        wanted: send::wanted(args),
        timeout: args.timeout.0,
        reply_to,
        key: args.idempotency_key.clone(),
        expire_s: args.expire,
    };
    one(globals, client, sending, args, "text").await
}

/// The same of a text that a command sends by itself, as soon as our relay has it.
pub(crate) async fn as_text(
    globals: &Globals,
    client: &Client,
    to: Vec<String>,
    text: Box<dyn Read + Send>,
    timeout: Duration,
) -> Result<FileSent, Failure> {
    let sending = FileSending {
        to,
        source: Source::Stream(text, TEXT.to_owned()),
        name: None,
        as_text: true,
        wanted: Level::Relay,
        timeout,
        reply_to: None,
        key: None,
        expire_s: None,
    };
    let progress = progress::of_file(globals, "text");
    Ok(client.send_file(sending, &progress).await?)
}

async fn one(
    globals: &Globals,
    client: &Client,
    sending: FileSending,
    args: &messages::Sending,
    shown: &str,
) -> Result<Exit, Failure> {
    let as_text = sending.as_text;
    let progress = progress::of_file(globals, shown);
    let sent = client.send_file(sending, &progress).await;
    drop(progress);
    let sent = sent.map_err(|error| Failure::from(error).about(shown))?;
    let file = (!as_text).then_some(&sent);
    send::outcome(globals, &sent.rows, send::wanted(args), file)
}

/// Each file of a command is sent once: they have keys of their own.
fn key(args: &messages::Send, at: usize) -> Option<String> {
    let key = args.sending.idempotency_key.as_ref()?;
    Some(if at == 0 { key.clone() } else { format!("{key}\0{at}") })
}

fn check(path: &Path) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    match path.metadata() {
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn source(path: &Path, args: &messages::Send) -> Result<Source, Failure> {
    if path.as_os_str() != "-" {
        return Ok(Source::Path(PathBuf::from(path)));
    }
    let stream = stdin::stream(args.sending.allow_empty)?;
    Ok(Source::Stream(stream, PIPE.to_owned()))
}

/// Those behind a file that failed are not sent.
fn unsent(failure: Failure, left: usize) -> Failure {
    match left {
        0 => failure,
        1 => failure.or_hint("the one after it was not sent either"),
        _ => failure.or_hint(&format!("the {left} after it were not sent either")),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{} cannot be read: {error}", path.display()))
}

/// What is said of a file that was sent.
pub(crate) fn described(sent: &FileSent) -> Option<sent::File> {
    let name = sent.name.as_str().into();
    Some(sent::File { name, bytes: sent.length?, days: sent.days })
}
