//! The world in which a document's commands are run: a folder that stands for the
//! machine, homes, two relays on loopback, and the programs of this build.

use std::{
    cell::RefCell,
    env,
    fs::{self, File},
    io,
    os::unix::{fs::symlink, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use msg_tests::{
    msg::Done,
    place,
    relay::{RelayBuilder, RelayProcess},
};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use crate::{MSG, RELAY, markdown::Typed, shown, stand_ins};

const PATIENCE: Duration = Duration::from_mins(3);

/// Folders of the machine: each stands in the world's own.
pub(crate) const FOLDERS: &[&str] =
    &["/usr/local/", "/etc/", "/var/", "/backup/", "/somewhere/", "/srv"];

/// Hosts, and which of the relays they are. Nothing here leaves this machine.
pub(crate) const HOSTS: &[(&str, usize)] =
    &[("relay.example:7777", 0), ("@relay.example", 0), ("@relay.two", 1)];

/// Everything.
pub(crate) struct World {
    root: TempDir,
    relays: Vec<RelayProcess>,
    variables: RefCell<Vec<(String, String)>>,
    words: RefCell<Vec<(String, String)>>,
}

/// A command that goes on.
pub(crate) struct Running {
    child: Child,
    said: PathBuf,
    /// Ends when nobody is left who could say anything.
    hears: JoinHandle<()>,
}

impl World {
    /// A machine with so many relays, whose links lie in everybody's `link.txt`.
    pub(crate) fn with(relays: usize) -> Self {
        let root = TempDir::with_prefix("msg-doc-").expect("a folder");
        let relay = || RelayBuilder::new(RELAY).env("MSG_RELAY_LIMITS_WORK_BITS", "8").start();
        let world = Self {
            root,
            relays: (0..relays).map(|_| relay()).collect(),
            variables: RefCell::default(),
            words: RefCell::default(),
        };
        for folder in FOLDERS {
            fs::create_dir_all(world.at(folder)).expect("a folder");
        }
        for folder in ["tools", "usr/local/bin", "etc/systemd/system", "var/lib", "var/log"] {
            fs::create_dir_all(world.at(folder)).expect("a folder");
        }
        stand_ins::place(&world.at("tools"));
        stand_ins::program(&world.at("tools/msg"), &format!("exec {MSG} \"$@\""));
        stand_ins::program(&world.at("tools/msg-relay"), &format!("exec {RELAY} \"$@\""));
        world.lay_out();
        world
    }

    /// The repository as somebody has cloned it: they build what is in it.
    fn lay_out(&self) {
        let copy = self.at("repository");
        fs::create_dir(&copy).expect("a folder");
        for entry in fs::read_dir(place::repository()).expect("the repository") {
            let entry = entry.expect("an entry");
            if entry.file_name() != "target" {
                symlink(entry.path(), copy.join(entry.file_name())).expect("a link");
            }
        }
    }

    /// A path of this machine.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Somebody's home.
    pub(crate) fn home(&self, who: &str) -> PathBuf {
        let home = self.at("home").join(who);
        if !home.is_dir() {
            fs::create_dir_all(&home).expect("a folder");
            if let Some(relay) = self.relays.first() {
                fs::write(home.join("link.txt"), relay.link().to_secret_text() + "\n").expect("it");
            }
        }
        home
    }

    /// One of the relays.
    pub(crate) fn relay(&self, number: usize) -> &RelayProcess {
        &self.relays[number]
    }

    /// Sets a variable for everybody; an empty value removes it.
    pub(crate) fn sets(&self, name: &str, value: impl Into<String>) {
        self.variables.borrow_mut().push((name.to_owned(), value.into()));
    }

    /// Means another word, here, by one in the document.
    pub(crate) fn means(&self, word: &str, here: impl Into<String>) {
        self.words.borrow_mut().push((word.to_owned(), here.into()));
    }

    /// A text of the document as it is here.
    pub(crate) fn here(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for folder in FOLDERS {
            text = text.replace(folder, &format!("\0{folder}"));
        }
        text = text.replace('\0', &self.root.path().display().to_string());
        for (host, relay) in HOSTS {
            if let Some(relay) = self.relays.get(*relay) {
                let sign = if host.starts_with('@') { "@" } else { "" };
                text = text.replace(host, &format!("{sign}{}", relay.endpoint().address));
            }
        }
        for (word, here) in self.words.borrow().iter() {
            text = text.replace(word, here);
        }
        text
    }

    /// A command as somebody's shell runs it, not started yet.
    pub(crate) fn shell(&self, who: &str, text: &str) -> Command {
        let mut shell = Command::new("sh");
        // A terminal that starts it has a folder of its own.
        let text = format!("cd {}\n{}", self.home(who).display(), self.here(text));
        shell.args(["-euc", &text]);
        self.equip(&mut shell, who);
        shell
    }

    fn equip(&self, command: &mut Command, who: &str) {
        let home = self.home(who);
        let path = format!(
            "{}:{}:/usr/local/bin:/usr/bin:/bin",
            self.at("usr/local/bin").display(),
            self.at("tools").display(),
        );
        command.env_clear().current_dir(&home).env("HOME", &home).env("PATH", path);
        command.env("LC_ALL", "C.UTF-8").env("WORLD", self.root.path());
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        // Any free port, and a disk that may be nearly full.
        command.env("MSG_RELAY_LISTEN", "127.0.0.1:0").env("MSG_RELAY_METRICS", "off");
        command.env("MSG_RELAY_LIMITS_FLOOR_BYTES", "1MiB");
        command.env("MSG_RELAY_LIMITS_FLOOR_PERCENT", "0");
        command.env("CARGO_PROGRAM", env::var_os("CARGO").unwrap_or("cargo".into()));
        command.env("CARGO_PATH", env::var_os("PATH").unwrap_or_default());
        let passed = ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
        command.envs(passed.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        for (name, value) in self.variables.borrow().iter() {
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        command.stdin(Stdio::null());
    }

    /// Runs something that ends with this code; gives what it shows.
    #[track_caller]
    pub(crate) fn ends_with(&self, code: i32, who: &str, text: &str) -> String {
        let mut command = Command::new("timeout");
        let patience = PATIENCE.as_secs().to_string();
        let text = format!("exec 2>&1\n{}", self.here(text));
        command.args(["--kill-after=5", &patience, "sh", "-euc", &text]);
        self.equip(&mut command, who);
        let done = Done::of(command.output().expect("a shell"));
        assert_eq!(done.code, Some(code), "{who}$ {text}\n{}", done.text());
        done.text()
    }

    /// The same of something that ends well.
    #[track_caller]
    pub(crate) fn does(&self, who: &str, text: &str) -> String {
        self.ends_with(0, who, text)
    }

    /// Runs a command of a document, and looks at what it shows.
    #[track_caller]
    pub(crate) fn try_out(&self, who: &str, typed: &Typed) -> String {
        let who = typed.who.as_deref().unwrap_or(who);
        let shown = self.does(who, &typed.text);
        if !typed.shown.is_empty() {
            let difference = shown::difference(&typed.shown, &shown);
            assert!(difference.is_none(), "{}: {}", typed.text, difference.unwrap_or_default());
        }
        shown
    }

    /// All commands of a block, one after the other.
    #[track_caller]
    pub(crate) fn try_all(&self, who: &str, block: &[Typed]) {
        for typed in block {
            self.try_out(who, typed);
        }
    }

    /// Starts something that does not end by itself.
    pub(crate) fn begins(&self, who: &str, text: &str) -> Running {
        let home = self.home(who);
        let said = home.join(format!("said-{}", fs::read_dir(&home).expect("a folder").count()));
        let mut file = File::create(&said).expect("a file");
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let mut command = self.shell(who, text);
        command.stdout(writer.try_clone().expect("a pipe")).stderr(writer).process_group(0);
        let child = command.spawn().expect("a shell");
        let hears = thread::spawn(move || drop(io::copy(&mut reader, &mut file)));
        Running { child, said, hears }
    }

    /// Somebody with an account at the first relay.
    pub(crate) fn joins(&self, who: &str) {
        self.does(who, &format!("msg register {who} --relay - --unattended <link.txt"));
    }

    /// Two who have added each other.
    pub(crate) fn befriends(&self, one: &str, other: &str) {
        self.does(one, &format!("msg add-contact {other}"));
        self.does(other, &format!("msg add-contact {one}"));
        self.does(one, "msg recv");
        self.does(other, "msg recv");
    }
}

impl Running {
    /// What it has said.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.said).expect("a file")).into_owned()
    }

    /// Waits until it has said that.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        until(|| self.said().contains(text), || format!("no {text:?} in {:?}", self.said()));
    }

    /// Ends it, and what it has started.
    pub(crate) fn ends(mut self) -> String {
        self.end();
        self.said()
    }

    fn end(&mut self) {
        let group = Pid::from_child(&self.child);
        let _ = kill_process_group(group, Signal::TERM);
        let _ = self.child.wait();
        // What the shell has started may take longer.
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.hears.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = kill_process_group(group, Signal::KILL);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.at("pid")).ok();
        if let Some(pid) = pid.and_then(|pid| Pid::from_raw(pid.trim().parse().ok()?)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Waits for something.
#[track_caller]
pub(crate) fn until(mut is_so: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {}", otherwise());
        thread::sleep(Duration::from_millis(50));
    }
}

/// Writes a file for somebody.
pub(crate) fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}
