//! `msg recv --exec`: a program is given one message after the other.
//!
//! ```text
//! take the next, marked as shown ── program ──┬─ exit 0: answer queued ── mark as read
//!                                             └─ else: left, given again later
//! ```
//!
//! One process at a time does this for an account, so that no message is given to two
//! programs. An answer is sent under a key made of the message's id: who is killed
//! between answer and mark gives the message again, and answers once.

use std::{ffi::OsString, io, process::Stdio};

use msg_client::{
    driver::{
        Client,
        files::{FileSending, MAX_SHOWN_BYTES, Progress, Source},
        send::{MAX_TEXT_BYTES, Sending, What},
    },
    engine::{handling::Wanted, inbox::Unread},
    lock::Lock,
    rows::Level,
    store::StoreError,
};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy, sink},
    process::{ChildStdin, ChildStdout, Command},
    task::spawn_blocking,
    time::{Duration, timeout},
};

use super::{files, send, shown};
use crate::{
    args::{Globals, messages::Recv},
    child::{self, Signals},
    failure::{Exit, Failure},
    report::{self, Report as _, message::Message},
    text::Untrusted,
};

/// How long an answer may take to the relay; then it is on its way.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A program that is given messages.
pub(crate) struct Handler<'a> {
    globals: &'a Globals,
    args: &'a Recv,
    client: Client,
    signals: Signals,
    /// That nobody else does the same meanwhile.
    _turn: Lock,
    /// Messages that it did not take.
    pub(crate) refused: u64,
}

/// What became of a message.
enum Handled {
    /// The program took it; what it wrote, if that is an answer.
    Taken(Vec<u8>),
    /// It did not.
    Refused,
}

impl<'a> Handler<'a> {
    /// Gets ready to give messages to the program that was named.
    pub(crate) async fn new(
        globals: &'a Globals,
        args: &'a Recv,
        client: Client,
    ) -> Result<Self, Failure> {
        let path = client.store().home().handler();
        let wait = globals.lock_wait.0;
        let turn = spawn_blocking(move || Lock::acquire(&path, "recv --exec", wait)).await;
        let turn = turn.map_err(|_| Failure::new(Exit::Failed, "the lock cannot be waited for"))?;
        let turn = turn.map_err(StoreError::from)?;
        let signals = Signals::listen().map_err(|error| {
            Failure::new(Exit::Failed, format!("signals cannot be passed on: {error}"))
        })?;
        Ok(Self { globals, args, client, signals, _turn: turn, refused: 0 })
    }

    /// A signal that has come.
    pub(crate) fn come(&mut self) -> Option<Signal> {
        self.signals.come()
    }

    /// The next signal that ends msg.
    pub(crate) async fn signal(&mut self) -> Signal {
        self.signals.next().await
    }

    /// Gives the next message, of those that are due, to the program. The message's
    /// number, and whether it was taken; none if there is no message.
    pub(crate) async fn give_next(
        &mut self,
        wanted: Wanted,
    ) -> Result<Option<(u64, bool)>, Failure> {
        let Some(unread) = self.client.take_for_program(wanted).await? else { return Ok(None) };
        let number = unread.number;
        let Ok(long) = shown::unread_long(&self.client, &unread).await else {
            // A long text whose relay is away: later.
            self.client.postpone(number).await?;
            return Ok(Some((number, false)));
        };
        let labels = self.client.group_labels().await?;
        let messages = shown::in_group(shown::unread(&unread, long), &unread.message, &labels);
        let Some(message) = messages.into_iter().next() else { return Ok(Some((number, false))) };
        let is_taken = match self.give(&message, &unread).await? {
            Handled::Taken(answer) => {
                self.answer(&unread, &message, answer).await?;
                self.client.mark_read(vec![number]).await?;
                true
            }
            Handled::Refused => {
                self.client.postpone(number).await?;
                self.refused += 1;
                false
            }
        };
        Ok(Some((number, is_taken)))
    }

