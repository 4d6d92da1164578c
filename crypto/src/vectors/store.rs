//! What a store holds: sealed rows, and the data key wrapped both ways.

mod wrapped;

use alloc::vec::Vec;

use msg_protocol::hash::{Label, hash, hash_unlabelled};

use super::{
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
};
use crate::{
    aead,
    at_rest::{DataKey, Place},
    kdf::{hkdf, hmac},
    secret::Secret,
};

#[test]
fn stores_are_as_their_vectors_say() {
    let rng = &mut Draws::of("store");
    let key: Secret<32> = rng.secret();
    let rows = [
        Row { name: "a row", table: "contacts", key: b"bob", generation: 7, value: b"whatever" },
        Row { name: "nothing in it", table: "contacts", key: b"", generation: 0, value: b"" },
        Row {
            name: "table and key cannot slide into each other",
            table: "contact",
            key: b"sbob",
            generation: u64::MAX,
            value: b"whatever",
        },
    ];
    let mut cases: Vec<Case> = rows.iter().map(|row| row.case(&key, rng)).collect();
    cases.extend(rows[0].refused(&key, rng));
    cases.extend(wrapped::cases(&key, rng));
    File {
        name: "store",
        about: "`row`: a value sealed for its place. `open row`: rows that must be refused. \
                `wrap by password`, `wrap by key file`: the data key as it is stored. `unwrap`: \
                wrapped keys that must be refused. `key file`: the text of a key file.",
        spec: "crypto/SPEC.md §11",
        cases,
    }
    .keep();
}

struct Row {
    name: &'static str,
    table: &'static str,
    key: &'static [u8],
    generation: u64,
    value: &'static [u8],
}

impl Row {
    fn place(&self) -> Place<'_> {
        Place { table: self.table, key: self.key }
    }

    fn inputs(&self, key: &Secret<32>) -> Json {
        object! {
            "data key": key,
            "table": self.table,
            "key": self.key,
            "generation": self.generation,
        }
    }

    fn case(&self, key: &Secret<32>, rng: &mut Draws) -> Case {
        let data_key = DataKey::new(key.duplicate());
        let (row, drawn) = rng.record(&[("nonce", 24)], |rng| {
            data_key.seal_row(self.place(), self.generation, self.value, rng)
        });
        let index: Secret<32> =
            hkdf(&[0; 32], &[key.expose()], &[&Label::new("row-index").bytes()]);
        let seal: Secret<32> = hkdf(&[0; 32], &[key.expose()], &[&Label::new("row-seal").bytes()]);
        let place = hash_unlabelled(&[self.table.as_bytes(), self.key]);
        let row_key = hmac(index.expose(), &[&Label::new("row-key").bytes(), &place]);
        let generation = self.generation.to_be_bytes();
        let ad = hash(Label::new("row"), &[self.table.as_bytes(), self.key, &generation]);
        let nonce: [u8; 24] = drawn.bytes("nonce").try_into().unwrap();
        let mut sealed = self.value.to_vec();
        aead::xseal(seal.expose(), &nonce, &ad, &mut sealed, 0);
        assert_eq!(row, [[1].as_slice(), &nonce, &sealed].concat());
        assert_eq!(data_key.row_key(self.place()), *row_key.expose());
        let inputs = self.inputs(key).with("value", self.value).with("draws", drawn.to_json());
        Case::new("row", self.name, inputs)
            .steps(object! { "index key": &index, "seal key": &seal, "associated data": &ad })
            .outputs(object! { "row key": &row_key, "row": &row })
    }

    fn refused(&self, key: &Secret<32>, rng: &mut Draws) -> Vec<Case> {
        let data_key = DataKey::new(key.duplicate());
        let (row, _) = rng.record(&[("nonce", 24)], |rng| {
            data_key.seal_row(self.place(), self.generation, self.value, rng)
        });
        let refuse = |name, place: &Self, row: &[u8]| {
            assert!(data_key.open_row(place.place(), place.generation, row).is_err());
            let inputs = place.inputs(key).with("row", row);
            Case::new("open row", name, inputs).refused(true)
        };
        let (mut format, mut altered) = (row.clone(), row.clone());
        format[0] = 2;
        altered[25] ^= 1;
        [
            refuse("an older generation", &Self { generation: 6, ..*self }, &row),
            refuse("of another key", &Self { key: b"carol", ..*self }, &row),
            refuse("of another table", &Self { table: "outbox", ..*self }, &row),
            refuse("unknown format", self, &format),
            refuse("altered", self, &altered),
            refuse("cut off", self, &row[..40]),
            refuse("nothing", self, &[]),
        ]
        .into()
    }
}
