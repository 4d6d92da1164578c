//! A full disk: what does not fit has not happened, and what was there can be read.

use std::{path::PathBuf, process::Command};

use super::*;

const ROW_BYTES: usize = 20_000;

/// A small disk of its own, if the system lets us have one.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn of(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let options = format!("size={size},mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path())
            .output()
            .ok()?;
        if !mounted.status.success() {
            println!("skipped: {}", String::from_utf8_lossy(&mounted.stderr).trim());
            return None;
        }
        Some(Self { folder })
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

#[test]
fn on_a_full_disk_nothing_happens_by_halves_and_all_can_be_read() {
    let Some(disk) = Disk::of("8m") else { return };
    fs::write(disk.ballast(), vec![1; 1 << 20]).unwrap();
    let home = Home::at(disk.folder.path().join("profile"));
    let store = Store::create(home, Protection::KeyFile, &mut rng()).unwrap();
    let write = |row: u64| {
        store.section("fill", |draft| {
            draft.put(Table::Messages, &row.to_be_bytes(), vec![7; ROW_BYTES]);
            draft.put(Table::Account, b"rows", row.to_be_bytes().to_vec());
            Ok::<_, StoreError>(draft.step(()))
        })
    };
    let mut row = 0;
    let full = loop {
        match write(row) {
            Ok(()) => row += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, StoreError::Full);
    assert_eq!(write(row), Err(StoreError::Full));
    let unlocked = again(&store);
    assert_eq!(
        value(&unlocked, Table::Account, b"rows").unwrap().unwrap(),
        (row - 1).to_be_bytes()
    );
    assert_eq!(value(&unlocked, Table::Messages, &row.to_be_bytes()), Ok(None));
    for row in 0..row {
        let kept = value(&unlocked, Table::Messages, &row.to_be_bytes()).unwrap();
        assert_eq!(kept.unwrap(), vec![7; ROW_BYTES]);
    }
    fs::remove_file(disk.ballast()).unwrap();
    write(row).unwrap();
    assert_eq!(value(&unlocked, Table::Account, b"rows").unwrap().unwrap(), row.to_be_bytes());
}

#[test]
fn a_store_that_has_no_room_to_begin_is_none() {
    let Some(disk) = Disk::of("32k") else { return };
    let home = Home::at(disk.folder.path().join("profile"));
    let error = Store::create(home.clone(), Protection::KeyFile, &mut rng()).err().unwrap();
    assert_eq!(error, StoreError::Full.into());
    assert_eq!(home.has_store(), Ok(false));
    assert!(!crate::private::beside(&home.store()).exists());
}
