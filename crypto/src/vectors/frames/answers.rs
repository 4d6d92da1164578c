//! One of each answer and of each push.

use alloc::{vec, vec::Vec};

use msg_protocol::{
    bounded::{Bytes, List},
    error::{Code, Refusal},
    id::{InviteId, RecordId},
    push::{Arrived, Closing, Passing, PrekeysLow},
    response::{
        BlobChunk, BlobStatus, Bundles, Cards, ChunkRange, Collected, Done, Granted, InviteMade,
        InviteOut, Invites, PrekeysLeft, Record, RecordStored, Records, Row, SignedIn, Ticket,
        User, UserQuota, Users,
    },
    secret::{Invite, WorkTicket},
    work::WorkChallenge,
};

use super::{Samples, answer, push};
use crate::vectors::{case::Case, draws::Draws, party::NOW};

fn row(samples: &Samples) -> Row {
    Row { sequence: 1 << 33, knock: true, envelope: samples.envelope.clone() }
}

/// All answers.
pub(super) fn answers(samples: &Samples, rng: &mut Draws) -> Vec<Case> {
    let card = samples.alice.card.as_signed().clone();
    let bundle = |with_pair| samples.prekeys.bundle(&samples.alice.device, with_pair);
    let bundles = vec![bundle(true), bundle(false)];
    let challenge = WorkChallenge { challenge: rng.bytes(), bits: 20, expires: NOW };
    let ticket = Ticket { ticket: WorkTicket::new(rng.bytes()), knocks: 8, expires: NOW };
    let record = |value: &[u8], rng: &mut Draws| Record {
        id: RecordId(rng.bytes()),
        revision: 300,
        value: Bytes::new(value.to_vec()).unwrap(),
    };
    let records = vec![record(b"sealed", rng), record(b"", rng)];
    let missing = vec![ChunkRange { first: 0, count: 3 }, ChunkRange { first: 300, count: 1 }];
    let collected = Collected { rows: List::new(vec![row(samples)]).unwrap(), more: true };
    let mut answers = vec![
        answer(7, "Done", Done {}),
        answer(0, "SignedIn", SignedIn { counter: 299, envelopes: 12, one_time: 100 }),
        answer(16, "Cards", Cards { cards: List::new(vec![card]).unwrap(), more: false }),
        answer(19, "Bundles", Bundles { bundles: List::new(bundles).unwrap() }),
        answer(22, "WorkChallenge", challenge),
        answer(23, "Ticket", ticket),
        answer(34, "Collected", collected),
        answer(35, "Collected, nothing", Collected { rows: List::empty(), more: false }),
        answer(26, "PrekeysLeft", PrekeysLeft { one_time: 24 }),
        answer(48, "RecordStored", RecordStored { revision: 1 }),
        answer(49, "Records", Records { records: List::new(records).unwrap(), more: false }),
        answer(
            53,
            "BlobStatus",
            BlobStatus { length: 1 << 40, missing: List::new(missing).unwrap(), expires: NOW },
        ),
        answer(
            54,
            "BlobChunk",
            BlobChunk { length: 65_836, bytes: Bytes::new(vec![0x5a; 300]).unwrap() },
        ),
    ];
    answers.extend(administration(samples, rng));
    answers
}

fn administration(samples: &Samples, rng: &mut Draws) -> Vec<Case> {
    let (id, made) = (InviteId(rng.bytes()), NOW.day());
    let invite = Invite::new(rng.bytes());
    let note = "for bob".try_into().unwrap();
    let out = InviteOut { id, uses: 300, made, expires: made, note };
    let invites = Invites { invites: List::new(vec![out]).unwrap(), more: true };
    let granted = |value, own| Granted { value, own };
    let user = User {
        name: samples.alice.card.name.clone(),
        id: samples.alice.card.account(),
        made,
        suspended: false,
        administrator: true,
        devices: 2,
        envelopes: 300,
        envelope_bytes: 1 << 33,
        blobs: 1,
        blob_bytes: 65_536,
        records: 4,
        quota: UserQuota {
            mailbox_envelopes: granted(10_000, false),
            mailbox_bytes: granted(1 << 28, false),
            blob_bytes: granted(1 << 40, true),
        },
    };
    let users = Users { users: List::new(vec![user.clone()]).unwrap(), more: false };
    vec![
        answer(56, "InviteMade", InviteMade { id, invite, expires: made }),
        answer(57, "Invites", invites),
        answer(60, "Users", users),
        answer(62, "User", user),
    ]
}

/// All pushes.
pub(super) fn pushes(samples: &Samples) -> Vec<Case> {
    vec![
        push("Arrived", Arrived { row: row(samples) }),
        push("Passing", Passing { envelope: samples.envelope.clone() }),
        push("PrekeysLow", PrekeysLow { one_time: 24 }),
        push("Closing", Closing { reason: Refusal::for_now(Code::UNAVAILABLE, 5) }),
    ]
}
