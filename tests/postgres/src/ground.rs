//! A private folder, and a watchdog over it. Whatever works in that folder ends with
//! us, and then the folder goes: when it is dropped, when the process that made it
//! panics, and when that process is killed.
//!
//! The watchdog is a shell that reads a pipe of which only we hold the other end.
//! It knows processes by their working folder, not by numbers that may have been
//! given to somebody else since.

use std::{
    fs,
    io::{self, Read as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

/// Waits for the end of its input. Then it kills what works in the folder `$1`, takes
/// back the shared memory that a killed server has left, ends its output to say so,
/// and removes the folder, which on a busy disk takes seconds.
const WATCHDOG: &str = r#"
cat > /dev/null
# What ends while find looks at it makes find fail.
working() { find /proc -maxdepth 2 -name cwd \( -lname "$1" -o -lname "$1/*" \) -printf '%h\n' 2> /dev/null; }
while pids=$(working "$1"); [ -n "$pids" ]; do
    for pid in $pids; do kill -KILL "${pid#/proc/}" 2> /dev/null; done
    sleep 0.02
done
for file in "$1"/*/postmaster.pid; do
    segment=$(sed -n '7s/.* //p' "$file" 2> /dev/null) && [ -n "$segment" ] && ipcrm -m "$segment" 2> /dev/null
done
exec > /dev/null
rm -rf "$1"
"#;

/// A folder that is watched.
#[derive(Debug)]
pub struct Ground {
    folder: PathBuf,
    watchdog: Option<Child>,
}

impl Ground {
    /// Makes it, with nothing in it.
    pub fn new(name: &str) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(&format!("msg-{name}-")).tempdir()?.keep();
        let folder = fs::canonicalize(folder)?;
        let mut command = Command::new("sh");
        command.args(["-c", WATCHDOG, "watchdog"]).arg(&folder).current_dir("/");
        // What ends our group must not end it.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(Self { watchdog: Some(command.spawn()?), folder })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let Some(mut watchdog) = self.watchdog.take() else { return };
        drop(watchdog.stdin.take());
        if let Some(mut output) = watchdog.stdout.take() {
            let _ = output.read_to_end(&mut Vec::new());
        }
        thread::spawn(move || watchdog.wait());
    }
}

/// Kills every process that works in that folder, and waits until there is none.
pub(crate) fn kill_all_in(folder: &Path) {
    loop {
        let pids = working_in(folder);
        if pids.is_empty() {
            return;
        }
        for pid in pids {
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Holds every process that works in that folder as it is: it keeps its connections,
/// and answers on none of them.
pub(crate) fn freeze_all_in(folder: &Path) {
    let mut frozen = Vec::new();
    // One of them may just have made another.
    while frozen != working_in(folder) {
        frozen = working_in(folder);
        for pid in &frozen {
            let _ = kill_process(*pid, Signal::STOP);
        }
    }
}

/// The processes whose working folder that is, or is within.
pub fn working_in(folder: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let cwd = |entry: &fs::DirEntry| fs::read_link(entry.path().join("cwd"));
    let ours = processes.filter(|entry| cwd(entry).is_ok_and(|cwd| cwd.starts_with(folder)));
    ours.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect()
}
