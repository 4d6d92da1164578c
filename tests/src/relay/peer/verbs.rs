//! What tests ask of a relay over and over, each a request or two. A refusal that
//! a helper does not return fails the test.

use std::time::{SystemTime, UNIX_EPOCH};

use msg_protocol::{
    envelope::{Body, Envelope, EnvelopeKind},
    error::Refusal,
    id::{EnvelopeId, MailboxId},
    push::Push,
    request::{Access, AcknowledgeUpTo, Collect, Credit, Deposit},
    response::{Response, Row},
    secret::Door,
    time::UnixSeconds,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

use super::{Peer, PeerError};
use crate::relay::{Endpoint, Identity};

/// Days for which the envelopes of tests may wait.
const DAYS: u32 = 7;

impl Peer {
    /// Makes the account, over a link of its own, where anybody may register.
    pub async fn register(endpoint: &Endpoint, identity: &Identity) -> Result<(), Refusal> {
        let mut link = Self::anonymous(endpoint).await.unwrap();
        link.request(identity.registration(None)).await.map(drop)
    }

    /// Deposits a random body of that size under a random id, and returns the
    /// envelope once the relay has answered for it.
    pub async fn deposit(
        &mut self,
        mailbox: MailboxId,
        door: &Door,
        size: usize,
        rng: &mut ChaCha20Rng,
    ) -> Result<Envelope, Refusal> {
        let envelope = envelope(mailbox, size, rng);
        self.request(deposit(door, &envelope)).await.map(|_| envelope)
    }

    /// The whole mailbox from the beginning. It stays as it is.
    pub async fn collect_all(&mut self) -> Vec<Row> {
        let (mut all, mut after) = (Vec::<Row>::new(), 0);
        loop {
            let request = Collect { after, envelopes: 17, bytes: 1 << 20 };
            let collected = match self.request(request).await.unwrap() {
                Response::Collected(collected) => collected,
                other => panic!("no answer to a collection: {other:?}"),
            };
            let more = collected.more;
            let rows = collected.rows.into_vec();
            assert!(!more || !rows.is_empty(), "more are said to come after none");
            for row in rows {
                assert!(row.sequence > after, "sequence numbers rise");
                after = row.sequence;
                all.push(row);
            }
            if !more {
                return all;
            }
        }
    }

    /// Lets the relay forget everything up to that number.
    pub async fn acknowledge(&mut self, sequence: u64) {
        self.request(AcknowledgeUpTo { sequence }).await.unwrap();
    }

    /// Gives leave to push so many envelopes after that number.
    pub async fn credit(&mut self, envelopes: u16, after: u64) {
        self.request(Credit { envelopes, after }).await.unwrap();
    }

    /// Waits for the next envelope that is pushed, passing over other pushes.
    pub async fn arrival(&mut self) -> Result<Row, PeerError> {
        loop {
            if let Push::Arrived(arrived) = self.push().await? {
                return Ok(arrived.row);
            }
        }
    }
}

/// An envelope with a random body of that size under a random id.
pub fn envelope(mailbox: MailboxId, size: usize, rng: &mut ChaCha20Rng) -> Envelope {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let mut body = vec![0; size];
    rng.fill_bytes(&mut body);
    Envelope {
        mailbox,
        id: EnvelopeId(id),
        kind: EnvelopeKind::Session,
        expires: now().plus_days(DAYS),
        body: Body::new(body).unwrap(),
    }
}

/// The request that deposits it with the door.
pub fn deposit(door: &Door, envelope: &Envelope) -> Deposit {
    Deposit { access: Access::Door(door.clone()), ephemeral: false, envelope: envelope.clone() }
}

fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}
