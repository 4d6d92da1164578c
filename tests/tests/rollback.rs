//! A store is set back: two processes go on from one copy of a session, as after a
//! restored backup or a cloned machine. `crypto/SPEC.md` §5 "Message", §13.

#![cfg(test)]

use msg_crypto::Session;
use msg_tests::{
    party::{Party, reopen},
    seed::rng,
};
use rand_chacha::ChaCha20Rng;

/// Where the body's ciphertext begins: behind the nonce and the encrypted header.
const BODY: usize = 24 + 2_312 + 16;

#[test]
fn a_session_set_back_repeats_no_key_stream() {
    let rng = &mut rng(61);
    let (alice, mut bob) = (Party::new("alice", rng), Party::new("bob", rng));
    let (mut ours, mut theirs) = alice.established(&mut bob, rng);
    let before = ours.seal(b"before the copy", rng).unwrap();
    theirs.open(before.kind, &before.body, msg_tests::party::NOW).unwrap();

    // Same chain, same place in it, two texts.
    let first = seal_in_a_copy(&ours, b'a', rng);
    let second = seal_in_a_copy(&ours, b'b', rng);
    assert!(!is_one_stream(&first[BODY..], &second[BODY..]));
    assert!(!is_one_stream(&first[24..BODY], &second[24..BODY]));

    // It is the nonce that parts them: with the same draws the streams are one.
    let third = seal_in_a_copy(&ours, b'a', &mut rng.clone());
    let fourth = seal_in_a_copy(&ours, b'b', &mut rng.clone());
    assert!(is_one_stream(&third[BODY..], &fourth[BODY..]));
}

/// A thousand times that letter, sealed in a copy of the session.
fn seal_in_a_copy(session: &Session, letter: u8, rng: &mut ChaCha20Rng) -> Vec<u8> {
    reopen(session).seal(&[letter; 1_000], rng).unwrap().body.as_bytes().to_vec()
}

/// Whether what was sealed shows the difference of `a` and `b` anywhere for long.
fn is_one_stream(first: &[u8], second: &[u8]) -> bool {
    let same = first.iter().zip(second).filter(|(x, y)| **x ^ **y == b'a' ^ b'b').count();
    let equal = first.iter().zip(second).filter(|(x, y)| x == y).count();
    same > 100 || equal > 100
}
