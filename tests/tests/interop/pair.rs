//! Two peers of one account each, who write to each other.

use crate::peer::{Envelope, Language, Peer};

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 86_400;

pub(crate) fn pair(languages: [Language; 2], seed: u64) -> [Peer; 2] {
    let [first, second] = languages;
    [Peer::start(first, "alice", 2 * seed, NOW), Peer::start(second, "bob", 2 * seed + 1, NOW)]
}

/// Seals at `from`, opens at the other; asserts what comes out. Gives the envelope.
pub(crate) fn pass(peers: &mut [Peer; 2], from: usize, content: &[u8]) -> Envelope {
    let envelope = seal(peers, from, content);
    open(peers, 1 - from, &envelope, content);
    envelope
}

pub(crate) fn seal(peers: &mut [Peer; 2], from: usize, content: &[u8]) -> Envelope {
    let to = peers[1 - from].address.clone();
    peers[from].seal(&to, content).expect("a session to send in")
}

pub(crate) fn open(peers: &mut [Peer; 2], at: usize, envelope: &Envelope, content: &[u8]) {
    let opened = peers[at].open(envelope).expect("an honest envelope opens");
    assert_eq!(opened, (peers[1 - at].address.clone(), content.to_vec()));
}

/// The session that each side sends in.
pub(crate) fn sending(peers: &mut [Peer; 2]) -> [String; 2] {
    let addresses = [peers[1].address.clone(), peers[0].address.clone()];
    [0, 1].map(|side| peers[side].sending(&addresses[side]))
}
