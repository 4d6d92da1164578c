//! What a store holds.

use msg_crypto::{
    Costs,
    at_rest::{DataKey, KeyFile, KeyFileWrapped, PasswordWrapped, Place, WrappedKey},
    password::Password,
};

use crate::{
    card::u32_of,
    case::{Fields, each_case},
    draws::Draws,
};

#[test]
fn stores_are_as_the_vectors_say() {
    each_case("store", |kind, case| match kind {
        "row" => row(case.inputs(), case.outputs()),
        "open row" => {
            assert!(case.is_refused());
            let inputs = case.inputs();
            let key = DataKey::new(inputs.secret("data key"));
            let table_key = inputs.bytes("key");
            let place = Place { table: inputs.text("table"), key: &table_key };
            assert!(key.open_row(place, generation(inputs), &inputs.bytes("row")).is_err());
        }
        "wrap by password" => wrap_by_password(case.inputs(), case.outputs()),
        "wrap by key file" => wrap_by_key_file(case.inputs(), case.outputs()),
        "unwrap" => {
            assert!(case.is_refused());
            assert!(unwrap(&case.inputs().bytes("wrapped"), case.inputs()).is_none());
        }
        "key file" => {
            let text = case.inputs().text("text");
            let file = KeyFile::from_secret_text(text);
            assert_eq!(file.is_err(), case.is_refused());
            if file.is_ok() {
                let key = KeyFile::new(case.outputs().secret("file key"));
                assert_eq!(*key.to_secret_text(), text);
            }
        }
        unknown => panic!("unknown kind {unknown}"),
    });
}

/// A generation; one that JSON's numbers cannot hold is text.
fn generation(inputs: Fields<'_>) -> u64 {
    let stated = inputs.value("generation");
    stated.as_u64().unwrap_or_else(|| inputs.text("generation").parse().unwrap())
}

fn row(inputs: Fields<'_>, outputs: Fields<'_>) {
    let key = DataKey::new(inputs.secret("data key"));
    let table_key = inputs.bytes("key");
    let place = Place { table: inputs.text("table"), key: &table_key };
    let (generation, value) = (generation(inputs), inputs.bytes("value"));
    let row =
        Draws::run(inputs.object("draws"), |draws| key.seal_row(place, generation, &value, draws));
    outputs.expect("row", &row);
    outputs.expect("row key", &key.row_key(place));
    assert_eq!(*key.open_row(place, generation, &row).unwrap(), value);
}

fn wrap_by_password(inputs: Fields<'_>, outputs: Fields<'_>) {
    let key = DataKey::new(inputs.secret("data key"));
    let password = Password::new(inputs.text("password")).unwrap();
    let [memory, passes, lanes] = ["m", "t", "p"].map(|name| u32_of(inputs, name));
    let costs = Costs::new(memory, passes, lanes).unwrap();
    let wrapped = Draws::run(inputs.object("draws"), |draws| {
        PasswordWrapped::wrap(&key, &password, costs, draws).unwrap().to_bytes()
    });
    outputs.expect("wrapped", &wrapped);
    opens_as(&unwrap(&wrapped, inputs).unwrap(), &key);
}

fn wrap_by_key_file(inputs: Fields<'_>, outputs: Fields<'_>) {
    let key = DataKey::new(inputs.secret("data key"));
    let file = KeyFile::new(inputs.secret("file key"));
    let wrapped = Draws::run(inputs.object("draws"), |draws| {
        KeyFileWrapped::wrap(&key, &file, draws).to_bytes()
    });
    outputs.expect("wrapped", &wrapped);
    opens_as(&unwrap(&wrapped, inputs).unwrap(), &key);
}

/// The data key under the stated password or the stated key of a file.
fn unwrap(wrapped: &[u8], inputs: Fields<'_>) -> Option<DataKey> {
    match WrappedKey::parse(wrapped).ok()? {
        WrappedKey::Password(wrapped) if inputs.has("password") => {
            wrapped.unwrap(&Password::new(inputs.text("password")).unwrap()).ok()
        }
        WrappedKey::KeyFile(wrapped) if inputs.has("file key") => {
            wrapped.unwrap(&KeyFile::new(inputs.secret("file key"))).ok()
        }
        _ => None,
    }
}

/// Two data keys are the same if they give rows the same keys.
fn opens_as(one: &DataKey, other: &DataKey) {
    let place = Place { table: "table", key: b"key" };
    assert_eq!(one.row_key(place), other.row_key(place));
}
