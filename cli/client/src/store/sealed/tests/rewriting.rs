//! Another key, another password: nothing is lost at any moment, and what was is
//! not to be had any more.

use std::collections::BTreeSet;

use super::*;
use crate::{private, unlock::Keyring};

fn other_rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(8)
}

fn rows(store: &Store) -> Vec<u8> {
    value(store, Table::Contacts, b"bob").unwrap().unwrap()
}

fn files(home: &Home) -> Vec<u8> {
    let entries = fs::read_dir(home.folder()).unwrap();
    entries.flat_map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn a_store_that_is_written_anew_keeps_its_rows_under_another_key() {
    let (_folder, mut store) = unattended();
    let filled: Result<(), StoreError> = store.section("test", |draft| {
        for number in 0..1_000_u64 {
            draft.put(Table::Messages, &number.to_be_bytes(), number.to_string().into_bytes());
        }
        draft.put(Table::Contacts, b"bob", b"a row".to_vec());
        Ok(draft.step(()))
    });
    filled.unwrap();
    let key = *store.key().to_bytes().expose();
    let old = fs::read(store.home().store()).unwrap();
    store.rewrite(Protection::KeyFile, &mut other_rng()).unwrap();
    assert_eq!(store.key().generation(), 2);
    assert!(store.key().to_bytes().expose()[8..] != key[8..]);
    for store in [&store, &again(&store)] {
        assert_eq!(rows(store), b"a row");
        assert_eq!(value(store, Table::Messages, &999_u64.to_be_bytes()).unwrap().unwrap(), b"999");
    }
    // Of the old file nothing is left: no row under its old key, no name of a table.
    let new = files(store.home());
    let sealed = |piece: &&[u8]| piece.iter().collect::<BTreeSet<_>>().len() > 40;
    let pieces: Vec<_> = old.chunks_exact(64).filter(sealed).collect();
    assert!(pieces.len() > 500);
    for piece in pieces.into_iter().step_by(37) {
        assert!(!new.windows(64).any(|window| window == piece));
    }
}

#[test]
fn who_was_in_an_unattended_store_follows_it_to_its_new_key() {
    let (_folder, mut store) = unattended();
    put(&store, Table::Contacts, b"bob", b"a row").unwrap();
    let follower = again(&store);
    store.rewrite(Protection::KeyFile, &mut other_rng()).unwrap();
    assert_eq!(rows(&follower), b"a row");
    put(&follower, Table::Contacts, b"bob", b"another row").unwrap();
    assert_eq!(rows(&store), b"another row");
}

#[test]
fn who_was_in_a_store_with_a_password_has_to_unlock_it_again() {
    let (_folder, mut store) = unattended();
    put(&store, Table::Contacts, b"bob", b"a row").unwrap();
    let follower = again(&store);
    let password = password("some password");
    store.rewrite(Protection::Password(&password), &mut other_rng()).unwrap();
    let replaced = Err(StoreError::Replaced(store.home().store()));
    assert_eq!(value(&follower, Table::Contacts, b"bob"), replaced);
    assert_eq!(put(&follower, Table::Contacts, b"bob", b""), replaced.map(drop));
    assert_eq!(rows(&store), b"a row");
    let again = Store::unlock(store.home().clone(), Protection::Password(&password)).unwrap();
    assert_eq!(rows(&again), b"a row");
    assert!(!store.home().key_file().exists());
}

#[test]
fn a_store_that_was_being_written_anew_opens_wherever_that_was_cut_off() {
    let (_folder, mut store) = unattended();
    put(&store, Table::Contacts, b"bob", b"a row").unwrap();
    let home = store.home().clone();
    let old = fs::read(home.store()).unwrap();
    let old_key = Keyring::read(&home).unwrap();
    let old_ring = fs::read(home.store_key()).unwrap();
    store.rewrite(Protection::KeyFile, &mut other_rng()).unwrap();
    let new = fs::read(home.store()).unwrap();
    let new_ring = fs::read(home.store_key()).unwrap();
    let wrapped = Protection::KeyFile.wrap(&home, store.key(), false, &mut rng()).unwrap();
    old_key.joined_by(2, wrapped).write(&home).unwrap();
    let both = fs::read(home.store_key()).unwrap();
    let moments = [
        (&old, &old_ring, 1, Some(&new[..4096])),
        (&old, &old_ring, 1, Some(&new[..])),
        (&old, &both, 1, Some(&new[..])),
        (&new, &both, 2, None),
        (&new, &new_ring, 2, None),
    ];
    for (file, ring, generation, unfinished) in moments {
        fs::write(home.store(), file).unwrap();
        fs::write(home.store_key(), ring).unwrap();
        if let Some(unfinished) = unfinished {
            private::remove(&private::beside(&home.store())).unwrap();
            let mut file = private::create(&private::beside(&home.store())).unwrap();
            std::io::Write::write_all(&mut file, unfinished).unwrap();
        }
        let mut opened = again(&store);
        assert_eq!(opened.key().generation(), generation);
        assert_eq!(rows(&opened), b"a row");
        assert!(!Keyring::read(&home).unwrap().is_between());
        opened.rewrite(Protection::KeyFile, &mut other_rng()).unwrap();
        assert_eq!(rows(&again(&store)), b"a row");
    }
}

#[test]
fn a_rewriting_that_fails_leaves_the_store_as_it_was() {
    let (_folder, mut store) = unattended();
    put(&store, Table::Contacts, b"bob", b"a row").unwrap();
    fs::create_dir(private::beside(&store.home().store())).unwrap();
    assert!(store.rewrite(Protection::KeyFile, &mut other_rng()).is_err());
    assert_eq!(rows(&store), b"a row");
    assert_eq!(rows(&again(&store)), b"a row");
}

#[test]
fn another_password_opens_the_store_and_the_old_one_does_not() {
    let (_folder, store) = unattended();
    put(&store, Table::Contacts, b"bob", b"a row").unwrap();
    let home = store.home().clone();
    let (one, two) = (password("first password"), password("second password"));
    let unlock = |password| Store::unlock(home.clone(), Protection::Password(password));
    let wrong = Some(UnlockError::WrongPassword);
    store.protect(Protection::Password(&one), &mut rng()).unwrap();
    assert!(!home.key_file().exists());
    assert_eq!(rows(&unlock(&one).unwrap()), b"a row");
    store.protect(Protection::Password(&two), &mut rng()).unwrap();
    assert_eq!(unlock(&one).err(), wrong);
    assert_eq!(rows(&unlock(&two).unwrap()), b"a row");
    store.protect(Protection::KeyFile, &mut rng()).unwrap();
    assert_eq!(unlock(&two).err(), Some(UnlockError::NeedsKeyFile(home.key_file())));
    assert_eq!(rows(&again(&store)), b"a row");
}
