//! A terminal with somebody at it: a pseudo-terminal of its own for one command,
//! which it controls as a person's terminal does.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::unix::ffi::OsStrExt as _,
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

const PATIENCE: Duration = Duration::from_mins(2);
/// After how long keys are typed again.
const AGAIN: Duration = Duration::from_millis(500);
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// A command on a terminal of its own.
pub struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    child: Child,
    shown: String,
    /// Up to where what is shown has been read.
    read: usize,
}

impl Terminal {
    /// Starts a command in the foreground of a new terminal; all three of its
    /// standard streams are that terminal.
    pub fn start(command: &Command) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keyboard).expect("it is ours");
        unlockpt(&keyboard).expect("it opens");
        tcsetwinsize(&keyboard, SIZE).expect("it has a size");
        let name = ptsname(&keyboard, Vec::new()).expect("it has a name");
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let inner = File::options().read(true).write(true).open(path).expect("its other end");
        let other = || inner.try_clone().expect("its other end");
        // Takes its standard input for its terminal, as a login does.
        let mut on_terminal = Command::new("setsid");
        on_terminal.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        let variables = command.get_envs();
        on_terminal.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        on_terminal.stdin(other()).stdout(other()).stderr(other());
        let child = on_terminal.spawn().expect("setsid starts");
        let keyboard = File::from(keyboard);
        let screen = watch(keyboard.try_clone().expect("the terminal"));
        Self { keyboard, screen, child, shown: String::new(), read: 0 }
    }

    /// Waits until something is shown that was not shown before.
    #[track_caller]
    pub fn reads(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown[self.read..].find(text) {
                self.read += at + text.len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) => panic!("no {text:?} in time: {}", self.shown),
                Err(RecvTimeoutError::Disconnected) => panic!("no {text:?}: {}", self.shown),
            }
        }
    }

    /// Types these keys.
    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("somebody reads");
    }

    /// Whether the terminal shows what is typed.
    pub fn shows_typing(&self) -> bool {
        tcgetattr(&self.keyboard).expect("a terminal").local_modes.contains(LocalModes::ECHO)
    }

    /// Sends the command a signal.
    pub fn signals(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits until the command ends; gives how, and all that was shown.
    #[track_caller]
    pub fn end(&mut self) -> (ExitStatus, String) {
        self.end_by("")
    }

    /// The same, and types these keys until then, now and again.
    #[track_caller]
    pub fn end_by(&mut self, keys: &str) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        let mut next = Instant::now();
        loop {
            assert!(Instant::now() < deadline, "it does not end: {}", self.shown);
            if next <= Instant::now() {
                // It may have ended by now.
                let _ = self.keyboard.write_all(keys.as_bytes());
                next += AGAIN;
            }
            match self.screen.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        (self.child.wait().expect("it ends"), self.shown.clone())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the terminal shows, until nobody has it open any more.
fn watch(mut terminal: File) -> Receiver<Vec<u8>> {
    let (sender, screen) = channel();
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read) = terminal.read(&mut bytes)
            && read > 0
            && sender.send(bytes[..read].to_vec()).is_ok()
        {}
    });
    screen
}
