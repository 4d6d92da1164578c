//! What lies on a disk: rows, wrapped keys, key files. Only what was sealed there
//! opens there, and what is read is written back as it was.

use msg_crypto::{
    at_rest::{DataKey, KeyFile, KeyFileWrapped, Place, WrappedKey},
    secret::Secret,
};

use super::{edit::edit, script::Script, world::dice};

const VALUE: &[u8] = b"a value of some length";

/// The place and generation that a row is opened at, and what is changed in it.
pub fn sealed_row(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let key = DataKey::new(Secret::new([1; 32]));
    let honest = Place { table: "messages", key: b"key" };
    let row = key.seal_row(honest, 7, VALUE, &mut dice(1));

    let tables = ["messages", "message", "messageskey", ""];
    let keys: [&[u8]; 4] = [b"key", b"ke", b"", b"skey"];
    let (table, key_bytes): (&&str, &&[u8]) = (script.pick(&tables), script.pick(&keys));
    let place = Place { table, key: key_bytes };
    let generation = 7 + u64::from(script.byte());
    let mut bytes = row.clone();
    bytes.truncate(row.len() - usize::from(script.byte()) % row.len());
    edit(&mut script, &mut bytes, &[]);

    let at_home = (place.table, place.key, generation) == (honest.table, honest.key, 7);
    let opened = key.open_row(place, generation, &bytes).ok();
    assert_eq!(opened.is_some(), at_home && bytes == row, "opened what was not sealed there");
    assert!(opened.as_ref().is_none_or(|value| value.as_slice() == VALUE));
    let same_key = key.row_key(place) == key.row_key(honest);
    assert_eq!(same_key, (place.table, place.key) == (honest.table, honest.key));
    opened.is_some()
}

/// A wrapped key, as the script changes it, or any bytes.
pub fn wrapped_key(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let file = KeyFile::new(Secret::new([2; 32]));
    let data = DataKey::new(Secret::new([1; 32]));
    let honest = KeyFileWrapped::wrap(&data, &file, &mut dice(1)).to_bytes();
    let bytes = if script.byte() & 1 == 0 {
        let mut bytes = honest.clone();
        edit(&mut script, &mut bytes, &[]);
        bytes
    } else {
        script.rest().to_vec()
    };
    let Ok(wrapped) = WrappedKey::parse(&bytes) else {
        assert!(bytes != honest, "an honest key refused");
        return false;
    };
    assert_eq!(wrapped.to_bytes(), bytes, "written differently");
    match wrapped {
        WrappedKey::Password(wrapped) => {
            let costs = wrapped.costs();
            assert!(costs.memory_kib() <= 1 << 20 && costs.passes() <= 10 && costs.lanes() <= 16);
            assert!(costs.memory_kib() > 0 && costs.passes() > 0 && costs.lanes() > 0);
        }
        WrappedKey::KeyFile(wrapped) => {
            let opened = wrapped.unwrap(&file).is_ok();
            assert_eq!(opened, bytes == honest, "opened what was not wrapped");
        }
    }
    true
}

/// The text of a key file.
pub fn key_file(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let Ok(file) = KeyFile::from_secret_text(text) else {
        return false;
    };
    assert_eq!(file.to_secret_text().as_str(), text, "two texts for one key");
    true
}
