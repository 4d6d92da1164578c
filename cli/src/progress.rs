//! How far long work is, on a terminal; nothing anywhere else, and nothing for work
//! that is done in a moment.

use std::{
    io::{self, IsTerminal as _},
    sync::Mutex,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use msg_client::driver::files::{Progress, Stage};

use crate::{args::Globals, text};

/// Work that ends sooner shows nothing.
const QUIET: Duration = Duration::from_millis(400);
/// Pictures in a second.
const RATE: u8 = 10;

/// What is shown of a transfer, until it is dropped.
struct Shown {
    bar: Option<(Stage, ProgressBar)>,
    begun: Instant,
    name: String,
}

/// Shows how far a file is.
pub(crate) fn of_file(globals: &Globals, name: &str) -> Progress {
    if globals.quiet || globals.json || !io::stderr().is_terminal() {
        return Progress::silent();
    }
    let shown = Shown { bar: None, begun: Instant::now(), name: text::line(name) };
    let shown = Mutex::new(shown);
    Progress::new(move |stage, done, of| {
        // A watcher that panicked has left a picture at worst.
        if let Ok(mut shown) = shown.lock() {
            shown.tell(stage, done, of);
        }
    })
}

/// How many messages are written out, until it is dropped.
pub(crate) struct Counted {
    bar: Option<ProgressBar>,
    begun: Instant,
    count: u64,
    is_shown: bool,
}

/// Shows how many messages are written out; nothing where they go to the terminal
/// themselves.
pub(crate) fn of_messages(globals: &Globals, are_shown: bool) -> Counted {
    let is_shown = !globals.quiet && !are_shown && io::stderr().is_terminal();
    Counted { bar: None, begun: Instant::now(), count: 0, is_shown }
}

impl Counted {
    /// One more.
    pub(crate) fn add(&mut self) {
        self.count += 1;
        if !self.is_shown || self.begun.elapsed() < QUIET {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let target = ProgressDrawTarget::stderr_with_hz(RATE);
            let bar = ProgressBar::with_draw_target(None, target);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} messages, {per_sec}") {
                bar.set_style(style);
            }
            bar
        });
        bar.set_position(self.count);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Shown {
    fn tell(&mut self, stage: Stage, done: u64, of: Option<u64>) {
        if self.begun.elapsed() < QUIET {
            return;
        }
        if self.bar.as_ref().is_none_or(|(shown, _)| *shown != stage) {
            self.clear();
            self.bar = Some((stage, bar(stage, of, &self.name)));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_position(done);
        }
    }

    fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(stage: Stage, of: Option<u64>, name: &str) -> ProgressBar {
    let template = match of {
        Some(_) => "{msg} [{bar:24}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta}",
        None => "{msg} {spinner} {bytes}, {bytes_per_sec}",
    };
    let target = ProgressDrawTarget::stderr_with_hz(RATE);
    let bar = ProgressBar::with_draw_target(of, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(format!("{name}: {}", word(stage)));
    bar
}

const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Sealing => "sealing",
        Stage::Uploading => "sending",
        Stage::Fetching => "fetching",
        Stage::Opening => "opening",
    }
}
