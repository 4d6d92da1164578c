//! Which session sends. Whole conversations stand in the crate of tests.

use alloc::vec;

use msg_protocol::{
    card::{CardHash, CardRef},
    id::DeviceId,
    key::{AgreementKey, IdentityKey},
};

use super::*;
use crate::{
    handshake::HandshakeName,
    ratchet::{HeaderKey, InitialKeys, Ratchet, RootKey},
    secret::Secret,
    session::{Peer, Role},
};

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

fn session(generation: u64, th2: u8) -> Session {
    Session {
        th2: [th2; 32],
        name: HandshakeName([th2; 32]),
        generation,
        peer: Peer {
            identity: IdentityKey([1; 32]),
            device: DeviceId([2; 16]),
            card: CardRef { version: 1, hash: CardHash([3; 32]) },
        },
        role: Role::Initiator { block: Some(vec![4]) },
        ratchet: Ratchet::initiate(
            InitialKeys {
                root: RootKey(Secret::new([5; 32])),
                header_a: HeaderKey(Secret::new([6; 32])),
                header_b: HeaderKey(Secret::new([7; 32])),
            },
            AgreementKey([8; 32]),
        ),
    }
}

fn sending(sessions: &PeerSessions) -> [u8; 32] {
    sessions.sending().unwrap().th2
}

#[test]
fn the_later_generation_sends_and_of_equal_ones_the_smaller_transcript() {
    for (first, second, winner) in
        [((5, 9), (6, 10), 10), ((6, 10), (5, 9), 10), ((5, 9), (5, 8), 8), ((5, 8), (5, 9), 8)]
    {
        let mut sessions = PeerSessions::default();
        sessions.adopt(session(first.0, first.1), NOW);
        sessions.adopt(session(second.0, second.1), NOW);
        assert_eq!(sending(&sessions), [winner; 32]);
        assert_eq!(sessions.receive_only_count(), 1);
    }
}

#[test]
fn a_session_that_lost_its_place_never_regains_it() {
    let mut sessions = PeerSessions::default();
    sessions.adopt(session(7, 1), NOW);
    sessions.retire_sending(NOW);
    assert_eq!(sessions.adopt(session(6, 2), NOW), Adopted::ReceiveOnly);
    assert_eq!(sessions.adopt(session(7, 1), NOW), Adopted::ReceiveOnly);
    assert!(sessions.sending().is_none());
    let stored = sessions.archive();
    let mut sessions = PeerSessions::restore(stored.as_bytes()).unwrap();
    assert_eq!(sessions.adopt(session(6, 3), NOW), Adopted::ReceiveOnly);
    assert_eq!(sessions.adopt(session(8, 4), NOW), Adopted::Sending);
}

/// Whoever poses as a peer for a while could otherwise outrank that peer for good.
#[test]
fn a_generation_from_the_far_future_outranks_for_two_months_and_no_longer() {
    let ahead = NOW.plus_days(MAX_GENERATION_DAYS_AHEAD);
    for far in [ahead.0 + 1, NOW.0 + (1 << 40), u64::MAX] {
        let mut sessions = PeerSessions::default();
        assert_eq!(sessions.adopt(session(far, 1), NOW), Adopted::Sending);
        assert_eq!(sessions.next_generation(NOW), ahead.0 + 1, "none is used up");
        assert_eq!(sessions.adopt(session(NOW.0 + 9, 2), NOW), Adopted::ReceiveOnly);

        let ours = sessions.next_generation(NOW);
        let later = UnixSeconds(NOW.0 + 1);
        assert_eq!(sessions.adopt(session(ours, 3), later), Adopted::Sending, "we begin anew");

        let later = UnixSeconds(ahead.0 + 2);
        assert_eq!(sessions.adopt(session(later.0, 4), later), Adopted::Sending, "the peer does");
    }
}

#[test]
fn a_generation_within_two_months_counts_in_full() {
    let mut sessions = PeerSessions::default();
    let ahead = NOW.plus_days(MAX_GENERATION_DAYS_AHEAD).0;
    assert_eq!(sessions.adopt(session(ahead, 1), NOW), Adopted::Sending);
    assert_eq!(sessions.next_generation(NOW), ahead + 1);
    assert_eq!(sessions.adopt(session(ahead - 1, 2), NOW), Adopted::ReceiveOnly);
}

#[test]
fn a_receive_only_session_is_destroyed_after_seven_days() {
    let mut sessions = PeerSessions::default();
    sessions.adopt(session(1, 1), NOW);
    sessions.adopt(session(2, 2), NOW);
    sessions.expire(NOW.plus_days(RECEIVE_ONLY_DAYS));
    assert_eq!(sessions.receive_only_count(), 1);
    sessions.expire(UnixSeconds(NOW.plus_days(RECEIVE_ONLY_DAYS).0 + 1));
    assert_eq!(sessions.receive_only_count(), 0);
    assert_eq!(sending(&sessions), [2; 32], "the sending one stays");
}

#[test]
fn no_more_than_a_few_sessions_are_kept() {
    let mut sessions = PeerSessions::default();
    for generation in 0..20 {
        sessions.adopt(session(generation, 1), NOW);
    }
    assert_eq!(sessions.receive_only_count(), MAX_RECEIVE_ONLY);
}

#[test]
fn sessions_that_cannot_have_been_stored_together_are_refused() {
    let refused = |sessions: &PeerSessions| {
        PeerSessions::restore(sessions.archive().as_bytes()).err() == Some(ArchiveError::Damaged)
    };
    let mut sessions = PeerSessions::default();
    sessions.adopt(session(1, 1), NOW);
    sessions.adopt(session(2, 2), NOW);
    assert!(!refused(&sessions));

    let mut unranked = PeerSessions { best: None, ..sessions };
    assert!(refused(&unranked), "any older session could become the sending one");
    unranked.best = Some(session(2, 2).rank());
    let mut mixed = unranked;
    mixed.sending.as_mut().unwrap().peer.device = DeviceId([9; 16]);
    assert!(refused(&mixed), "sessions with two devices");

    let mut blockless = PeerSessions::default();
    blockless.adopt(Session { role: Role::Initiator { block: None }, ..session(1, 1) }, NOW);
    assert!(refused(&blockless), "a first chain without its block");
    let mut posing = PeerSessions::default();
    posing.adopt(Session { role: Role::Responder { block: [4; 32] }, ..session(1, 1) }, NOW);
    assert!(refused(&posing), "a responder's first chain");
}
