//! What a log line may hold: fields by name, each on one line.
//!
//! A field that is not on the list is dropped, whatever a caller puts into it. So
//! no line says who: there is no field for a name, an id, a peer's address, a
//! body or a key.

use core::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};

use crate::output;

/// The fields that are let through.
const ALLOWED: [&str; 17] = [
    "message",
    "address", // one that the relay itself listens on
    "blobs",
    "bytes",
    "code",
    "count",
    "envelopes",
    "error",
    "keys", // of the configuration
    "kind", // of a request
    "links",
    "path", // of the relay's own files
    "pid",
    "rights",
    "seconds",
    "signal",
    "version",
];

/// What an event says that it may say.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(&'static str, Value)>);

impl Fields {
    fn keep(&mut self, field: &Field, value: impl FnOnce() -> Value) {
        if ALLOWED.contains(&field.name()) {
            self.0.push((field.name(), value()));
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, || output::shown(&format!("{value:?}")).into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, || output::shown(value).into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, || value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, || value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, || value.into());
    }
}
