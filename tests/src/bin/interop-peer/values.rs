//! Commands that need no session.

use msg_crypto::fingerprint::SafetyValues;
use msg_protocol::key::IdentityKey;
use serde_json::{Value, json};

use crate::fields::hex;

pub(crate) fn safety(own: &IdentityKey, peer: &IdentityKey) -> Value {
    let values = SafetyValues::between(own, peer);
    json!({"number": values.number().to_string(), "qr": hex(&values.code().to_bytes())})
}
