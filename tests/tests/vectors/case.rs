//! A case of a file of vectors, and the values in it.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
};

use data_encoding::HEXLOWER;
use msg_crypto::secret::Secret;
use msg_tests::place;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The members of an object.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

/// The cases of a file.
pub(crate) fn cases(file: &str) -> Vec<Value> {
    let path = place::vectors().join(file).with_extension("json");
    let text = fs::read_to_string(&path).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let cases = document["cases"].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

/// Runs `check` on every case of a file, by kind; says which case fails.
pub(crate) fn each_case(file: &str, check: impl Fn(&str, Fields<'_>)) {
    for case in cases(file) {
        let case = Fields(&case);
        let run = AssertUnwindSafe(|| check(case.text("kind"), case));
        assert!(catch_unwind(run).is_ok(), "{file}: {}", case.text("name"));
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(crate) fn value(self, name: &str) -> &'a Value {
        self.0.get(name).unwrap_or_else(|| panic!("no member `{name}`"))
    }

    pub(crate) fn object(self, name: &str) -> Self {
        Fields(self.value(name))
    }

    pub(crate) fn list(self, name: &str) -> impl Iterator<Item = Self> {
        self.value(name).as_array().unwrap().iter().map(Fields)
    }

    pub(crate) fn inputs(self) -> Self {
        self.object("inputs")
    }

    pub(crate) fn outputs(self) -> Self {
        self.object("outputs")
    }

    pub(crate) fn is_refused(self) -> bool {
        self.has("refused")
    }

    pub(crate) fn text(self, name: &str) -> &'a str {
        self.value(name).as_str().unwrap()
    }

    pub(crate) fn number(self, name: &str) -> u64 {
        self.value(name).as_u64().unwrap()
    }

    /// Bytes, as hex or by the rule that makes them.
    pub(crate) fn bytes(self, name: &str) -> Vec<u8> {
        bytes(self.value(name))
    }

    pub(crate) fn array<const N: usize>(self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    pub(crate) fn secret<const N: usize>(self, name: &str) -> Secret<N> {
        Secret::new(self.array(name))
    }

    /// Fails unless the member states these bytes, in full or by hash.
    #[track_caller]
    pub(crate) fn expect(self, name: &str, computed: &[u8]) {
        let stated = self.value(name);
        if let Some(digest) = stated.get("sha256") {
            assert_eq!(stated["length"], computed.len(), "length of {name}");
            let computed = HEXLOWER.encode(&Sha256::digest(computed));
            assert_eq!(digest.as_str().unwrap(), computed, "hash of {name}");
        } else {
            assert!(bytes(stated) == computed, "{name} differs");
        }
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    if let Some(hex) = value.as_str() {
        return HEXLOWER.decode(hex.as_bytes()).unwrap();
    }
    let pattern = HEXLOWER.decode(value["repeat"].as_str().unwrap().as_bytes()).unwrap();
    let length = value["length"].as_u64().unwrap();
    pattern.into_iter().cycle().take(length.try_into().unwrap()).collect()
}
