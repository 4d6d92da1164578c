//! A relay that brings what it likes, in the order it likes, to whom it likes.

use std::collections::BTreeSet;

use msg_crypto::session::{Sealed, pair::PeerSessions};
use msg_tests::{
    party::{NOW, Party},
    seed::rng,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

const DEVICES: usize = 4;
const ENVELOPES: usize = 10_000;
/// Among so many the relay picks the next.
const UNDER_WAY: usize = 60;

struct Envelope {
    from: usize,
    to: usize,
    content: Vec<u8>,
    sealed: Sealed,
}

/// Four devices, a session between every two; `sessions[a][b]` is `a`'s with `b`.
fn everybody(rng: &mut ChaCha20Rng) -> Vec<Vec<PeerSessions>> {
    let mut parties: Vec<Party> =
        (0..DEVICES).map(|number| Party::sparing(&format!("user{number}"), 4, rng)).collect();
    let mut sessions: Vec<Vec<PeerSessions>> =
        (0..DEVICES).map(|_| (0..DEVICES).map(|_| PeerSessions::default()).collect()).collect();
    let pairs = (0..DEVICES).flat_map(|second| (0..second).map(move |first| (first, second)));
    for (first, second) in pairs {
        let (one, other) = parties.split_at_mut(second);
        let (ours, theirs) = one[first].established(&mut other[0], rng);
        sessions[first][second].adopt(ours, NOW);
        sessions[second][first].adopt(theirs, NOW);
    }
    sessions
}

fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    usize::try_from(rng.next_u64() % bound as u64).unwrap()
}

/// What the device makes of an envelope: the peer in whose session it opens.
fn receive(sessions: &mut [PeerSessions], sealed: &Sealed) -> Option<(usize, Vec<u8>)> {
    let mut opened = sessions.iter_mut().enumerate().filter_map(|(peer, sessions)| {
        sessions.open(sealed.kind, &sealed.body, NOW).ok().map(|content| (peer, content))
    });
    let first = opened.next();
    assert!(opened.next().is_none(), "it opens in one session at most");
    first
}

#[test]
fn attack_10_unauthenticated_order_and_place() {
    let rng = &mut rng(610);
    let mut sessions = everybody(rng);
    let mut sealed = 0;
    let mut under_way: Vec<Envelope> = Vec::new();
    let mut opened: BTreeSet<Vec<u8>> = BTreeSet::new();
    while sealed < ENVELOPES || !under_way.is_empty() {
        if sealed < ENVELOPES && under_way.len() < UNDER_WAY {
            let from = below(rng, DEVICES);
            let to = (from + 1 + below(rng, DEVICES - 1)) % DEVICES;
            let content = format!("{sealed} from {from} to {to}").into_bytes();
            let envelope = sessions[from][to].seal(&content, rng).unwrap().unwrap();
            under_way.push(Envelope { from, to, content, sealed: envelope });
            sealed += 1;
            continue;
        }
        let index = below(rng, under_way.len());
        let whim = below(rng, 100);
        if (20..25).contains(&whim) {
            under_way.swap_remove(index);
            continue;
        }
        let place = if whim < 20 { below(rng, DEVICES) } else { under_way[index].to };
        let found = receive(&mut sessions[place], &under_way[index].sealed);
        let envelope = &under_way[index];
        if let Some((peer, content)) = found {
            assert_eq!((place, peer), (envelope.to, envelope.from), "in its own place");
            assert_eq!(content, envelope.content);
            assert!(opened.insert(content), "once");
        }
        if whim >= 40 {
            under_way.swap_remove(index);
        }
    }
    assert!(opened.len() > ENVELOPES * 9 / 10, "{} of {ENVELOPES} opened", opened.len());
}
