//! A file system of its own in a file, which can be shut down as if the power went:
//! what was written and not synced is gone when it is mounted again.
//!
//! It takes root, a loop device and the programs of ext4. A test where they are not
//! says so, and is skipped.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use msg_soak::Row;
use rustix::process::geteuid;
use tempfile::TempDir;

const BYTES: u64 = 256 << 20;
/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`, when a line comes: not even
/// the journal is flushed.
const SHUT_DOWN: &str = "
import fcntl, os, struct, sys
ground = os.open(sys.argv[1], os.O_RDONLY)
print('armed', flush=True)
sys.stdin.readline()
fcntl.ioctl(ground, 0x8004587D, struct.pack('I', 2))
";

/// A file system that can lose power.
#[derive(Debug)]
pub struct Ext4 {
    folder: TempDir,
}

/// What shuts it down, without having to be started first.
#[derive(Debug)]
pub struct Trigger {
    child: Child,
    stdin: ChildStdin,
}

impl Ext4 {
    /// Makes one for the runs of a test, or says in its row why it cannot.
    pub fn under(row: Row) -> Option<(Self, Row)> {
        match Self::new() {
            Ok(disk) => Some((disk, row)),
            Err(why) => {
                eprintln!("skipped: {why}");
                row.skipped(&why);
                None
            }
        }
    }

    /// Makes one and mounts it, or says why it cannot.
    fn new() -> Result<Self, String> {
        if !geteuid().is_root() {
            return Err("only root may mount".to_owned());
        }
        let ext4 = Self { folder: TempDir::with_prefix("msg-ext4-").unwrap() };
        std::fs::create_dir(ext4.path()).unwrap();
        let image = std::fs::File::create(ext4.image()).unwrap();
        image.set_len(BYTES).unwrap();
        run("mkfs.ext4", &["-q", "-F"], &[&ext4.image()])?;
        ext4.mount()?;
        Ok(ext4)
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn mount(&self) -> Result<(), String> {
        run("mount", &["-o", "loop"], &[&self.image(), &self.path()])
    }

    /// Gets ready to shut it down at once.
    pub fn trigger(&self) -> Trigger {
        let mut child = Command::new("python3")
            .args(["-c", SHUT_DOWN])
            .arg(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let stdin = child.stdin.take().unwrap();
        let mut armed = [0; 6];
        std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut armed).unwrap();
        Trigger { child, stdin }
    }

    /// Mounts it again, once nobody uses it any more.
    pub fn mount_again(&self) {
        run("umount", &[], &[&self.path()]).unwrap();
        self.mount().unwrap();
    }
}

impl Trigger {
    /// The power goes.
    pub fn pull(mut self) {
        self.stdin.write_all(b"\n").unwrap();
        assert!(self.child.wait().unwrap().success(), "the file system is not shut down");
    }
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        // Whoever still uses it ends by itself; the name is free at once.
        let _ = run("umount", &["--lazy"], &[&self.path()]);
    }
}

fn run(program: &str, words: &[&str], paths: &[&Path]) -> Result<(), String> {
    let output = Command::new(program).args(words).args(paths).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
