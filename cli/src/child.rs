//! Programs that msg starts for its owner: without a shell, with the owner's own
//! mask for new files, and with the signals that msg itself gets.
//!
//! A signal that the terminal sends goes to both already, so it is not passed on: a
//! program that is told twice to stop may stop in the middle of cleaning up.

pub(crate) mod tail;

use std::{
    ffi::OsString,
    io,
    os::unix::process::ExitStatusExt as _,
    process::ExitStatus,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, kill_process_group, waitid,
};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::sleep,
};

use crate::hygiene;

/// Signals that are passed on, and whether the terminal may have sent them to all.
const PASSED: [(Signal, bool); 6] = [
    (Signal::TERM, false),
    (Signal::HUP, false),
    (Signal::USR1, false),
    (Signal::USR2, false),
    (Signal::INT, true),
    (Signal::QUIT, true),
];

/// How long a program that is told to end may take for that, and between two looks.
const GRACE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

/// The code of a program that is not there, as shells have it.
const NOT_FOUND: u8 = 127;
/// The code of a program that cannot be started.
const NOT_STARTED: u8 = 126;
/// What shells add to the number of the signal that ended a program.
const BY_SIGNAL: i32 = 128;

/// The signals that msg gets from now on. They do not end it any more.
pub(crate) struct Signals {
    sender: mpsc::UnboundedSender<Signal>,
    receiver: mpsc::UnboundedReceiver<Signal>,
}

impl Signals {
    /// Listens. What is ignored stays ignored, for the program too.
    pub(crate) fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let (sender, receiver) = mpsc::unbounded_channel();
        for (which, _) in PASSED {
            let number = which.as_raw();
            if ignored & 1_u64.checked_shl(number.unsigned_abs().saturating_sub(1)).unwrap_or(0)
                != 0
            {
                continue;
            }
            let mut stream = signal(SignalKind::from_raw(number))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() && sender.send(which).is_ok() {}
            });
        }
        Ok(Self { sender, receiver })
    }

    /// One comes again: who waited for a program has seen it, and others are to.
    pub(crate) fn again(&self, signal: Signal) {
        // We hold the other end.
        let _ = self.sender.send(signal);
    }

    /// One that has come, without waiting.
    pub(crate) fn come(&mut self) -> Option<Signal> {
        self.receiver.try_recv().ok()
    }

    /// The next.
    pub(crate) async fn next(&mut self) -> Signal {
        match self.receiver.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

/// Starts a program with these words; `set_up` says what it reads and writes.
pub(crate) fn start(words: &[OsString], set_up: impl FnOnce(&mut Command)) -> io::Result<Child> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut command = Command::new(program);
    command.args(arguments);
    set_up(&mut command);
    hygiene::with_own_mask(|| command.spawn())
}

/// The same in a process group of its own, so that it can be ended with all that it
/// has started. The terminal's signals do not reach it then.
pub(crate) fn start_apart(
    words: &[OsString],
    set_up: impl FnOnce(&mut Command),
) -> io::Result<Child> {
    start(words, |command| {
        set_up(command);
        command.process_group(0);
    })
}

/// Talks with a program that was started apart, waits until it has ended, and passes
/// signals on. The last of them is noted, even if this is given up.
pub(crate) async fn wait_apart<T>(
    child: &mut Child,
    signals: &mut Signals,
    last: &mut Option<Signal>,
    talk: impl Future<Output = T>,
) -> io::Result<(T, ExitStatus)> {
    let group = id_of(child);
    let ended = async {
        // What it has started may talk on: its number is its own until that ends.
        let said = talk.await;
        io::Result::Ok((said, child.wait().await?))
    };
    tokio::pin!(ended);
    loop {
        tokio::select! {
            ended = &mut ended => return ended,
            signal = signals.next() => {
                *last = Some(signal);
                let _ = group.map(|group| kill_process_group(group, signal));
            }
        }
    }
}

/// Ends a program that was started apart, with all that it has started: asks first,
/// and does not wait long.
pub(crate) async fn end_apart(child: &mut Child) -> io::Result<()> {
    let Some(group) = id_of(child) else { return Ok(()) };
    let _ = kill_process_group(group, Signal::TERM);
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let deadline = Instant::now() + GRACE;
    // It is only looked at, so that its number stays its own until all are gone.
    while matches!(waitid(WaitId::Pid(group), options), Ok(None)) && Instant::now() < deadline {
        sleep(LOOK).await;
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait().await?;
    Ok(())
}

fn id_of(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}

/// Waits until a program has ended, and passes signals on. Gives the last of them.
pub(crate) async fn wait(
    child: &mut Child,
    signals: &mut Signals,
) -> io::Result<(ExitStatus, Option<Signal>)> {
    let mut last = None;
    loop {
        tokio::select! {
            status = child.wait() => return Ok((status?, last)),
            signal = signals.next() => {
                last = Some(signal);
                pass_on(child, signal);
            }
        }
    }
}

fn pass_on(child: &Child, signal: Signal) {
    let is_terminals = PASSED.contains(&(signal, true)) && is_foreground();
    // Until it has been waited for, its number is nobody else's.
    if let Some(id) = id_of(child).filter(|_| !is_terminals) {
        let _ = kill_process(id, signal);
    }
}

/// Whether the terminal sends its signals to us, and so to the program.
fn is_foreground() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    let group = terminal.ok().and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
    group == Some(getpgrp())
}

/// Signals that whoever started us wants ignored, as bits.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The exit code that shells give for a status.
pub(crate) fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// The exit code of whom a signal has ended.
pub(crate) fn code_of(signal: Signal) -> u8 {
    u8::try_from(BY_SIGNAL + signal.as_raw()).unwrap_or(u8::MAX)
}

/// The exit code that shells give for a program that did not start.
pub(crate) fn code_of_failure(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_STARTED }
}

/// How a program ended, in words.
pub(crate) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "done".to_owned(),
        (Some(code), _) => format!("failed with exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {}", signal_name(signal)),
        (None, None) => "ended".to_owned(),
    }
}

fn signal_name(number: i32) -> String {
    let known = [
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::ABORT, "ABRT"),
        (Signal::KILL, "KILL"),
        (Signal::SEGV, "SEGV"),
        (Signal::PIPE, "PIPE"),
        (Signal::TERM, "TERM"),
    ];
    let found = known.iter().find(|(signal, _)| signal.as_raw() == number);
    found.map_or_else(|| number.to_string(), |(_, name)| format!("{number} ({name})"))
}
