//! A store is damaged, rolled back, put together from two, or holds an empty row.

use alloc::{vec, vec::Vec};

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;

const ALICE: Place = Place { table: "contacts", key: b"alice" };

fn key(byte: u8) -> DataKey {
    DataKey::new(Secret::new([byte; 32]))
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(5)
}

/// Both by the second implementation.
#[test]
fn agrees_with_the_second_implementation() {
    let key = DataKey::new(Secret::new(core::array::from_fn(|i| u8::try_from(i).unwrap())));
    assert_eq!(
        HEXLOWER.encode(&key.row_key(ALICE)),
        "3e9acc6a103f772c9758828583ad968481b539c71d991044d4c432e3d1b0ef3e"
    );
    let row = "01090909090909090909090909090909090909090909090909\
               249d55747ebacb4afa65825da2514815f5863c592c";
    let row = HEXLOWER.decode(row.as_bytes()).unwrap();
    assert_eq!(**key.open_row(ALICE, 7, &row).unwrap(), *b"hello");
}

#[test]
fn a_row_opens_where_it_was_put_and_nowhere_else() {
    let row = key(1).seal_row(ALICE, 7, b"hello", &mut rng());
    assert_eq!(**key(1).open_row(ALICE, 7, &row).unwrap(), *b"hello");
    let bob = Place { key: b"bob", ..ALICE };
    let outbox = Place { table: "outbox", ..ALICE };
    let slid = Place { table: "contact", key: b"salice" };
    for (key, place, generation) in [
        (key(1), bob, 7),
        (key(1), outbox, 7),
        (key(1), slid, 7),
        (key(1), ALICE, 6),
        (key(1), ALICE, 8),
        (key(2), ALICE, 7),
    ] {
        assert_eq!(key.open_row(place, generation, &row), Err(RowError::Altered));
    }
}

#[test]
fn rows_that_changed_places_do_not_open() {
    let (key, rng) = (key(1), &mut rng());
    let bob = Place { key: b"bob", ..ALICE };
    let rows = [ALICE, bob].map(|place| key.seal_row(place, 0, b"trusted", rng));
    assert_eq!(key.open_row(ALICE, 0, &rows[1]), Err(RowError::Altered));
    assert_eq!(key.open_row(bob, 0, &rows[0]), Err(RowError::Altered));
}

#[test]
fn attack_13_a_flipped_bit_anywhere_in_a_row_opens_nothing() {
    let row = key(1).seal_row(ALICE, 7, b"hello", &mut rng());
    for at in 0..row.len() {
        for bit in 0..8 {
            let mut altered = row.clone();
            altered[at] ^= 1 << bit;
            let error =
                if at == 0 { RowError::UnknownFormat(altered[0]) } else { RowError::Altered };
            assert_eq!(key(1).open_row(ALICE, 7, &altered), Err(error), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn a_row_cut_off_anywhere_opens_nothing() {
    let row = key(1).seal_row(ALICE, 7, b"hello", &mut rng());
    for kept in 0..row.len() {
        let error = if kept < 41 { RowError::Truncated } else { RowError::Altered };
        assert_eq!(key(1).open_row(ALICE, 7, &row[..kept]), Err(error), "{kept} bytes kept");
    }
    let longer = [&row[..], &[0]].concat();
    assert_eq!(key(1).open_row(ALICE, 7, &longer), Err(RowError::Altered));
}

#[test]
fn the_same_value_twice_looks_different() {
    let rng = &mut rng();
    let rows = [(); 2].map(|()| key(1).seal_row(ALICE, 7, b"hello", rng));
    assert_ne!(rows[0][25..], rows[1][25..]);
}

#[test]
fn keys_of_rows_differ_by_table_key_and_store() {
    let keys = [
        key(1).row_key(ALICE),
        key(1).row_key(Place { key: b"bob", ..ALICE }),
        key(1).row_key(Place { table: "outbox", ..ALICE }),
        key(1).row_key(Place { table: "contact", key: b"salice" }),
        key(2).row_key(ALICE),
    ];
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key), "{index}");
    }
}

proptest! {
    #[test]
    fn every_row_reads_back(table in ".{0,20}", key_bytes: Vec<u8>, generation: u64, value: Vec<u8>) {
        let place = Place { table: &table, key: &key_bytes };
        let row = key(3).seal_row(place, generation, &value, &mut rng());
        prop_assert_eq!(row.len(), value.len() + 41);
        prop_assert_eq!(&**key(3).open_row(place, generation, &row).unwrap(), &value);
    }

    #[test]
    fn arbitrary_bytes_open_nothing(bytes: Vec<u8>) {
        prop_assert!(key(3).open_row(ALICE, 0, &bytes).is_err());
        let framed = [vec![FORMAT], bytes].concat();
        prop_assert!(key(3).open_row(ALICE, 0, &framed).is_err());
    }
}
