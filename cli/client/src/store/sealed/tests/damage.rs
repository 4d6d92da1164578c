//! A file that is not what was written: nothing wrong is read, nothing panics, and
//! the file stays as it is.

use std::collections::BTreeMap;

use core::ops::ControlFlow;
use rand_core::Rng as _;
use redb::{ReadableTable as _, TableDefinition};

use super::{super::format, *};

const BITS: u32 = 300;
const CUTS: usize = 40;

type Known = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// A store with rows of all kinds, and what is in it.
fn filled() -> (TempDir, Store, Known) {
    let (folder, store) = unattended();
    let mut known = Known::new();
    for table in Table::ALL {
        for row in 0..12_u8 {
            let key = u64::from(row).to_be_bytes().to_vec();
            known.insert((table, key), vec![row; 40 + 90 * usize::from(row)]);
        }
    }
    let filled: Result<(), StoreError> = store.section("test", |draft| {
        for ((table, key), value) in &known {
            draft.put(*table, key, value.clone());
        }
        Ok(draft.step(()))
    });
    filled.unwrap();
    (folder, store, known)
}

/// How much of what is known can still be read; the rest must be refused or gone.
fn readable(store: &Store, known: &Known) -> usize {
    let mut right = 0;
    let looked: Result<(), StoreError> = store.look("test", |rows| {
        for ((table, key), value) in known {
            match rows.value(*table, key) {
                Ok(Some(found)) => {
                    assert!(*found == *value, "a wrong value in {}", table.name());
                    right += 1;
                }
                Ok(None) | Err(StoreError::Damaged(_) | StoreError::Foreign(_)) => {}
                Err(error) => return Err(error),
            }
        }
        for table in Table::ALL {
            let scanned = rows.scan(table, &[], &mut |key, value| {
                let expected = known.get(&(table, key.to_vec()));
                assert!(expected.is_some_and(|expected| *expected == value));
                ControlFlow::Continue(())
            });
            let refused =
                [Ok(()), Err(StoreError::Damaged(table)), Err(StoreError::Foreign(table))];
            assert!(refused.contains(&scanned), "{scanned:?}");
        }
        Ok(())
    });
    match looked {
        Ok(())
        | Err(
            StoreError::Broken(_)
            | StoreError::Replaced(_)
            | StoreError::Damaged(_)
            | StoreError::OtherVersion { .. },
        ) => right,
        Err(error) => unreachable!("{error}"),
    }
}

/// Nothing about writing to it may be worse than an error.
fn write_to_it(store: &Store) {
    let _ = put(store, Table::Contacts, b"dave", b"new");
    let _ = value(store, Table::Contacts, b"dave");
}

#[test]
fn a_flipped_bit_never_gives_a_wrong_value_or_a_panic() {
    let (_folder, store, known) = filled();
    let path = store.home().store();
    let whole = fs::read(&path).unwrap();
    assert_eq!(readable(&store, &known), known.len());
    // Most of a young file is empty; the bits are flipped where something is.
    let blocks: Vec<usize> = (0..whole.len() / 4096)
        .filter(|block| whole[block * 4096..][..4096].iter().any(|byte| *byte != 0))
        .collect();
    let mut rng = rng();
    let mut harmed = 0;
    for _ in 0..BITS {
        let block = blocks[rng.next_u32() as usize % blocks.len()];
        let at = block * 4096 + rng.next_u32() as usize % 4096;
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (rng.next_u32() % 8);
        fs::write(&path, &damaged).unwrap();
        harmed += u32::from(readable(&store, &known) < known.len());
        assert!(fs::read(&path).unwrap() == damaged, "looking changed the file");
        write_to_it(&store);
    }
    assert!(harmed > BITS / 20, "the bits were flipped where nothing is: {harmed}");
}

