//! `msg run`.
//!
//! ```text
//! program ──pipes──▶ a thread each ──▶ our stdout, our stderr
//!                          └─────────▶ the last lines ──▶ the message
//! ```

use std::{
    ffi::OsString,
    io::{self, PipeReader, Read as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use msg_client::{
    driver::{
        Client,
        send::{Sending, What},
    },
    rows::Level,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::send;
use crate::{
    account,
    args::{Globals, scripts::Run},
    child::{
        self, Signals,
        tail::{Stream, Tail},
    },
    failure::{Exit, Failure},
    output::{self, WriteError},
};

/// Bytes that are passed on at a time.
const PIECE: usize = 64 * 1024;
/// How long a program that has ended may have left others behind that still write.
const AFTER_END: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
/// Bytes of the command line in the message.
const COMMAND_BYTES: usize = 500;
/// How long the message may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What became of the program.
struct Ended {
    code: u8,
    how: String,
    took: Duration,
    lines: Vec<Vec<u8>>,
    left_out: u64,
}

/// Runs a program, and tells of it. Whether anybody can be told does not keep it
/// from running, and does not change how it ends.
pub(crate) async fn run(globals: &Globals, args: &Run) -> Result<Exit, Failure> {
    let client = match account::open(globals, "run") {
        Ok(client) => Some(client),
        Err(failure) => {
            failure.say(false);
            None
        }
    };
    if let Some(client) = &client {
        warn_of_strangers(client, args).await;
    }
    let mut signals = Signals::listen().map_err(|error| unready(&error))?;
    let ended = pass_through(args, &mut signals).await?;
    let code = ended.code;
    if let Some(client) = client.filter(|_| !args.on_failure || code != 0) {
        tokio::select! {
            () = tell(&client, args, &ended) => {}
            // Whoever stops us now has waited for the program; the message is kept.
            _ = signals.next() => {}
        }
    }
    Ok(Exit::Of(code))
}

/// Who is not known is said before a program runs for hours.
async fn warn_of_strangers(client: &Client, args: &Run) {
    for who in args.to.iter().filter(|who| !who.starts_with('#')) {
        if let Err(error) = client.contact(who).await {
            Failure::from(error).say(false);
        }
    }
}

async fn pass_through(args: &Run, signals: &mut Signals) -> Result<Ended, Failure> {
    let tail = Arc::new(Mutex::new(Tail::new(args.tail)));
    let has_ended = Arc::new(AtomicBool::new(false));
    let (out, out_end) = io::pipe().map_err(|error| unready(&error))?;
    let (err, err_end) = io::pipe().map_err(|error| unready(&error))?;
    let begun = Instant::now();
    let started = child::start(&args.command, |command| {
        command.stdout(out_end).stderr(err_end);
    });
    let status = match started {
        Err(error) => Err(error),
        Ok(mut child) => {
            let streams = [(Stream::Out, out), (Stream::Err, err)];
            let threads = streams.map(|(stream, pipe)| {
                let (tail, has_ended) = (Arc::clone(&tail), Arc::clone(&has_ended));
                thread::spawn(move || pass(stream, pipe, &tail, &has_ended))
            });
            let status = child::wait(&mut child, signals).await;
            has_ended.store(true, Ordering::Release);
            join(threads).await;
            status.map(|(status, _)| status)
        }
    };
    let took = begun.elapsed();
    let kept =
        std::mem::replace(&mut *tail.lock().unwrap_or_else(PoisonError::into_inner), Tail::new(0));
    let (lines, left_out) = kept.end();
    let (code, how) = match status {
        Ok(status) => (child::code(status), child::how(status)),
        Err(error) => {
            let message = format!("{} cannot be started: {error}", command_line(&args.command));
            Failure::new(Exit::Failed, message).say(false);
            (child::code_of_failure(&error), format!("not started ({error})"))
        }
    };
    Ok(Ended { code, how, took, lines, left_out })
}

/// The threads end soon after the program, unless whoever reads us is slow.
async fn join(threads: [JoinHandle<()>; 2]) {
    let joined = tokio::task::spawn_blocking(|| {
        for thread in threads {
            // One that has failed has said so.
            let _ = thread.join();
        }
    });
    let _ = joined.await;
}

/// Passes a stream on, byte for byte, until it ends. When nobody reads ours any
/// more, the program is to notice that as if it wrote there itself.
fn pass(stream: Stream, mut pipe: PipeReader, tail: &Mutex<Tail>, has_ended: &AtomicBool) {
    let mut piece = vec![0; PIECE];
    loop {
        let was_over = has_ended.load(Ordering::Acquire);
        let mut waited = [PollFd::new(&pipe, PollFlags::IN)];
        match poll(&mut waited, Some(&AFTER_END)) {
            Ok(0) if was_over => return,
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return,
        }
        let Ok(read @ 1..) = pipe.read(&mut piece) else { return };
        let Some(bytes) = piece.get(..read) else { return };
        tail.lock().unwrap_or_else(PoisonError::into_inner).feed(stream, bytes);
        let written = match stream {
            Stream::Out => output::data(bytes),
            Stream::Err => output::talk(bytes),
        };
        match written {
            Ok(()) => {}
            Err(WriteError::ReaderGone) => return,
            Err(error) => {
                Failure::from(error).say(false);
                return;
            }
        }
    }
}

async fn tell(client: &Client, args: &Run, ended: &Ended) {
    let sending = Sending {
        to: args.to.iter().map(str::to_owned).collect(),
        what: What::Text(text(args, ended)),
        wanted: Level::Relay,
        timeout: TIMEOUT,
        reply_to: None,
        key: None,
        expire_s: None,
    };
    match client.send(sending).await {
        Ok(sent) => {
            let failures = sent.iter().filter_map(|row| send::problem(row, Level::Relay));
            failures.for_each(|failure| failure.say(false));
        }
        Err(error) => Failure::from(error).say(false),
    }
}

/// What is told: how it ended, what it was, and its last lines as they were.
fn text(args: &Run, ended: &Ended) -> Vec<u8> {
    let Ended { how, took, lines, left_out, .. } = ended;
    let is_told = args.tail > 0 && !lines.is_empty();
    let before = match (is_told, left_out) {
        (false, _) => String::new(),
        (true, 0) => "\n".to_owned(),
        (true, _) => format!("\n({left_out} lines before these)\n"),
    };
    let head = format!("{how} after {}: {}\n", span(*took), command_line(&args.command));
    let mut text = (head + &before).into_bytes();
    if is_told {
        text.extend(lines.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()));
    }
    text
}

/// The command as it was typed, cut where it is long.
fn command_line(words: &[OsString]) -> String {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let line = words.join(" ");
    match line.char_indices().find(|(at, c)| at + c.len_utf8() > COMMAND_BYTES) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

fn span(took: Duration) -> String {
    let (seconds, tenths) = (took.as_secs(), took.subsec_millis() / 100);
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}.{tenths}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

fn unready(error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("nothing was run: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_as_near_as_it_matters() {
        let said = |ms| span(Duration::from_millis(ms));
        assert_eq!(said(340), "0.3s");
        assert_eq!(said(72_000), "1m12s");
        assert_eq!(said(7_380_000), "2h03m");
    }

    #[test]
    fn a_long_command_is_cut_between_letters() {
        let words = ["rsync".into(), "ü".repeat(1_000).into()];
        let line = command_line(&words);
        assert!(line.len() <= COMMAND_BYTES + '…'.len_utf8() && line.ends_with("ü…"), "{line}");
    }
}
