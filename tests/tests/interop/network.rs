//! Random conversations over a network that loses, repeats, reorders and corrupts.

use std::collections::VecDeque;

use crate::{
    dice::Dice,
    pair::{open, pair},
    peer::{BOTH_WAYS, Envelope, Peer},
};

const CONVERSATIONS: u64 = 12;
const TURNS: usize = 60;

/// Two peers, what is under way to each, and what each has opened.
struct Network {
    peers: [Peer; 2],
    under_way: [VecDeque<(Envelope, Vec<u8>)>; 2],
    opened: [Vec<Envelope>; 2],
    sent: u32,
}

impl Network {
    fn send(&mut self, from: usize, dice: &mut Dice) {
        let length = [0, 10, 1_800, 5_000][dice.below(4)];
        let content = [self.sent.to_be_bytes().to_vec(), dice.bytes(length)].concat();
        let to = self.peers[1 - from].address.clone();
        match self.peers[from].seal(&to, &content) {
            Ok(envelope) => self.under_way[1 - from].push_back((envelope, content)),
            Err(_) => assert!(self.opened[from].is_empty(), "a peer that has heard can answer"),
        }
        self.sent += 1;
    }

    fn deliver(&mut self, to: usize, dice: &mut Dice) {
        let place = if dice.percent(50) { dice.below(self.under_way[to].len().max(1)) } else { 0 };
        let Some((envelope, content)) = self.under_way[to].remove(place) else {
            return;
        };
        if dice.percent(10) {
            return; // lost
        }
        if dice.percent(30) {
            let corrupt = flip(&envelope, dice);
            self.peers[to].open(&corrupt).expect_err("a corrupted envelope is refused");
        }
        open(&mut self.peers, to, &envelope, &content);
        self.opened[to].push(envelope);
        if dice.percent(20) {
            let again = dice.below(self.opened[to].len());
            self.peers[to].open(&self.opened[to][again]).expect_err("nothing opens twice");
        }
    }

    fn initiate(&mut self, by: usize, dice: &mut Dice) {
        let [alice, bob] = &mut self.peers;
        let (own, peer) = if by == 0 { (alice, bob) } else { (bob, alice) };
        own.initiate(peer, dice.percent(50));
    }
}

#[test]
fn random_conversations_agree_in_every_message() {
    for seed in 0..CONVERSATIONS {
        let mut dice = Dice::new(seed);
        let languages = BOTH_WAYS[dice.below(2)];
        let mut network = Network {
            peers: pair(languages, seed),
            under_way: [VecDeque::new(), VecDeque::new()],
            opened: [Vec::new(), Vec::new()],
            sent: 0,
        };
        network.initiate(0, &mut dice);
        if dice.percent(50) {
            network.initiate(1, &mut dice);
        }
        for _ in 0..TURNS {
            let who = dice.below(2);
            match dice.below(100) {
                0..48 => network.send(who, &mut dice),
                48..96 => network.deliver(who, &mut dice),
                96..98 => network.initiate(who, &mut dice),
                98 => network.peers[who].change_card(),
                _ => network.peers[who].rotate(),
            }
        }
        for who in [0, 1] {
            while !network.under_way[who].is_empty() {
                network.deliver(who, &mut dice);
            }
        }
    }
}

fn flip(envelope: &Envelope, dice: &mut Dice) -> Envelope {
    let mut corrupt = envelope.clone();
    let place = dice.below(corrupt.body.len());
    corrupt.body[place] ^= 1 << dice.below(8);
    corrupt
}
