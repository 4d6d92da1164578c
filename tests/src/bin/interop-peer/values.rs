//! Commands that need no session.

use msg_crypto::{fingerprint::SafetyValues, password::Password};
use msg_protocol::key::IdentityKey;
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
