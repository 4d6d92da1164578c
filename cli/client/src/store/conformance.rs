//! What every store must do, held against the one in memory.

use core::ops::ControlFlow;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::{Rows, StoreError, Table, memory::Memory, sealed::Store};
use crate::step::{Draft, Step};

/// Something that decides over rows and keeps what was decided.
pub(crate) trait Keeps {
    fn section<T>(&mut self, decide: impl FnOnce(Draft<'_>) -> Step<T>) -> T;
}

impl Keeps for Memory {
    fn section<T>(&mut self, decide: impl FnOnce(Draft<'_>) -> Step<T>) -> T {
        let rows = self.clone();
        decide(Draft::new(&rows)).commit(self).unwrap()
    }
}

impl Keeps for &Store {
    fn section<T>(&mut self, decide: impl FnOnce(Draft<'_>) -> Step<T>) -> T {
        Store::section::<T, StoreError>(self, "conformance", |draft| Ok(decide(draft))).unwrap()
    }
}

fn number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

fn value(rows: &dyn Rows, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    rows.value(table, key).unwrap().map(|value| value.to_vec())
}

/// All rows of a table; those without an order in the order of their keys.
fn rows(rows: &dyn Rows, table: Table, from: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    rows.scan(table, from, &mut |key, value| {
        all.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })
    .unwrap();
    if !table.is_numbered() {
        all.sort();
    }
    all
}

/// Every case, over that store and over the one in memory.
pub(crate) fn all(store: &Store) {
    cases(Memory::default());
    cases(store);
}

fn cases(mut store: impl Keeps) {
    nothing_is_there_at_first(&mut store);
    a_row_is_kept_changed_and_removed(&mut store);
    numbers_are_given_in_order_and_from_where_asked(&mut store);
    a_visit_ends_when_told(&mut store);
    a_draft_shows_what_it_will_be(&mut store);
    the_last_number_is_found_below_any(&mut store);
    keys_of_any_length_are_told_apart(&mut store);
}

fn nothing_is_there_at_first(store: &mut impl Keeps) {
    store.section(|draft| {
        for table in Table::ALL {
            assert_eq!(value(&draft, table, b"12345678"), None);
            assert_eq!(rows(&draft, table, &[]), []);
        }
        assert_eq!(draft.last(Table::Outbox, u64::MAX), Ok(None));
        draft.step(())
    });
}

fn a_row_is_kept_changed_and_removed(store: &mut impl Keeps) {
    let put = |store: &mut _, value: &[u8]| {
        Keeps::section(store, |draft: Draft<'_>| {
            draft.put(Table::Contacts, b"bob", value.to_vec());
            draft.step(())
        });
    };
    let stored = |store: &mut _| {
        Keeps::section(store, |draft: Draft<'_>| {
            let found = value(&draft, Table::Contacts, b"bob");
            assert_eq!(value(&draft, Table::Sessions, b"bob"), None);
            assert_eq!(value(&draft, Table::Contacts, b"bo"), None);
            draft.step(found)
        })
    };
    put(store, b"one");
    assert_eq!(stored(store).unwrap(), b"one");
    put(store, b"");
    assert_eq!(stored(store).unwrap(), b"");
    put(store, &vec![7; 70_000]);
    assert_eq!(stored(store).unwrap(), vec![7; 70_000]);
    store.section(|draft| {
        draft.remove(Table::Contacts, b"bob");
        draft.remove(Table::Contacts, b"nobody");
        draft.step(())
    });
    assert_eq!(stored(store), None);
}

fn numbers_are_given_in_order_and_from_where_asked(store: &mut impl Keeps) {
    store.section(|draft| {
        for of in [300, 2, 1, 256] {
            draft.put(Table::Messages, &number(of), vec![u8::try_from(of % 256).unwrap()]);
        }
        draft.step(())
    });
    let numbers = |store: &mut _, from: &[u8]| {
        Keeps::section(store, |draft: Draft<'_>| {
            let all = rows(&draft, Table::Messages, from);
            draft.step(all.into_iter().map(|(key, _)| key).collect::<Vec<_>>())
        })
    };
    let all = [1, 2, 256, 300].map(number);
    assert_eq!(numbers(store, &[]), all);
    assert_eq!(numbers(store, &number(2)), all[1..]);
    assert_eq!(numbers(store, &number(3)), all[2..]);
    assert!(numbers(store, &number(301)).is_empty());
}

fn a_visit_ends_when_told(store: &mut impl Keeps) {
    let seen = store.section(|draft| {
        let mut seen = 0;
        draft
            .scan(Table::Messages, &[], &mut |_, _| {
                seen += 1;
                if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        draft.step(seen)
    });
    assert_eq!(seen, 2);
}

fn a_draft_shows_what_it_will_be(store: &mut impl Keeps) {
    let drafted = store.section(|draft| {
        draft.remove(Table::Messages, &number(2));
        draft.put(Table::Messages, &number(256), b"changed".to_vec());
        draft.put(Table::Messages, &number(100), b"new".to_vec());
        draft.put(Table::Contacts, b"carol", b"new".to_vec());
        assert_eq!(value(&draft, Table::Messages, &number(2)), None);
        let all = [Table::Messages, Table::Contacts].map(|table| rows(&draft, table, &[]));
        draft.step(all)
    });
    let stored = store.section(|draft| {
        let all = [Table::Messages, Table::Contacts].map(|table| rows(&draft, table, &[]));
        draft.step(all)
    });
    assert_eq!(drafted, stored);
    assert_eq!(stored[0].len(), 4);
    assert_eq!(stored[0][1], (number(100).to_vec(), b"new".to_vec()));
}

fn the_last_number_is_found_below_any(store: &mut impl Keeps) {
    store.section(|draft| {
        assert_eq!(draft.last(Table::Messages, u64::MAX), Ok(Some(300)));
        assert_eq!(draft.last(Table::Messages, 300), Ok(Some(256)));
        assert_eq!(draft.last(Table::Messages, 1), Ok(None));
        draft.remove(Table::Messages, &number(300));
        draft.remove(Table::Messages, &number(256));
        assert_eq!(draft.last(Table::Messages, u64::MAX), Ok(Some(100)));
        draft.put(Table::Messages, &number(7_000), vec![]);
        assert_eq!(draft.last(Table::Messages, u64::MAX), Ok(Some(7_000)));
        draft.step(())
    });
    store.section(|draft| {
        assert_eq!(draft.last(Table::Messages, u64::MAX), Ok(Some(7_000)));
        assert_eq!(draft.last(Table::Messages, 7_000), Ok(Some(100)));
        draft.step(())
    });
}

fn keys_of_any_length_are_told_apart(store: &mut impl Keeps) {
    let keys = [vec![], vec![0], vec![0, 0], vec![1; 32], vec![1; 300]];
    store.section(|draft| {
        for (at, key) in keys.iter().enumerate() {
            draft.put(Table::Idempotency, key, vec![u8::try_from(at).unwrap()]);
        }
        draft.step(())
    });
    let found = store.section(|draft| {
        let found = rows(&draft, Table::Idempotency, &[]);
        draft.step(found)
    });
    assert_eq!(found.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), keys);
}

/// Random sections over that store and over the one in memory.
pub(crate) fn at_random(mut store: &Store, sections: u32) {
    let seed = std::env::var("MSG_TEST_SEED").map_or(11, |seed| seed.parse().unwrap());
    println!("MSG_TEST_SEED={seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut memory = Memory::default();
    for _ in 0..sections {
        let changes: Vec<_> = (0..rng.next_u32() % 12).map(|_| change(&mut rng)).collect();
        let from = number(u64::from(rng.next_u32() % 24));
        let expected = seen(&mut memory, &changes, &from);
        assert_eq!(seen(&mut store, &changes, &from), expected);
    }
}

type Change = (Table, Vec<u8>, Option<Vec<u8>>);
type Seen = (Vec<Vec<(Vec<u8>, Vec<u8>)>>, Vec<Option<u64>>);

fn change(rng: &mut ChaCha20Rng) -> Change {
    let tables = [Table::Messages, Table::Outbox, Table::Contacts, Table::Known];
    let table = tables[rng.next_u32() as usize % tables.len()];
    let key = number(u64::from(rng.next_u32() % 24)).to_vec();
    let length = rng.next_u32() as usize % 5_000;
    (
        table,
        key,
        (!rng.next_u32().is_multiple_of(3)).then(|| vec![rng.next_u32().to_be_bytes()[0]; length]),
    )
}

/// All that a section sees while it makes those changes.
fn seen(store: &mut impl Keeps, changes: &[Change], from: &[u8]) -> Seen {
    store.section(|draft| {
        let mut lasts = Vec::new();
        for (table, key, value) in changes {
            match value {
                Some(value) => draft.put(*table, key, value.clone()),
                None => draft.remove(*table, key),
            }
            let before = key.first_chunk().copied().map_or(0, u64::from_be_bytes);
            lasts.push(draft.last(Table::Messages, before).unwrap());
            lasts.push(draft.last(Table::Outbox, u64::MAX).unwrap());
        }
        let tables = Table::ALL.map(|table| rows(&draft, table, from)).to_vec();
        draft.step((tables, lasts))
    })
}
