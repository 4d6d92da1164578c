//! The fields of a command and of an answer: bytes are hexadecimal.

use data_encoding::HEXLOWER;
use msg_protocol::{
    key::Signature,
    signed::{Signable, Signed},
};
use serde_json::{Value, json};

/// A command.
pub(crate) struct Fields(Value);

impl Fields {
    pub(crate) fn parse(line: &str) -> Self {
        Self(serde_json::from_str(line).expect("a command is a line of JSON"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().expect("a text")
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().expect("a number")
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().expect("true or false")
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        HEXLOWER.decode(self.text(name).as_bytes()).expect("hexadecimal")
    }

    pub(crate) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().expect("as many bytes as the field has")
    }

    /// The object in a field.
    pub(crate) fn object(&self, name: &str) -> Self {
        Self(self.0[name].clone())
    }

    /// A signed object: `{raw, signature}`.
    pub(crate) fn signed<T: Signable>(&self, name: &str) -> Signed<T> {
        let object = self.object(name);
        Signed::from_parts(object.bytes("raw"), Signature(object.array("signature")))
    }
}

/// Bytes as they stand in an answer.
pub(crate) fn hex(bytes: &[u8]) -> Value {
    HEXLOWER.encode(bytes).into()
}

/// A signed object as it stands in an answer.
pub(crate) fn signed<T: Signable>(object: &Signed<T>) -> Value {
    json!({"raw": hex(object.raw()), "signature": hex(&object.signature().0)})
}
