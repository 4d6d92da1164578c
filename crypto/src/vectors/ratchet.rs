//! Conversations in a session: what is sealed, lost, reordered, repeated and
//! altered, and what must come of it.

mod conversation;
mod mirror;

use alloc::vec;

use msg_protocol::time::UnixSeconds;

use super::{
    case::{Case, File},
    draws::Draws,
    handshake::Handshake,
    party::NOW,
};
use conversation::{Alteration, Conversation};
pub(crate) use {
    conversation::{content_json, digest_json},
    mirror::Mirror,
};

const DAY: u64 = 86_400;

#[test]
fn conversations_are_as_their_vectors_say() {
    let rng = &mut Draws::of("ratchet");
    let cases = vec![loss_and_reorder(rng), limits(rng)];
    File {
        name: "ratchet",
        about: "Conversations after a handshake, entry by entry. `seal`: `by` seals a content and \
                names the message. `open`: `by` opens the message of that name at the time `at`, \
                altered where `replace` says so. `copy`: the state of `of` is kept a second time \
                as `as`. `lose`: `by` seals `count` messages with any content and nonces, and \
                nobody sees them. A refused entry changes nothing. Begin from `handshake`, or \
                from SK, th2 and block, which are its outputs.",
        spec: "crypto/SPEC.md §5",
        cases,
    }
    .keep();
}

/// Three turns each way, with every intermediate value.
fn loss_and_reorder(rng: &mut Draws) -> Case {
    let mut talk = Conversation::new(Handshake::new(true, 0, rng), rng);
    talk.seal("A", "a0", b"first");
    talk.seal("A", "a1", b"second");
    talk.seal("A", "a2", b"third");
    talk.open("B", "a1", NOW);
    talk.seal("B", "b0", b"your first is missing");
    talk.seal("B", "b1", b"");
    talk.seal("B", "b2", b"is lost for a while");
    talk.open("B", "a0", NOW);
    talk.refuse("B", "a0", NOW, "opened before");
    talk.copy("A", "copy of A");
    talk.open("A", "b1", NOW);
    talk.seal("A", "a3", b"arrives late");
    talk.seal("A", "a4", b"arrives after 35 days");
    talk.seal("A", "a5", b"arrives at once");
    talk.refuse_altered("B", "a5", NOW, Alteration::LastByte, "the body's tag does not check");
    talk.refuse_altered("B", "a5", NOW, Alteration::Header, "no header key opens it");
    talk.open("B", "a5", NOW);
    talk.open("B", "a2", NOW);
    talk.refuse("B", "a2", NOW, "opened before");
    talk.seal("copy of A", "x", b"from a copy of an old state");
    talk.refuse("B", "x", NOW, "its chain has ended: a copy of an older state sends");
    talk.open("A", "b0", NOW);
    talk.seal("B", "b3", &[0x5a; 1_728]);
    talk.seal("B", "b4", &[0x5a; 1_727]);
    talk.open("A", "b4", NOW);
    talk.open("A", "b3", NOW);
    talk.open("A", "b2", NOW);
    talk.open("B", "a3", UnixSeconds(NOW.0 + 35 * DAY));
    talk.refuse("B", "a4", UnixSeconds(NOW.0 + 35 * DAY + 1), "its key was kept for 35 days");
    talk.into_case("loss and reordering")
}

/// The limits of §12, without intermediate values.
fn limits(rng: &mut Draws) -> Case {
    let mut talk = Conversation::brief(Handshake::new(false, 0, rng), rng);
    talk.seal("A", "a0", b"0");
    talk.open("B", "a0", NOW);
    talk.seal("B", "b0", b"0");
    talk.open("A", "b0", NOW);

    talk.seal("A", "a1", b"the first of a chain of 1,002");
    talk.lose("A", 1_000);
    talk.seal("A", "a2", b"1,001 messages before it are missing");
    talk.refuse("B", "a2", NOW, "more than 1,000 keys to skip");
    talk.open("B", "a1", NOW);
    talk.open("B", "a2", NOW);
    talk.lose("A", 1_000);
    talk.seal("A", "a3", b"2,000 messages before it are missing");
    talk.open("B", "a3", NOW);
    talk.lose("A", 1);
    talk.seal("A", "a4", b"2,001 messages before it are missing");
    talk.refuse("B", "a4", NOW, "more than 2,000 skipped keys to keep");
    let later = UnixSeconds(NOW.0 + 36 * DAY);

    talk.seal("B", "b1", b"an answer");
    talk.seal("B", "b2", b"of the oldest chain that is kept");
    talk.open("A", "b1", later);
    for turn in 0..4_u8 {
        let (a, b) = (["a5", "a6", "a7", "a8"], ["b3", "b4", "b5", "b6"]);
        let (a, b) = (a[usize::from(turn)], b[usize::from(turn)]);
        talk.seal("A", a, &[turn]);
        if turn == 0 {
            talk.refuse("B", a, NOW, "closing the chain would keep more than 2,000 skipped keys");
        }
        talk.open("B", a, later);
        talk.seal("B", b, &[turn]);
        talk.open("A", b, later);
    }
    talk.copy("A", "copy of A");
    talk.open("copy of A", "b2", later);
    talk.seal("A", "a9", b"turn");
    talk.open("B", "a9", later);
    talk.seal("B", "b7", b"begins a chain too many");
    talk.open("A", "b7", later);
    talk.refuse("A", "b2", later, "its chain has gone: five newer ones are kept");
    talk.into_case("limits")
}
