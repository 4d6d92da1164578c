//! A pane of tmux for each of the people, for those who want to type themselves.
//! Only on a terminal that has tmux, and only after a question.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    process::Command,
};

use super::stage::Stage;
use crate::{failure::Failure, output, step::Step};

/// More do not fit on a screen.
const MOST: usize = 6;
const FIRST_WORDS: &str = "echo 'msg send bob hello    msg recv --follow    exit'";

/// Asks, and opens the panes; comes back when they are closed.
pub(crate) fn open(stage: &Stage, people: &[String]) -> Result<(), Failure> {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !is_terminal || !Step::new("", "tmux").arg("-V").succeeds() || !agreed() {
        return Ok(());
    }
    // A server of its own, with our environment and nobody's settings.
    let socket = format!("msg-demo-{}", std::process::id());
    let mut command = Command::new("tmux");
    command.args(["-L", &socket, "-f", "/dev/null"]);
    for (index, name) in people.iter().take(MOST).enumerate() {
        let verb = if index == 0 { "new-session" } else { "split-window" };
        let shell = format!("{FIRST_WORDS}; MSG_PROFILE={name} PS1='{name}$ ' exec sh -i");
        let more: &[&str] = if index == 0 { &[] } else { &[";"] };
        command.args(more).arg(verb).arg(shell);
        command.args([";", "select-layout", "tiled"]);
    }
    let status = stage.surround(command.env_remove("TMUX"), "alice").status();
    let ended = |ending: String| Failure::Step {
        name: "panes".into(),
        ending,
        repeat: "cargo xtask demo".into(),
    };
    let status = status.map_err(|error| ended(error.to_string()))?;
    if status.success() { Ok(()) } else { Err(ended(status.to_string())) }
}

fn agreed() -> bool {
    output::line("\nA pane for each of them, to type yourself? Enter for yes, n for no.");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok_and(|bytes| bytes > 0) && !answer.trim().starts_with(['n', 'N'])
}
