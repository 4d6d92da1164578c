//! Commands that need no session.

use msg_crypto::{
    Costs,
    at_rest::{DataKey, KeyFile, KeyFileWrapped, PasswordWrapped, Place, WrappedKey},
    password::Password,
    safety::SafetyValues,
    secret::Secret,
};
use msg_protocol::key::IdentityKey;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use crate::{
    Answer,
    fields::{Fields, hex},
};

pub(crate) fn safety(own: &IdentityKey, peer: &IdentityKey) -> Value {
    let values = SafetyValues::between(own, peer);
    json!({"number": values.number().to_string(), "qr": hex(&values.code().to_bytes())})
}

pub(crate) fn credential(command: &Fields) -> Answer {
    let (host, name) = (command.text("host").parse()?, command.text("name").parse()?);
    let credential = Password::new(command.text("password"))?.account_credential(&host, &name)?;
    Ok(json!({"credential": hex(credential.expose())}))
}

/// Seals or opens a row.
pub(crate) fn row(command: &Fields, rng: Option<&mut ChaCha20Rng>) -> Answer {
    let data_key = DataKey::new(Secret::new(command.array("key")));
    let key = command.bytes("row");
    let place = Place { table: command.text("table"), key: &key };
    let (generation, value) = (command.number("generation"), command.bytes("value"));
    Ok(json!({"value": match rng {
        Some(rng) => hex(&data_key.seal_row(place, generation, &value, rng)),
        None => hex(&data_key.open_row(place, generation, &value)?),
    }}))
}

pub(crate) fn wrap(command: &Fields, rng: &mut ChaCha20Rng) -> Answer {
    let data_key = DataKey::new(Secret::new(command.array("value")));
    let secret = command.object("secret");
    let wrapped = if secret.has("key") {
        KeyFileWrapped::wrap(&data_key, &key_file(&secret), rng).to_bytes()
    } else {
        let password = Password::new(secret.text("password"))?;
        PasswordWrapped::wrap(&data_key, &password, Costs::STANDARD, rng)?.to_bytes()
    };
    Ok(json!({"value": hex(&wrapped)}))
}

pub(crate) fn unwrap(command: &Fields) -> Answer {
    let secret = command.object("secret");
    let data_key = match WrappedKey::parse(&command.bytes("value"))? {
        WrappedKey::Password(wrapped) => {
            wrapped.unwrap(&Password::new(secret.text("password"))?)?
        }
        WrappedKey::KeyFile(wrapped) => wrapped.unwrap(&key_file(&secret))?,
    };
    let row_key = data_key.row_key(Place { table: "table", key: b"key" });
    Ok(json!({"row_key": hex(&row_key)}))
}

fn key_file(secret: &Fields) -> KeyFile {
    KeyFile::new(Secret::new(secret.array("key")))
}
