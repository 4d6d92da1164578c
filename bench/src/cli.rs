//! `cli`: what a command costs as its user sees it, from the start of the process to
//! its end. A sent text stands beside a client that knows nothing of secrets: it
//! connects, deposits one envelope and syncs a file twice.

pub(crate) mod bare;
mod files;
mod lines;

use std::{
    fs, io,
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use msg_tests::{
    msg::{Person, befriend},
    relay::{RelayBuilder, RelayProcess},
};

use crate::{
    machine,
    output::line,
    relay::{folder, server::Ours},
    turns::{Figure, compare_turns, per_item},
};

/// Commands of one turn.
const TURN: u32 = 5;
const TEXT: &str = "the backup of db1 is done: 12,345 files, 67 GB, 0 errors";

/// What can be measured by itself.
const PARTS: [&str; 3] = ["commands", "files", "lines"];

/// Measures and prints what is asked for, without words everything; `--small` takes
/// a small file. `None` if the words make no sense.
pub(crate) fn run(words: &[&str]) -> Option<io::Result<()>> {
    let small = words.contains(&"--small");
    let asked: Vec<&str> = words.iter().copied().filter(|word| *word != "--small").collect();
    if !asked.iter().all(|word| PARTS.contains(word)) {
        return None;
    }
    Some(measure(if asked.is_empty() { &PARTS } else { &asked }, small))
}

fn measure(parts: &[&str], small: bool) -> io::Result<()> {
    let msg = folder::program_folder()?.join("msg");
    line(format!("machine: {}", machine::describe()));
    line("each command a process, its files on the disk of the build folder");
    line("");
    for part in parts {
        match *part {
            "commands" => {
                line("medians, milliseconds");
                line(format!("the program `msg`            {:>9.1} MiB", mebibytes(&msg)?));
                start(&msg);
                send(&msg)?;
            }
            "files" => files::run(&msg, small)?,
            _ => lines::run(&msg)?,
        }
    }
    Ok(())
}

/// The start alone, beside a program that does nothing.
fn start(msg: &Path) {
    let figure = compare_turns(
        || turn(|| run_quietly(Command::new(msg).arg("--version"))),
        || turn(|| run_quietly(&mut Command::new("true"))),
    );
    print("msg --version", "true", &figure);
}

/// A text to a contact with whom a session stands, and what its parts cost.
fn send(msg: &Path) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ours = runtime.block_on(Ours::start(1))?;
    let target = folder::new("bare-")?;
    bare::Target::write(&ours, target.path())?;
    let relay = relay(&folder::program_folder()?.join("msg-relay"))?;
    let [alice, bob] = people(msg, &relay)?;
    let this = std::env::current_exe()?;
    let bare = || turn(|| run_quietly(Command::new(&this).arg("bare").arg(target.path())));
    let figure =
        compare_turns(|| turn(|| run_quietly(&mut alice.command(&["send", "bob", TEXT]))), bare);
    print("msg send bob TEXT", "TCP, TLS 1.3, one deposit, two fsyncs", &figure);
    let figure = compare_turns(|| turn(|| run_quietly(&mut alice.command(&["whoami"]))), bare);
    print("msg whoami (no network)", "the same", &figure);
    bob.done(&["recv"]);
    let figure = compare_turns(|| turn(|| run_quietly(&mut bob.command(&["recv"]))), bare);
    print("msg recv (nothing there)", "the same", &figure);
    Ok(())
}

fn relay(program: &Path) -> io::Result<RelayProcess> {
    Ok(RelayBuilder::new(program).start_in(folder::new("relay-")?))
}

/// Two who have heard from each other, so that a session stands both ways.
fn people(msg: &Path, relay: &RelayProcess) -> io::Result<[Person; 2]> {
    let people = [
        Person::living_in(folder::new("home-")?, msg, "alice"),
        Person::living_in(folder::new("home-")?, msg, "bob"),
    ];
    for person in &people {
        person.register(relay);
    }
    befriend(&people);
    let [alice, bob] = &people;
    alice.done(&["send", "bob", "hello"]);
    bob.done(&["recv"]);
    bob.done(&["send", "alice", "hello"]);
    alice.done(&["recv"]);
    Ok(people)
}

fn turn(mut command: impl FnMut()) -> f64 {
    per_item(TURN, || (0..TURN).for_each(|_| command()))
}

fn run_quietly(command: &mut Command) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status();
    assert!(status.as_ref().is_ok_and(ExitStatus::success), "{command:?} gave {status:?}");
}

fn mebibytes(program: &Path) -> io::Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a program has far fewer than 2^52 bytes")]
    Ok(fs::metadata(program)?.len() as f64 / f64::from(1 << 20))
}

fn print(ours: &str, theirs: &str, figure: &Figure) {
    line(format!(
        "{ours:<28} {:>9.2}   {theirs}: {:.2}   ratio {:.2}",
        figure.ours / 1e6,
        figure.theirs / 1e6,
        figure.ratio
    ));
}
