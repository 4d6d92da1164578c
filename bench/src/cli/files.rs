//! A file, sent and fetched, beside `age`, which encrypts and decrypts it and leaves
//! the sending to others.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use msg_tests::{msg::Person, seed};
use rand_core::Rng as _;

use super::{people, relay, run_quietly};
use crate::{
    output::{line, talk},
    relay::folder,
};

/// Pairs of turns: each takes a while.
const PAIRS: usize = 3;
const MIB: usize = 1_024;
const SMALL_MIB: usize = 128;

/// Seconds of one way and back.
struct Turn {
    there: f64,
    back: f64,
}

impl Turn {
    fn both(&self) -> f64 {
        self.there + self.back
    }
}

/// Measures and prints.
pub(super) fn run(msg: &Path, small: bool) -> io::Result<()> {
    let mib = if small { SMALL_MIB } else { MIB };
    let folder = folder::new("files-")?;
    let film = folder.path().join("film.mkv");
    random_file(&film, mib)?;
    let age = Age::new(folder.path());
    let relay = relay(&folder::program_folder()?.join("msg-relay"))?;
    let [alice, bob] = people(msg, &relay)?;
    line(format!("a file of {mib} MiB: there, back, both, in seconds; medians of {PAIRS}"));
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let turn = sent(&alice, &bob, &film, folder.path())?;
        if let Ok(age) = &age {
            let other = age.turn(&film, folder.path())?;
            ratios.push(turn.both() / other.both());
            theirs.push(other);
        }
        ours.push(turn);
    }
    print("msg send --file, msg get", &mut ours);
    match age {
        Ok(_) => {
            print("age, age --decrypt", &mut theirs);
            ratios.sort_by(f64::total_cmp);
            line(format!("ratio {:.2} (the aim is 1.5)", middle(&ratios).copied().unwrap_or(0.0)));
        }
        Err(error) => talk(&format!("age is left out: {error}")),
    }
    Ok(())
}

fn random_file(path: &Path, mib: usize) -> io::Result<()> {
    let mut random = seed::rng(1);
    let mut file = BufWriter::new(File::create(path)?);
    let mut bytes = vec![0; 1 << 20];
    for _ in 0..mib {
        random.fill_bytes(&mut bytes);
        file.write_all(&bytes)?;
    }
    file.flush()
}

fn sent(alice: &Person, bob: &Person, film: &Path, folder: &Path) -> io::Result<Turn> {
    let words = ["send", "bob", "--file", &film.display().to_string()];
    let there = seconds(&mut alice.command(&words));
    let received = bob.json(&["recv"]);
    let id = received.last().and_then(|line| line["id"].as_str()).unwrap_or_default().to_owned();
    let copy = folder.join("copy");
    let back = seconds(bob.command(&["get", &id, "-o"]).arg(&copy));
    fs::remove_file(copy)?;
    // The relay need not keep them all.
    alice.done(&["delete", &id]);
    alice.done(&["recv"]);
    Ok(Turn { there, back })
}

/// The program, with a key.
struct Age {
    key: PathBuf,
    recipient: String,
}

impl Age {
    fn new(folder: &Path) -> io::Result<Self> {
        let key = folder.join("age.key");
        let made = Command::new("age-keygen").arg("-o").arg(&key).output()?;
        if !made.status.success() {
            return Err(io::Error::other("age-keygen gives no key"));
        }
        let text = fs::read_to_string(&key)?;
        let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: "));
        let recipient = recipient.ok_or_else(|| io::Error::other("age-keygen names no key"))?;
        Ok(Self { recipient: recipient.to_owned(), key })
    }

    fn turn(&self, film: &Path, folder: &Path) -> io::Result<Turn> {
        let (sealed, copy) = (folder.join("film.age"), folder.join("copy"));
        let mut there = Command::new("age");
        there.args(["--encrypt", "--recipient", &self.recipient]);
        let there = seconds(there.arg("--output").arg(&sealed).arg(film));
        let mut back = Command::new("age");
        back.arg("--decrypt").arg("--identity").arg(&self.key);
        let back = seconds(back.arg("--output").arg(&copy).arg(&sealed));
        fs::remove_file(sealed)?;
        fs::remove_file(copy)?;
        Ok(Turn { there, back })
    }
}

fn seconds(command: &mut Command) -> f64 {
    let start = Instant::now();
    run_quietly(command);
    start.elapsed().as_secs_f64()
}

fn print(what: &str, turns: &mut [Turn]) {
    turns.sort_by(|one, other| one.both().total_cmp(&other.both()));
    if let Some(turn) = middle(turns) {
        line(format!("{what:<28} {:>7.2} {:>7.2} {:>7.2}", turn.there, turn.back, turn.both()));
    }
}

fn middle<T>(all: &[T]) -> Option<&T> {
    all.get(all.len() / 2)
}