#[test]
fn a_file_that_was_cut_off_is_refused_and_left_as_it_is() {
    let (_folder, store, known) = filled();
    let path = store.home().store();
    let whole = fs::read(&path).unwrap();
    for cut in 0..CUTS {
        let length = whole.len() * cut / CUTS + 17 * (cut % 2);
        let damaged = &whole[..length];
        fs::write(&path, damaged).unwrap();
        readable(&store, &known);
        assert!(fs::read(&path).unwrap() == damaged);
        write_to_it(&store);
    }
}

#[test]
fn some_other_file_is_refused_and_left_as_it_is() {
    let (_folder, store, _) = filled();
    let path = store.home().store();
    for other in [&b""[..], b"\0", b"some text\n", &[0; 8192], &[0xff; 8192]] {
        fs::write(&path, other).unwrap();
        let broken = Err(StoreError::Broken(path.clone()));
        assert_eq!(value(&store, Table::Account, b"a").map(drop), broken);
        assert_eq!(put(&store, Table::Account, b"a", b"b"), broken);
        assert_eq!(fs::read(&path).unwrap(), other);
    }
}

/// Changes the file behind the back of the store.
fn tamper(store: &Store, change: impl FnOnce(&redb::WriteTransaction)) {
    let open = store.open("test").unwrap();
    let changed = open.change(|_, transaction| {
        change(transaction);
        Ok(())
    });
    changed.unwrap();
}

/// The rows of a table as they lie in the file.
fn lie(store: &Store, table: Table, change: impl FnOnce(&mut redb::Table<&[u8], &[u8]>)) {
    let name = format::name(store.key(), table);
    tamper(store, |transaction| {
        let definition = TableDefinition::<&[u8], &[u8]>::new(&name);
        change(&mut transaction.open_table(definition).unwrap());
    });
}

#[test]
fn values_that_changed_their_places_are_refused() {
    for table in [Table::Contacts, Table::Messages] {
        let (_folder, store, known) = filled();
        lie(&store, table, |rows| {
            let all: Vec<_> = rows
                .iter()
                .unwrap()
                .map(|row| row.map(|(key, row)| (key.value().to_vec(), row.value().to_vec())))
                .collect::<Result<_, _>>()
                .unwrap();
            rows.insert(all[0].0.as_slice(), all[1].1.as_slice()).unwrap();
            rows.insert(all[1].0.as_slice(), all[0].1.as_slice()).unwrap();
        });
        assert_eq!(readable(&store, &known), known.len() - 2);
    }
}

#[test]
fn a_value_in_another_table_is_refused() {
    let (_folder, store, _) = filled();
    let mut row = Vec::new();
    lie(&store, Table::Messages, |rows| {
        row = rows.get([0; 8].as_slice()).unwrap().unwrap().value().to_vec();
    });
    lie(&store, Table::Outbox, |rows| drop(rows.insert([0; 8].as_slice(), row.as_slice())));
    let read = value(&store, Table::Outbox, &[0; 8]);
    assert_eq!(read, Err(StoreError::Damaged(Table::Outbox)));
}

#[test]
fn another_version_is_named_and_left_as_it_is() {
    let (_folder, store, _) = filled();
    let row = format::seal(store.key(), 2, &mut rng());
    tamper(&store, |transaction| {
        let mut table = transaction.open_table(format::TABLE).unwrap();
        table.insert(format::KEY, row.as_slice()).unwrap();
    });
    let before = fs::read(store.home().store()).unwrap();
    let error = put(&again(&store), Table::Account, b"a", b"b").unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("has version 2, and this msg knows version 1"), "{text}");
    assert!(fs::read(store.home().store()).unwrap() == before);
}

#[test]
fn a_missing_table_is_damage_and_not_an_empty_one() {
    let (_folder, store, _) = filled();
    let name = format::name(store.key(), Table::Known);
    tamper(&store, |transaction| {
        let definition = TableDefinition::<&[u8], &[u8]>::new(&name);
        assert!(transaction.delete_table(definition).unwrap());
    });
    let read = value(&store, Table::Known, &[0; 8]);
    assert_eq!(read, Err(StoreError::Damaged(Table::Known)));
}
