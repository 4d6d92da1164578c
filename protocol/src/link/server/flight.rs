//! The requests that a relay has taken and not yet answered, and what they may
//! cost it.

use alloc::collections::BTreeMap;

use crate::{frame::RequestId, request::Rules};

/// Requests in flight.
#[derive(Debug, Default)]
pub(super) struct Flight {
    requests: BTreeMap<RequestId, Entry>,
    bytes: usize,
    answer_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    bytes: usize,
    rules: Rules,
}

impl Flight {
    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.requests.contains_key(&id)
    }

    /// Bytes of the requests.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Most bytes that their answers can have.
    pub(super) const fn answer_bytes(&self) -> usize {
        self.answer_bytes
    }

    /// The rules of the request with that id.
    pub(super) fn rules(&self, id: RequestId) -> Option<Rules> {
        self.requests.get(&id).map(|entry| entry.rules)
    }

    pub(super) fn insert(&mut self, id: RequestId, bytes: usize, rules: Rules) {
        self.bytes += bytes;
        self.answer_bytes += rules.answer_bytes;
        self.requests.insert(id, Entry { bytes, rules });
    }

    pub(super) fn remove(&mut self, id: RequestId) {
        if let Some(entry) = self.requests.remove(&id) {
            self.bytes -= entry.bytes;
            self.answer_bytes -= entry.rules.answer_bytes;
        }
    }
}
