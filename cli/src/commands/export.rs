//! `msg export`.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use msg_client::{driver::Client, rows::Whose};

use super::shown;
use crate::{
    account,
    args::{
        Globals,
        archive::{Export, Form},
    },
    failure::{Exit, Failure},
    output, progress,
    report::{
        self, Report as _,
        mbox::{self, Party},
        message::Message,
    },
};

/// Where messages go.
enum Sink {
    Stdout,
    File { file: BufWriter<File>, path: PathBuf },
}

/// Writes messages out.
pub(crate) async fn run(globals: &Globals, args: &Export) -> Result<Exit, Failure> {
    if args.format == Form::Mbox && args.output.is_none() && output::is_terminal() {
        let message = "a mailbox goes to no terminal: what others wrote could move its cursor";
        return Err(
            Failure::new(Exit::Usage, message).hint("msg export --format mbox -o archive.mbox")
        );
    }
    let client = account::open(globals, "export")?;
    let mut sink = Sink::open(args.output.as_deref())?;
    let progress = progress::of_messages(globals, args.output.is_none() && output::is_terminal());
    match write(&client, args, &mut sink, progress).await {
        Ok(()) => sink.close(),
        Err(failure) => {
            sink.discard();
            Err(failure)
        }
    }
}

async fn write(
    client: &Client,
    args: &Export,
    sink: &mut Sink,
    mut progress: progress::Counted,
) -> Result<(), Failure> {
    let with = match &args.with {
        Some(who) => client.whose(who).await?,
        None => Whose::Everybody,
    };
    let labels = client.group_labels().await?;
    let own = client.figures().await?.account.address.clone();
    let own = Party { name: own.name.to_string(), address: own.to_string() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = args.since.map_or(0, |span| now.saturating_sub(span.0).as_secs());
    let mut from = Some(0);
    while let Some(number) = from {
        let page = client.page(with, number).await?;
        for kept in page.messages.iter().filter(|kept| kept.message.stored.0 >= since) {
            let long = shown::kept_long(client, kept)?;
            let messages = shown::kept(kept, long);
            for message in shown::in_group(messages, &kept.message, &labels) {
                sink.write(&form(args.format, &message, &own))?;
                progress.add();
            }
        }
        from = page.next;
    }
    Ok(())
}

fn form(form: Form, message: &Message, own: &Party) -> Vec<u8> {
    match form {
        Form::Jsonl => report::line(Message::TYPE, message).into_bytes(),
        Form::Mbox => mbox::mail(message, own),
    }
}

impl Sink {
    fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|error| unwritable(path, &error))?;
        Ok(Self::File { file: BufWriter::new(file), path: path.to_owned() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => Ok(output::data(bytes)?),
            Self::File { file, path } => {
                file.write_all(bytes).map_err(|error| unwritable(path, &error))
            }
        }
    }

    /// Done when it is on the disk.
    fn close(self) -> Result<Exit, Failure> {
        if let Self::File { mut file, path } = self {
            let written = file.flush().and_then(|()| file.get_ref().sync_all());
            if let Err(error) = written {
                let failure = unwritable(&path, &error);
                Self::File { file, path }.discard();
                return Err(failure);
            }
        }
        Ok(Exit::Done)
    }

    /// A part of an archive passes for no archive.
    fn discard(self) {
        if let Self::File { path, .. } = self {
            // The error that counts is the first one.
            let _ = fs::remove_file(path);
        }
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{} cannot be written: {error}", path.display()))
}
