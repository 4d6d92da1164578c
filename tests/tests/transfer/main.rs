//! Files as people send and get them: the real program, a real relay, kills on
//! both sides, names that mean harm, and relays that lie or have no room.

#![cfg(test)]

mod folders;
mod groups;
mod kills;
mod liar;
mod limits;
mod names;
mod stories;
mod taken_back;
mod texts;

use std::{
    fs::{self, File},
    io::{BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use msg_tests::{
    msg::{self, Done, Person},
    relay::{RelayBuilder, RelayProcess},
    seed,
};
use rand_core::Rng as _;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const MSG: &str = env!("CARGO_BIN_EXE_msg");
const PATIENCE: Duration = Duration::from_mins(2);

fn relay() -> RelayProcess {
    RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).start()
}

fn friends(relay: &RelayProcess) -> [Person; 2] {
    msg::friends(MSG, relay, ["alice", "bob"])
}

/// A folder for files, apart from anybody's home.
fn folder() -> TempDir {
    TempDir::with_prefix("msg-files-").unwrap()
}

/// Writes so many random bytes there.
fn random_file(path: &Path, length: usize) -> PathBuf {
    seeded_file(path, length, length as u64)
}

/// The same by another seed than its length.
fn seeded_file(path: &Path, length: usize, seed: u64) -> PathBuf {
    let mut random = seed::rng(seed);
    let mut file = BufWriter::new(File::create(path).unwrap());
    let mut bytes = vec![0; length.min(65_536)];
    let mut left = length;
    while left > 0 {
        let part = &mut bytes[..left.min(65_536)];
        random.fill_bytes(part);
        file.write_all(part).unwrap();
        left -= part.len();
    }
    file.flush().unwrap();
    path.to_owned()
}

fn sha256(path: &Path) -> [u8; 32] {
    let mut file = File::open(path).unwrap();
    let mut hasher = Sha256::new();
    let mut bytes = vec![0; 65_536];
    loop {
        match file.read(&mut bytes).unwrap() {
            0 => return hasher.finalize().into(),
            length => hasher.update(&bytes[..length]),
        }
    }
}

/// Runs words with `folder` as the working directory.
fn run_in(person: &Person, folder: &Path, words: &[&str]) -> Done {
    Done::of(person.command(words).current_dir(folder).output().unwrap())
}

/// The id of the only unread message, which holds a file.
fn received(person: &Person) -> serde_json::Value {
    let mut lines = person.json(&["recv"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

fn id(message: &serde_json::Value) -> &str {
    message["id"].as_str().unwrap()
}

/// The files in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until something is so.
fn wait_for(child: &mut Child, what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if let Some(status) = child.try_wait().unwrap() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("it ended before {what}: {status}: {said}");
        }
        assert!(Instant::now() < deadline, "it takes too long until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
