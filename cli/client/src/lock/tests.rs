//! Waiting, being told who has it, and those who died with it.

use std::thread;

use tempfile::TempDir;

use super::*;

const LONG: Duration = Duration::from_secs(30);

fn file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("lock");
    (folder, path)
}

fn at_once(path: &Path) -> Result<Lock, LockError> {
    Lock::acquire(path, "test", Duration::ZERO)
}

#[test]
fn one_has_it_and_the_others_are_told_who() {
    let (folder, path) = file();
    let held = Lock::acquire(&path, "recv", Duration::ZERO).unwrap();
    let holder = Some(Holder { pid: std::process::id(), what: "recv".to_owned() });
    let busy = LockError::Busy { path: folder.path().to_owned(), holder };
    assert_eq!(at_once(&path).unwrap_err(), busy);
    held.release();
    at_once(&path).unwrap();
}

#[test]
fn whoever_waits_gets_it_when_it_is_free() {
    let (_folder, path) = file();
    let held = at_once(&path).unwrap();
    let waiting = path.clone();
    let waiter = thread::spawn(move || Lock::acquire(&waiting, "wait", LONG).map(Lock::release));
    thread::sleep(Duration::from_millis(30));
    assert!(!waiter.is_finished());
    held.release();
    waiter.join().unwrap().unwrap();
}

#[test]
fn who_gave_it_back_in_order_is_not_taken_for_dead() {
    let (_folder, path) = file();
    let first = at_once(&path).unwrap();
    assert!(!first.is_after_death());
    first.release();
    let second = at_once(&path).unwrap();
    assert!(!second.is_after_death());
    drop(second);
    assert!(at_once(&path).unwrap().is_after_death());
}

#[test]
fn a_name_is_shown_only_if_it_can_be_one() {
    let (_folder, path) = file();
    let held = at_once(&path).unwrap();
    for name in ["\u{1b}[31m", "1 \u{1b}[31mrecv", "recv", "-1 recv", ""] {
        let mut bytes = NOBODY;
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        held.file.write_all_at(&bytes, 0).unwrap();
        assert!(matches!(at_once(&path), Err(LockError::Busy { holder: None, .. })), "{name:?}");
    }
    assert!(!at_once(&path).unwrap_err().to_string().contains("process"));
}

#[test]
fn a_long_name_is_cut_and_no_room_is_taken_for_it() {
    let (_folder, path) = file();
    let held = Lock::acquire(&path, &"x".repeat(500), Duration::ZERO).unwrap();
    assert_eq!(held.file.metadata().unwrap().len(), NAME_BYTES as u64);
    assert!(matches!(at_once(&path), Err(LockError::Busy { holder: Some(_), .. })));
}

#[test]
fn without_the_folder_there_is_no_lock() {
    let (folder, _) = file();
    let error = at_once(&folder.path().join("nothing/lock")).unwrap_err();
    assert_eq!(error, LockError::NoFolder(folder.path().join("nothing")));
}

#[test]
fn pauses_are_never_longer_than_they_should_be() {
    for _ in 0..100 {
        let pause = jittered(LONGEST_PAUSE);
        assert!(pause >= LONGEST_PAUSE / 2 && pause <= LONGEST_PAUSE);
    }
}
