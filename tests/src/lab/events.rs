//! Everything that can happen, and the dice that say what does.

use msg_crypto::{limits::ONE_TIME_PAIRS, session::pair::PeerSessions};
use msg_protocol::{
    envelope::{Body, EnvelopeKind},
    limits::BODY_SIZES,
    time::UnixSeconds,
};
use rand_core::Rng as _;

use super::run::{Lab, Sent};

/// What happens to one side, or for it.
type Event = fn(&mut Lab, usize);

impl Lab {
    pub(super) fn event(&mut self) {
        let weather = self.weather;
        let side = self.below(2);
        let events: [(u32, Event); 10] = [
            (weather.send, Self::send_to_network),
            (weather.deliver, Self::deliver_mail),
            (weather.burst, Self::burst),
            (weather.replay, Self::replay),
            (weather.alter, Self::alter),
            (weather.restart, Self::restart),
            (weather.crash, Self::crash),
            (weather.wait, Self::wait),
            (weather.retire, Self::retire),
            (weather.forget, Self::forget),
        ];
        let total: u32 = events.iter().map(|(weight, _)| weight).sum();
        let mut choice = u32::try_from(self.below(total as usize)).unwrap();
        for (weight, happen) in events {
            if choice < weight {
                happen(self, side);
                self.check_sending();
                return;
            }
            choice -= weight;
        }
    }

    fn send_to_network(&mut self, by: usize) {
        let Some(number) = self.send(by) else { return };
        if !self.percent(self.weather.loss) {
            self.mail[1 - by].push(number);
        }
    }

    fn deliver_mail(&mut self, to: usize) {
        let waiting = self.mail[to].len();
        if waiting == 0 {
            return;
        }
        let overtakes = self.percent(self.weather.overtake);
        let index = if overtakes { self.below(waiting) } else { 0 };
        let number = self.mail[to][index];
        if !self.percent(self.weather.copy) {
            self.mail[to].remove(index);
        }
        self.deliver(to, number);
    }

    fn burst(&mut self, by: usize) {
        for _ in 0..=self.below(self.weather.burst_length as usize) {
            self.send(by);
        }
    }

    fn replay(&mut self, to: usize) {
        if !self.sent.is_empty() {
            let number = self.below(self.sent.len());
            self.note("replay");
            self.deliver(to, number);
        }
    }

    fn alter(&mut self, to: usize) {
        if self.sent.is_empty() {
            return;
        }
        let number = self.below(self.sent.len());
        let Some((kind, body)) = self.altered(number) else { return };
        self.tell(format!("alter {number} for {to}"));
        self.note("altered");
        self.refuse(to, kind, &body);
    }

    fn restart(&mut self, side: usize) {
        self.tell(format!("restart {side}"));
        let disk = self.sides[side].disk();
        self.sides[side].start_from(&disk);
        self.sides[side].party.restart();
        assert!(self.sides[side].disk() == disk, "a store reads back as it was written");
    }

    /// All that the process did since its store was written is undone.
    fn crash(&mut self, side: usize) {
        let disk = self.sides[side].disk();
        let (opened, ledger) = (self.sides[side].opened.clone(), self.ledgers[side].clone());
        self.tell(format!("crash {side} {{"));
        match self.mail[side].first() {
            Some(&number) => self.deliver(side, number),
            None => drop(self.seal(side)),
        }
        self.tell("}".into());
        self.sides[side].start_from(&disk);
        self.sides[side].opened = opened;
        self.ledgers[side] = ledger;
    }

    fn wait(&mut self, side: usize) {
        let seconds = self.rng.next_u64() % (self.weather.wait_hours * 3_600) + 1;
        self.now = UnixSeconds(self.now.0 + seconds);
        self.tell(format!("wait {seconds}"));
        if self.below(2) == 0 {
            self.maintain(side);
        }
    }

    pub(super) fn retire(&mut self, side: usize) {
        self.tell(format!("retire {side}"));
        self.sides[side].sessions.retire_sending(self.now);
        self.ledgers[side].retire(self.now);
    }

    fn forget(&mut self, side: usize) {
        self.tell(format!("forget {side}"));
        self.note("forgotten");
        self.sides[side].sessions = PeerSessions::default();
        self.ledgers[side].forget();
        self.has_forgotten = true;
        self.now = UnixSeconds(self.now.0 + 60);
    }

    pub(super) fn maintain(&mut self, side: usize) {
        let party = &mut self.sides[side].party;
        let upload = party.maintain(ONE_TIME_PAIRS, self.now, &mut self.rng);
        self.ledgers[side].maintain(&upload, self.now);
    }

    /// A changed copy of an envelope; none if the change came to nothing.
    fn altered(&mut self, number: usize) -> Option<(EnvelopeKind, Body)> {
        let mut kind = self.sent[number].kind;
        let mut bytes = self.sent[number].body.as_bytes().to_vec();
        let other = self.below(self.sent.len());
        match self.below(6) {
            0 => self.flip(&mut bytes),
            1 => (0..20).for_each(|_| self.flip(&mut bytes)),
            2 => {
                kind = match kind {
                    EnvelopeKind::Session => EnvelopeKind::Handshake,
                    EnvelopeKind::Handshake => EnvelopeKind::Session,
                }
            }
            3 => bytes.resize(BODY_SIZES[self.below(BODY_SIZES.len())], 0),
            4 => {
                let cut = self.below(bytes.len());
                let other = self.sent[other].body.as_bytes();
                bytes.truncate(cut);
                bytes.extend(other.iter().skip(cut));
            }
            _ => self.rng.fill_bytes(&mut bytes),
        }
        let body = Body::new(bytes).ok()?;
        let same = |sent: &Sent| sent.kind == kind && sent.body == body;
        (!same(&self.sent[number]) && !same(&self.sent[other])).then_some((kind, body))
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        let at = self.below(bytes.len());
        bytes[at] ^= 1 << self.below(8);
    }
}
