//! Folders, files, disks and clocks that are not what they should be: named, with a
//! hint, and nothing is lost.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use msg_tests::{
    msg::{Done, Person},
    place::copy_folder,
};

use super::{friends, relay};

fn folder(person: &Person) -> PathBuf {
    person.home().join("msg/default")
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_others_can_get_at_is_refused_with_the_words_that_mend_it() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let folder = folder(&alice);
    let cases = [
        (folder.clone(), 0o755, 0o700),
        (folder.join("store.key"), 0o644, 0o600),
        (folder.join("store.redb"), 0o660, 0o600),
        (folder.join("key"), 0o604, 0o600),
        (folder.join("lock"), 0o666, 0o600),
    ];
    for (path, loose, proper) in cases {
        set_mode(&path, loose);
        let done = alice.run(&["send", "bob", "text"]);
        assert_eq!(done.code, Some(1), "{}: {}", path.display(), done.stderr);
        let hint = format!("hint: chmod {proper:o} {}", path.display());
        assert!(done.stderr.contains(&hint), "{} lacks {hint}", done.stderr);
        set_mode(&path, proper);
    }
    alice.done(&["send", "bob", "text"]);
    assert_eq!(bob.read(), ["text"], "what was refused has sent nothing");
}

#[test]
fn links_and_pipes_in_the_place_of_files_are_refused() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    for name in ["store.redb", "store.key", "lock"] {
        let path = folder(&alice).join(name);
        let aside = alice.home().join("aside");
        fs::rename(&path, &aside).unwrap();
        symlink(&aside, &path).unwrap();
        let done = alice.run(&["recv"]);
        assert_eq!(done.code, Some(1), "{name}: {}", done.stderr);
        assert!(
            done.stderr.contains(&format!("{} is not a file", path.display())),
            "{}",
            done.stderr
        );
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let done = alice.run(&["recv"]);
        assert_eq!(done.code, Some(1), "{name}: {}", done.stderr);
        fs::remove_file(&path).unwrap();
        fs::hard_link(&aside, &path).unwrap();
        let done = alice.run(&["recv"]);
        assert_eq!(done.code, Some(1), "{name}: {}", done.stderr);
        fs::remove_file(&aside).unwrap();
        alice.done(&["recv"]);
    }
}

#[test]
fn a_store_that_is_none_is_named_and_left_as_it_is() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    alice.done(&["send", "bob", "before"]);
    for name in ["store.redb", "store.key", "key"] {
        let path = folder(&bob).join(name);
        let whole = fs::read(&path).unwrap();
        for damage in [Vec::new(), b"something else".to_vec(), whole[..whole.len() / 2].to_vec()] {
            fs::write(&path, &damage).unwrap();
            let done = bob.run(&["recv"]);
            assert_eq!(done.code, Some(1), "{name}: {}", done.stderr);
            let said = done.stderr.lines().next().unwrap_or_default();
            assert!(said.starts_with("error: ") && said.contains(path.to_str().unwrap()), "{said}");
            assert_eq!(fs::read(&path).unwrap(), damage, "{name} is left as it is");
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(bob.read(), ["before"]);
}

#[test]
fn a_key_with_any_byte_of_its_head_changed_is_named_and_refused() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    let path = folder(&alice).join("store.key");
    let whole = fs::read(&path).unwrap();
    for at in 0..16 {
        let mut other = whole.clone();
        other[at] ^= 0x40;
        fs::write(&path, &other).unwrap();
        let done = alice.run(&["recv"]);
        // A generation that is none looks like a key that has been replaced.
        assert!(matches!(done.code, Some(1 | 6)), "byte {at}: {:?} {}", done.code, done.stderr);
        let said = done.stderr.lines().next().unwrap_or_default();
        assert!(said.starts_with("error: ") && said.contains("default/store."), "{}", done.stderr);
    }
    fs::write(&path, &whole).unwrap();
    alice.done(&["recv"]);
}

#[test]
fn a_full_disk_gives_1_and_loses_nothing() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let Some(disk) = Disk::mount(16) else {
        eprintln!("skipped: a disk can be mounted by root alone");
        return;
    };
    copy_folder(&alice.home().join("msg"), &disk.path.join("msg"));
    let on_disk = |words: &[&str]| {
        Done::of(alice.command(words).env("MSG_HOME", disk.path.join("msg")).output().unwrap())
    };
    let mut sent = Vec::new();
    for number in 0..3 {
        sent.push(format!("text {number}"));
        assert_eq!(on_disk(&["send", "bob", &sent[number]]).code, Some(0));
    }
    let filler = disk.path.join("filler");
    disk.fill(&filler);
    let long = "x".repeat(50_000);
    let mut failed = 0;
    for number in 0..40 {
        let text = format!("full {number} {long}");
        let done = on_disk(&["send", "bob", &text]);
        if done.code == Some(0) {
            sent.push(text);
            continue;
        }
        assert_eq!(done.code, Some(1), "{}", done.stderr);
        assert!(done.stderr.contains("hint: "), "{}", done.stderr);
        failed += 1;
    }
    assert!(failed > 0, "the disk was full");
    assert_eq!(bob.read(), sent, "what was stored was sent, and nothing else");
    fs::remove_file(&filler).unwrap();
    assert_eq!(on_disk(&["send", "bob", "room again"]).code, Some(0));
    assert_eq!(bob.read(), ["room again"]);
    assert_eq!(on_disk(&["recv"]).code, Some(0));
}

#[test]
fn a_clock_an_hour_or_a_year_off_stops_nobody_and_loses_nothing() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let at = |off_s: i64, words: &[&str]| {
        let done = alice.run_at(off_s, words);
        assert_eq!(done.code, Some(0), "{off_s} {words:?}: {}", done.stderr);
        done
    };
    let (hour, year) = (3_600, 365 * 86_400);
    for off_s in [hour, -hour, year, -year, 0] {
        let text = format!("off by {off_s} seconds");
        at(off_s, &["send", "bob", &text]);
        assert_eq!(bob.read(), [text.as_str()]);
        bob.done(&["send", "alice", &text]);
        let lines = at(off_s, &["recv", "--json"]).lines();
        let bodies = lines.iter().filter_map(|line| line.get("body")?.as_str());
        assert_eq!(bodies.collect::<Vec<_>>(), [text]);
    }
}

/// A small disk of its own, gone when it is dropped.
struct Disk {
    path: PathBuf,
    _above: tempfile::TempDir,
}

impl Disk {
    fn mount(mebibytes: u64) -> Option<Self> {
        let above = tempfile::TempDir::with_prefix("msg-disk-").unwrap();
        let path = above.path().join("disk");
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m,mode=700"), "tmpfs"]);
        let mounted = mount.arg(&path).output();
        let is_mounted = mounted.is_ok_and(|output| output.status.success());
        is_mounted.then_some(Self { path, _above: above })
    }

    /// Leaves no room.
    fn fill(&self, file: &Path) {
        let dd = Command::new("dd")
            .args(["if=/dev/zero", "bs=4096", &format!("of={}", file.display())])
            .output()
            .unwrap();
        assert!(!dd.status.success(), "{} is full", self.path.display());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}