    async fn give(&mut self, message: &Message, unread: &Unread) -> Result<Handled, Failure> {
        let has_answer = self.args.reply;
        let set_up = |command: &mut Command| {
            command.stdin(Stdio::piped());
            command.stdout(if has_answer { Stdio::piped() } else { Stdio::inherit() });
            command.envs(variables(message, unread));
            command.env("MSG_PROFILE", self.globals.profile.to_string());
            if let Some(home) = absolute_home(self.globals) {
                command.env("MSG_HOME", home);
            }
        };
        let limit = self.args.handler_timeout.map(|span| span.0);
        let started = match limit {
            Some(_) => child::start_apart(&self.args.exec, set_up),
            None => child::start(&self.args.exec, set_up),
        };
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                let program = self.args.exec.first().cloned().unwrap_or_default();
                let message = format!("{} cannot be started: {error}", program.display());
                return Err(Failure::new(Exit::Failed, message)
                    .hint("the message stays unread; name a program after --exec"));
            }
        };
        let line = report::line(Message::TYPE, message);
        let talk = talk(child.stdin.take(), child.stdout.take(), line);
        let mut signal = None;
        let ended = if let Some(limit) = limit {
            let both = child::wait_apart(&mut child, &mut self.signals, &mut signal, talk);
            let Ok(ended) = timeout(limit, both).await else {
                child::end_apart(&mut child).await.map_err(|error| unwaited(&error))?;
                if let Some(signal) = signal {
                    self.signals.again(signal);
                }
                Self::stays_unread(message, "took too long");
                return Ok(Handled::Refused);
            };
            ended
        } else {
            let wait = child::wait(&mut child, &mut self.signals);
            let (answer, ended) = tokio::join!(talk, wait);
            ended.map(|(status, last)| {
                signal = last;
                (answer, status)
            })
        };
        let (answer, status) = ended.map_err(|error| unwaited(&error))?;
        if let Some(signal) = signal {
            // It was told to stop, and so were we.
            self.signals.again(signal);
        }
        if !status.success() {
            Self::stays_unread(message, &child::how(status));
            return Ok(Handled::Refused);
        }
        Ok(Handled::Taken(answer))
    }

    fn stays_unread(message: &Message, why: &str) {
        let id: String = message.id.chars().take(report::message::SHOWN_ID).collect();
        let text = format!("message {id} stays unread: the program {why}");
        Failure::new(Exit::Failed, text).say(false);
    }

    /// Answers whoever wrote it, or the group in which they did.
    async fn answer(
        &self,
        unread: &Unread,
        message: &Message,
        answer: Vec<u8>,
    ) -> Result<(), Failure> {
        if answer.is_empty() {
            return Ok(());
        }
        let id = unread.message.id;
        let to = vec![message.group.as_ref().unwrap_or(&message.with).exactly().to_owned()];
        // No script can choose a key like it: theirs have no control characters.
        let key = Some(format!("\0answer {id}"));
        let (wanted, reply_to) = (Level::Relay, Some(id));
        if answer.len() as u64 > MAX_SHOWN_BYTES {
            let text = format!("the answer is not sent: it has over {MAX_SHOWN_BYTES} bytes");
            Failure::new(Exit::Failed, text).say(false);
            return Ok(());
        }
        let sent = if answer.len() > MAX_TEXT_BYTES {
            let source = Source::Stream(Box::new(io::Cursor::new(answer)), files::TEXT.to_owned());
            let sending = FileSending {
                to,
                source,
                name: None,
                as_text: true,
                wanted,
                timeout: TIMEOUT,
                reply_to,
                key,
                expire_s: None,
            };
            self.client.send_file(sending, &Progress::silent()).await?.rows
        } else {
            let what = What::Text(answer);
            let timeout = TIMEOUT;
            let sending = Sending { to, what, wanted, timeout, reply_to, key, expire_s: None };
            self.client.send(sending).await?
        };
        let failures = sent.iter().filter_map(|row| send::problem(row, Level::Relay));
        failures.for_each(|failure| failure.say(false));
        Ok(())
    }
}

fn unwaited(error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("the program cannot be waited for: {error}"))
}

/// Hands the message over, and takes what the program writes. Both at once: a program
/// may write before it has read, or not read at all.
async fn talk(input: Option<ChildStdin>, output: Option<ChildStdout>, line: String) -> Vec<u8> {
    let give = async move {
        if let Some(mut input) = input {
            // Whoever does not read it has it in the variables.
            let _ = input.write_all(line.as_bytes()).await;
        }
    };
    let take = async move {
        let mut answer = Vec::new();
        if let Some(mut output) = output {
            let most = MAX_SHOWN_BYTES + 1;
            let _ = (&mut output).take(most).read_to_end(&mut answer).await;
            let _ = copy(&mut output, &mut sink()).await;
        }
        answer
    };
    let ((), answer) = tokio::join!(give, take);
    answer
}

/// What a program finds in its environment: all about the message but what it says,
/// which would be there for other programs to see.
fn variables(message: &Message, unread: &Unread) -> Vec<(&'static str, OsString)> {
    let yes = |is: bool| if is { "1" } else { "0" }.to_owned();
    let trust = shown::trust(&unread.contact);
    let pairs = [
        ("MSG_ID", message.id.clone()),
        ("MSG_FROM", message.with.exactly().to_owned()),
        ("MSG_GROUP", message.group.as_ref().map_or("", Untrusted::exactly).to_owned()),
        ("MSG_ADDRESS", message.address.clone().unwrap_or_default()),
        ("MSG_FINGERPRINT", message.fingerprint.clone().unwrap_or_default()),
        ("MSG_TRUST", report::word(&trust)),
        ("MSG_KIND", report::word(&message.kind)),
        ("MSG_REPLY_TO", message.reply_to.clone().unwrap_or_default()),
        ("MSG_SENT_AT", message.sent_at.clone()),
        ("MSG_STORED_AT", message.stored_at.clone()),
        ("MSG_REDELIVERED", yes(message.redelivered)),
        ("MSG_DOUBTFUL", yes(message.doubtful)),
    ];
    pairs.map(|(name, value)| (name, value.replace('\0', "").into())).into()
}

/// The folder that was named, so that a `msg` in the program finds the same account.
fn absolute_home(globals: &Globals) -> Option<OsString> {
    let home = globals.home.as_ref()?;
    std::path::absolute(home).ok().map(OsString::from)
}
