//! Deposits in batches: pipelined, and each batch closed, so that the relay
//! commits it at once. SPEC §"Requests".

use msg_protocol::{
    limits::{MAX_BATCH_BYTES, MAX_BATCH_ENVELOPES},
    request::{Deposit, EndBatch},
    version::Terms,
};

use super::{Link, LinkError, ask};

/// Most bytes that a deposit has beside the envelope's body: access, ids, lengths.
const DEPOSIT_BYTES: usize = 256;

/// Requests and bytes left free for the end of the batch, and for a ping.
const SPARE_REQUESTS: usize = 2;
const SPARE_BYTES: usize = 1_024;

impl Link {
    /// Deposits envelopes, and gives each its own answer, in their order: a batch
    /// is not atomic. One without an answer may have been stored or not.
    pub async fn deposit_batch(&self, deposits: Vec<Deposit>) -> Vec<Result<(), LinkError>> {
        let mut room = Room::new(&self.welcome.terms);
        let mut sent = Vec::with_capacity(deposits.len());
        let mut ends = Vec::new();
        for deposit in deposits {
            if !room.take(deposit.envelope.body.as_bytes().len()) {
                ends.push(self.send(EndBatch {}).await);
                room = Room::new(&self.welcome.terms);
                room.take(deposit.envelope.body.as_bytes().len());
            }
            sent.push(self.send(deposit).await);
        }
        if !sent.is_empty() {
            ends.push(self.send(EndBatch {}).await);
        }
        let answers = ask::all(sent).await;
        // The ends say nothing that the answers before them do not.
        drop(ends);
        answers.into_iter().map(|answer| answer.map(|_| ())).collect()
    }
}

/// What still fits in a batch: within the protocol's bounds, and within what the
/// relay grants at once, lest the end wait for answers that wait for the end.
#[derive(Debug)]
struct Room {
    envelopes: usize,
    bytes: usize,
    body_bytes: usize,
    is_empty: bool,
}

impl Room {
    fn new(terms: &Terms) -> Self {
        let granted = usize::try_from(terms.request_bytes).unwrap_or(usize::MAX);
        Self {
            envelopes: usize::from(terms.requests)
                .saturating_sub(SPARE_REQUESTS)
                .min(MAX_BATCH_ENVELOPES),
            bytes: granted.saturating_sub(SPARE_BYTES),
            body_bytes: MAX_BATCH_BYTES,
            is_empty: true,
        }
    }

    /// Takes room for an envelope, if there is. The first has room in any batch.
    fn take(&mut self, body: usize) -> bool {
        let bytes = body + DEPOSIT_BYTES;
        let fits = self.envelopes > 0 && bytes <= self.bytes && body <= self.body_bytes;
        if !fits && !self.is_empty {
            return false;
        }
        self.envelopes = self.envelopes.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.body_bytes = self.body_bytes.saturating_sub(body);
        self.is_empty = false;
        true
    }
}
