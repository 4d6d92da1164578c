//! The end of every run: all faults stop, and everything must work again.

use msg_protocol::time::UnixSeconds;

use super::run::Lab;

impl Lab {
    /// All faults stop, the mail arrives, and both sides talk. In half of all runs
    /// what was lost turns up again; in the others it never does.
    pub(super) fn calm(&mut self) {
        self.tell("calm".into());
        self.now = UnixSeconds(self.now.0 + 3_600);
        for side in 0..2 {
            self.maintain(side);
            while !self.mail[side].is_empty() {
                let index = self.below(self.mail[side].len());
                let number = self.mail[side].remove(index);
                self.deliver(side, number);
            }
        }
        if self.below(2) == 0 {
            for number in 0..self.sent.len() {
                self.deliver(1 - self.sent[number].by, number);
            }
        }
        self.check_agreement();
        for side in 0..2 {
            self.reach(side);
        }
        for round in 0..6 {
            let number = self.send(round % 2).unwrap();
            self.deliver(1 - round % 2, number);
            assert!(self.has_opened(number), "both sides talk");
        }
        let ranks = [0, 1].map(|side| self.sides[side].sessions.sending().unwrap().rank());
        assert!(ranks[0] == ranks[1], "both sides send in one session");
    }

    /// Each side holds every handshake that the other does: they must agree.
    fn check_agreement(&mut self) {
        let [ours, theirs] = &self.ledgers;
        if self.has_forgotten || ours.known != theirs.known {
            return;
        }
        let sending = [0, 1].map(|side| self.sides[side].sessions.sending());
        if let [Some(ours), Some(theirs)] = sending {
            assert!(ours.name() == theirs.name(), "both sides send in one session");
            let both_began = (0..2).all(|by| self.flights.values().any(|flight| flight.by == by));
            self.note(if both_began { "agreed after both began" } else { "agreed" });
        }
    }

    /// Sends until something arrives; what is not confirmed is sent in a new session.
    fn reach(&mut self, by: usize) {
        let number = self.send(by).unwrap();
        self.deliver(1 - by, number);
        if self.has_opened(number) {
            return;
        }
        self.note("healed by a new handshake");
        self.retire(by);
        let number = self.send(by).unwrap();
        self.deliver(1 - by, number);
        assert!(self.has_opened(number), "a new handshake gets through");
    }

    fn has_opened(&self, number: usize) -> bool {
        self.sides[1 - self.sent[number].by].opened.contains(&number)
    }
}
