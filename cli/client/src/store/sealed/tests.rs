//! A store on the disk: what it keeps, and what it refuses.

mod damage;
mod kills;
mod power;
mod rewriting;
mod room;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, thread};

use msg_crypto::password::Password;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use tempfile::TempDir;

use super::*;
use crate::{
    private::PrivateError,
    store::{Table, conformance},
    unlock::{self, Needed, UnlockError},
};

pub(super) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

pub(super) fn folder() -> (TempDir, Home) {
    let folder = TempDir::new().unwrap();
    let home = Home::at(folder.path().join("profile"));
    (folder, home)
}

pub(super) fn unattended() -> (TempDir, Store) {
    let (folder, home) = folder();
    let store = Store::create(home, Protection::KeyFile, &mut rng()).unwrap();
    (folder, store)
}

pub(super) fn put(store: &Store, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    store.section("test", |draft| {
        draft.put(table, key, value.to_vec());
        Ok(draft.step(()))
    })
}

pub(super) fn value(
    store: &Store,
    table: Table,
    key: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    store.look("test", |rows| Ok(rows.value(table, key)?.map(|value| value.to_vec())))
}

fn again(store: &Store) -> Store {
    Store::unlock(store.home().clone(), Protection::KeyFile).unwrap()
}

#[test]
fn the_store_on_the_disk_is_the_one_in_memory() {
    let (_folder, store) = unattended();
    conformance::all(&store);
}

#[test]
fn at_random_the_two_stores_agree() {
    let (_folder, store) = unattended();
    conformance::at_random(&store, 60);
}

#[test]
fn what_was_committed_is_there_for_the_next_process() {
    let (_folder, store) = unattended();
    put(&store, Table::Contacts, b"bob", b"a row").unwrap();
    assert_eq!(value(&again(&store), Table::Contacts, b"bob").unwrap().unwrap(), b"a row");
}

#[test]
fn what_fails_to_be_decided_changes_nothing_and_frees_the_store() {
    let (_folder, store) = unattended();
    let failed: Result<(), StoreError> = store.section("test", |draft| {
        draft.put(Table::Account, b"a", b"b".to_vec());
        Err(StoreError::Damaged(Table::Account))
    });
    assert_eq!(failed, Err(StoreError::Damaged(Table::Account)));
    assert_eq!(value(&store, Table::Account, b"a").unwrap(), None);
}

#[test]
fn a_panic_in_a_decision_frees_the_store() {
    let (_folder, store) = unattended();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Result<(), StoreError> = store.section("test", |_| std::panic::panic_any(()));
    }));
    assert!(panicked.is_err());
    put(&store, Table::Account, b"a", b"b").unwrap();
}

#[test]
fn a_look_writes_nothing() {
    let (_folder, store) = unattended();
    put(&store, Table::Account, b"a", b"b").unwrap();
    let before = fs::read(store.home().store()).unwrap();
    value(&store, Table::Account, b"a").unwrap();
    let nothing: Result<(), StoreError> = store.section("test", |draft| Ok(draft.step(())));
    nothing.unwrap();
    assert!(fs::read(store.home().store()).unwrap() == before);
}

#[test]
fn a_password_opens_what_it_protects_and_no_other_does() {
    let (_folder, home) = folder();
    let (right, wrong) = (password("correct horse"), password("incorrect horse"));
    let store = Store::create(home.clone(), Protection::Password(&right), &mut rng()).unwrap();
    put(&store, Table::Account, b"a", b"b").unwrap();
    assert_eq!(unlock::needed(&home), Ok(Needed::Password));
    let error = |protection| Store::unlock(home.clone(), protection).err().unwrap();
    assert_eq!(error(Protection::Password(&wrong)), UnlockError::WrongPassword);
    assert_eq!(error(Protection::KeyFile), UnlockError::NeedsPassword);
    assert!(!home.key_file().exists());
    let store = Store::unlock(home.clone(), Protection::Password(&right)).unwrap();
    assert_eq!(value(&store, Table::Account, b"a").unwrap().unwrap(), b"b");
}

pub(super) fn password(text: &str) -> Password {
    Password::new(text).ok().unwrap()
}

#[test]
fn a_key_that_was_kept_opens_the_store_without_a_secret() {
    let (_folder, store) = unattended();
    put(&store, Table::Account, b"a", b"b").unwrap();
    let kept = StoreKey::from_bytes(&store.key().to_bytes());
    fs::remove_file(store.home().key_file()).unwrap();
    let store = Store::with_key(store.home().clone(), kept);
    assert_eq!(value(&store, Table::Account, b"a").unwrap().unwrap(), b"b");
}

