//! People with the real program, one command after the other: what they were told to
//! be on its way, and what each of them was shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead as _, BufReader},
    process::Child,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use msg_protocol::address::RelayLink;
use msg_tests::{
    msg::{Done, Person},
    shown::Shown,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const MSG: &str = env!("CARGO_BIN_EXE_msg");
/// The last one follows their mailbox all the time.
const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
const FOLLOWER: usize = NAMES.len() - 1;
const GROUP: &str = "#all";
/// The exit codes of a command after which a message is kept, and leaves by and by:
/// done, the relay cannot be reached, done for some.
const KEPT: [i32; 3] = [0, 4, 5];
const MAX_FILE_BYTES: u32 = 200_000;
/// Commands on each side until everything has come, and the pause between them.
const ROUNDS: usize = 20;
const PAUSE: Duration = Duration::from_secs(1);

struct Someone {
    person: Person,
    /// What was confirmed to those who wrote to them.
    due: BTreeSet<String>,
    shown: Arc<Mutex<Shown>>,
    /// Files that they were told of and have not got: id and name, which ends in its hash.
    files: Vec<(String, String)>,
    /// Names of files that they have got, and nobody needs any more.
    got: Vec<String>,
    /// Files that they have sent: name and id.
    sent: BTreeMap<String, String>,
}

/// All of them.
pub(crate) struct People {
    all: Vec<Someone>,
    relay: String,
    link: RelayLink,
    follow: Option<(Child, JoinHandle<()>)>,
    ground: TempDir,
    number: u64,
    confirmed: u64,
    rng: ChaCha20Rng,
}

impl People {
    /// They register, add each other and make a group.
    pub(crate) fn meet(link: &RelayLink, rng: ChaCha20Rng) -> Self {
        let someone = |name| Someone {
            person: Person::registered_at(MSG, name, link),
            due: BTreeSet::new(),
            shown: Arc::default(),
            files: Vec::new(),
            got: Vec::new(),
            sent: BTreeMap::new(),
        };
        let all: Vec<_> = NAMES.map(someone).into();
        for one in &all {
            for other in NAMES.iter().filter(|other| **other != one.person.name) {
                one.person.done(&["add-contact", other]);
            }
        }
        let everybody = |words: &[&str]| all.iter().for_each(|one| drop(one.person.done(words)));
        everybody(&["recv"]);
        everybody(&["recv"]);
        let [_, others @ ..] = NAMES;
        all[0].person.done(&[&["group", "create", "all"], others.as_slice()].concat());
        for one in &all[1..] {
            one.person.done(&["group", "accept", "all"]);
        }
        (0..3).for_each(|_| everybody(&["recv"]));
        let ground = TempDir::with_prefix("msg-load-").unwrap();
        let relay = link.relay.to_string();
        let link = link.clone();
        let mut people =
            Self { all, relay, link, follow: None, ground, number: 0, confirmed: 0, rng };
        people.follow();
        people
    }

    /// Somebody does something.
    pub(crate) fn do_something(&mut self) {
        let who = self.below(NAMES.len());
        match self.below(100) {
            0..50 => self.write(who),
            50..75 => self.read(who),
            75..85 => self.say_to_all(who),
            85..90 => self.share(who),
            90..92 => self.come_and_go(),
            92..94 => {
                self.stop_following();
                self.follow();
            }
            _ => drop(self.all[who].run(&["outbox", "retry"])),
        }
    }

    fn below(&mut self, most: usize) -> usize {
        self.rng.next_u32() as usize % most
    }

    fn another(&mut self, than: usize, most: usize) -> usize {
        (than + 1 + self.below(most - 1)) % most
    }

    fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    fn write(&mut self, from: usize) {
        let to = self.another(from, NAMES.len());
        for _ in 0..=self.below(3) {
            let text = format!("text {} from {}", self.next(), NAMES[from]);
            self.send(from, &[to], &["send", NAMES[to], &text], &text);
        }
    }

    fn say_to_all(&mut self, from: usize) {
        let text = format!("to all {} from {}", self.next(), NAMES[from]);
        let to: Vec<usize> = (0..NAMES.len()).filter(|&to| to != from).collect();
        self.send(from, &to, &["send", GROUP, &text], &text);
    }

    /// A file, to somebody who gets files.
    fn share(&mut self, from: usize) {
        let to = self.another(from % FOLLOWER, FOLLOWER);
        let mut bytes = vec![0; 10_000 + (self.rng.next_u32() % MAX_FILE_BYTES) as usize];
        self.rng.fill_bytes(&mut bytes);
        let name = format!("file-{}-{}", self.next(), &hash(&bytes)[..16]);
        let path = self.ground.path().join(&name);
        fs::write(&path, bytes).unwrap();
        let words = ["send", NAMES[to], "--file", path.to_str().unwrap(), "--json"];
        let done = self.send(from % FOLLOWER, &[to], &words, &name);
        let id = done.lines()[0]["id"].as_str().unwrap().to_owned();
        self.all[from % FOLLOWER].sent.insert(name, id);
        fs::remove_file(&path).unwrap();
    }

    fn send(&mut self, from: usize, to: &[usize], words: &[&str], what: &str) -> Done {
        let done = self.all[from].run(words);
        assert!(done.code.is_some_and(|code| KEPT.contains(&code)), "{words:?}: {}", done.stderr);
        self.confirmed += to.len() as u64;
        for &to in to {
            self.all[to].due.insert(what.to_owned());
        }
        done
    }

    /// They read, and get the files that they are told of.
    fn read(&mut self, who: usize) {
        if who == FOLLOWER {
            return;
        }
        let one = &mut self.all[who];
        let done = one.run(&["recv", "--json"]);
        assert!(matches!(done.code, Some(0 | 4)), "{:?}: {}", done.code, done.stderr);
        for line in done.text().lines() {
            let line = one.shown.lock().unwrap().take_line(line, done.code == Some(0));
            let Some(line) = line else { continue };
            if let Some(name) = line["file"]["name"].as_str() {
                one.files.push((line["id"].as_str().unwrap().to_owned(), name.to_owned()));
            }
        }
        one.fetch(&self.ground);
        // Whoever sent it takes it back from the relay, or that would grow by design.
        for name in std::mem::take(&mut one.got) {
            let sender = self.all.iter_mut().find(|one| one.sent.contains_key(&name)).unwrap();
            let id = sender.sent.remove(&name).unwrap();
            sender.run(&["delete", &id]);
        }
    }

    /// Somebody registers, looks around, and goes.
    fn come_and_go(&mut self) {
        let name = format!("guest-{}", self.next());
        let guest = Person::new(MSG, &name);
        let link = self.link.to_secret_text();
        let done = guest.run(&["register", &name, "--relay", &link, "--unattended"]);
        if done.code == Some(0) {
            let address = format!("{name}@{}", self.relay);
            for words in [vec!["status"], vec!["recv"], vec!["delete-account", "--yes", &address]] {
                guest.run(&words);
            }
        }
    }

    /// Lets the last one stay and be shown what comes.
    fn follow(&mut self) {
        let one = &self.all[FOLLOWER];
        let mut child = one.person.start(&["recv", "--follow", "--json"]);
        let (lines, shown) =
            (BufReader::new(child.stdout.take().unwrap()).lines(), Arc::clone(&one.shown));
        let reader = thread::spawn(move || {
            for line in lines {
                shown.lock().unwrap().take_line(&line.unwrap(), false);
            }
        });
        self.follow = Some((child, reader));
    }

    fn stop_following(&mut self) {
        let (child, reader) = self.follow.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        reader.join().unwrap();
        Done::of(child.wait_with_output().unwrap());
    }

    /// Commands that run anyway, until everything has come; gives how much that was.
    pub(crate) fn settle(mut self) -> u64 {
        for _ in 0..ROUNDS {
            for who in 0..NAMES.len() {
                self.all[who].run(&["outbox", "retry"]);
                self.read(who);
            }
            if self.all.iter().all(|one| one.missing().is_empty() && one.files.is_empty()) {
                self.stop_following();
                return self.confirmed;
            }
            thread::sleep(PAUSE);
        }
        for one in &self.all {
            eprintln!("{} misses {:?}, and {:?}", one.person.name, one.missing(), one.files);
        }
        panic!("something was confirmed and never came");
    }
}

impl Someone {
    fn run(&self, words: &[&str]) -> Done {
        self.person.run(words)
    }

    fn missing(&self) -> Vec<String> {
        self.due.difference(&self.shown.lock().unwrap().bodies).cloned().collect()
    }

    /// Gets what files they know of. One whose link is cut is tried again.
    fn fetch(&mut self, ground: &TempDir) {
        let here = ground.path().join(&self.person.name);
        fs::create_dir_all(&here).unwrap();
        let files = std::mem::take(&mut self.files);
        for (id, name) in files {
            let done = self.person.command(&["get", &id]).current_dir(&here).output().unwrap();
            let done = Done::of(done);
            if done.code == Some(0) {
                let path = here.join(&name);
                assert!(name.ends_with(&hash(&fs::read(&path).unwrap())[..16]), "{name}");
                fs::remove_file(&path).unwrap();
                self.got.push(name);
            } else {
                assert_eq!(done.code, Some(4), "{}", done.stderr);
                self.files.push((id, name));
            }
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}