#[test]
fn a_store_is_never_made_over_another() {
    let (_folder, store) = unattended();
    put(&store, Table::Account, b"a", b"b").unwrap();
    let error = Store::create(store.home().clone(), Protection::KeyFile, &mut rng()).err();
    assert_eq!(error, Some(StoreError::Exists(store.home().store()).into()));
    assert_eq!(value(&again(&store), Table::Account, b"a").unwrap().unwrap(), b"b");
}

#[test]
fn what_a_creation_left_that_was_cut_off_is_not_in_the_way() {
    let (_folder, store) = unattended();
    let home = store.home().clone();
    fs::rename(home.store(), crate::private::beside(&home.store())).unwrap();
    assert_eq!(unlock::needed(&home), Err(StoreError::Missing(home.store()).into()));
    let store = Store::create(home, Protection::KeyFile, &mut rng()).unwrap();
    put(&again(&store), Table::Account, b"a", b"b").unwrap();
}

#[test]
fn all_that_is_made_is_private() {
    let (_folder, store) = unattended();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let home = store.home();
    assert_eq!(mode(home.folder()), 0o700);
    for entry in fs::read_dir(home.folder()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_way_to_mend_it() {
    let (_folder, store) = unattended();
    let home = store.home();
    for path in [home.store(), home.store_key(), home.key_file(), home.lock()] {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let unlocked = Store::unlock(home.clone(), Protection::KeyFile);
        let error = match unlocked {
            Err(UnlockError::Store(StoreError::Private(error))) => error,
            Err(error) => unreachable!("{error}"),
            Ok(store) => match value(&store, Table::Account, b"a").unwrap_err() {
                StoreError::Private(error)
                | StoreError::Lock(crate::lock::LockError::Private(error)) => error,
                error => unreachable!("{error}"),
            },
        };
        let hint = format!("chmod 600 {}", path.display());
        assert_eq!(error.hint().as_deref(), Some(hint.as_str()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(value(&again(&store), Table::Account, b"a"), Ok(None));
}

#[test]
fn a_link_in_the_place_of_the_store_leads_nowhere() {
    let (folder, store) = unattended();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(store.home().store(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, store.home().store()).unwrap();
    let error = value(&store, Table::Account, b"a").unwrap_err();
    assert!(matches!(error, StoreError::Private(PrivateError::Kind { .. })), "{error}");
}

#[test]
fn who_waits_too_long_is_told_who_is_in_the_store() {
    let (_folder, store) = unattended();
    let held = Lock::acquire(&store.home().lock(), "recv", Duration::ZERO).unwrap();
    let other = again_waiting(&store);
    let error = value(&other, Table::Account, b"a").unwrap_err();
    let told = format!(
        "{} is in use by `recv`, process {}",
        store.home().folder().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), told);
    held.release();
    assert_eq!(value(&other, Table::Account, b"a"), Ok(None));
}

fn again_waiting(store: &Store) -> Store {
    Store::unlock(store.home().clone(), Protection::KeyFile).unwrap().waiting(Duration::ZERO)
}

#[test]
fn many_at_once_each_get_their_turn() {
    const PEOPLE: u64 = 40;
    let (_folder, store) = unattended();
    let store = Arc::new(store);
    let count = |store: &Store| -> Result<u64, StoreError> {
        store.section("count", |draft| {
            let next = draft.last(Table::Messages, u64::MAX)?.map_or(0, |last| last + 1);
            draft.put(Table::Messages, &next.to_be_bytes(), b"m".to_vec());
            Ok(draft.step(next))
        })
    };
    let people: Vec<_> = (0..PEOPLE)
        .map(|_| {
            let store = again(&store);
            thread::spawn(move || count(&store).unwrap())
        })
        .collect();
    let mut taken: Vec<u64> = people.into_iter().map(|one| one.join().unwrap()).collect();
    taken.sort_unstable();
    assert_eq!(taken, (0..PEOPLE).collect::<Vec<_>>());
}

#[test]
fn the_files_tell_no_names() {
    let (_folder, store) = unattended();
    put(&store, Table::Contacts, b"bob@relay.example", b"what bob said").unwrap();
    put(&store, Table::Idempotency, b"backup-2026", b"what the script said").unwrap();
    let files: Vec<u8> = fs::read_dir(store.home().folder())
        .unwrap()
        .flat_map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    for word in ["bob", "relay.example", "said", "backup", "contacts", "idempotency"] {
        let found = files.windows(word.len()).any(|window| window == word.as_bytes());
        assert!(!found, "{word}");
    }
}
