//! What went to a relay and what came from it, kept outside its process. Nothing that
//! was answered for may be missing, and nothing may come that nobody sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use msg_protocol::{
    envelope::Envelope,
    id::{EnvelopeId, MailboxId},
    response::Row,
};
use sha2::{Digest as _, Sha256};

/// The books of a test.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    entries: BTreeMap<EnvelopeId, Entry>,
    /// Under which number an envelope was seen in a mailbox.
    places: BTreeMap<(MailboxId, u64), EnvelopeId>,
    /// What the relay has agreed to forget.
    forgotten: BTreeSet<(MailboxId, u64)>,
}

#[derive(Debug)]
struct Entry {
    mailbox: MailboxId,
    body: [u8; 32],
    /// How often it was sent: more than once if no answer came.
    sent: u32,
    answered: bool,
    /// Under how many numbers it was seen.
    seen: u32,
}

/// The sums of a ledger, by which nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Envelopes that the relay has answered for.
    pub answered: usize,
    /// Envelopes that were sent, but never answered for.
    pub unanswered: usize,
    /// Envelopes that were sent more than once.
    pub resent: usize,
    /// Envelopes that a device has had under more than one number, each sent as often.
    pub repeated: usize,
}

impl Ledger {
    /// An envelope is about to be sent, for the first time or again.
    pub fn sends(&self, envelope: &Envelope) {
        let mut books = self.0.lock().unwrap();
        let entry = books.entries.entry(envelope.id).or_insert_with(|| Entry {
            mailbox: envelope.mailbox,
            body: hash(envelope),
            sent: 0,
            answered: false,
            seen: 0,
        });
        entry.sent += 1;
    }

    /// The relay has answered that it keeps it, or that its device has it.
    pub fn answered(&self, id: EnvelopeId) {
        self.0.lock().unwrap().entries.get_mut(&id).unwrap().answered = true;
    }

    /// How many the relay has answered for.
    pub fn count_answered(&self) -> usize {
        self.0.lock().unwrap().entries.values().filter(|entry| entry.answered).count()
    }

    /// A device has got it.
    pub fn sees(&self, mailbox: MailboxId, row: &Row) {
        let mut books = self.0.lock().unwrap();
        let Books { entries, places, forgotten } = &mut *books;
        let (id, place) = (row.envelope.id, (mailbox, row.sequence));
        let entry = entries.get_mut(&id).expect("nothing is collected that nobody sent");
        assert_eq!((entry.mailbox, row.envelope.mailbox), (mailbox, mailbox), "another's mail");
        assert_eq!(entry.body, hash(&row.envelope), "a body is not what was sent");
        assert!(!forgotten.contains(&place), "{place:?} comes after the relay agreed to forget it");
        match places.insert(place, id) {
            Some(before) => assert_eq!(before, id, "two envelopes at {place:?}"),
            None => entry.seen += 1,
        }
        assert!(entry.seen <= entry.sent, "{id:?} was sent {} times, and stored more", entry.sent);
    }

    /// A device sees its whole mailbox.
    pub fn sees_all(&self, mailbox: MailboxId, rows: &[Row]) {
        let ids: BTreeSet<_> = rows.iter().map(|row| row.envelope.id).collect();
        assert_eq!(ids.len(), rows.len(), "an envelope is stored twice");
        for row in rows {
            self.sees(mailbox, row);
        }
    }

    /// The relay has answered that it forgets these of a mailbox.
    pub fn forgets(&self, mailbox: MailboxId, sequences: impl IntoIterator<Item = u64>) {
        let places = sequences.into_iter().map(|sequence| (mailbox, sequence));
        self.0.lock().unwrap().forgotten.extend(places);
    }

    /// Balances the books once every mailbox has been seen to its end: nothing
    /// that was answered for is missing.
    pub fn balance(&self) -> Sums {
        let books = self.0.lock().unwrap();
        let count = |which: &dyn Fn(&Entry) -> bool| {
            books.entries.values().filter(|entry| which(entry)).count()
        };
        let lost = count(&|entry| entry.answered && entry.seen == 0);
        let answered = count(&|entry| entry.answered);
        assert_eq!(lost, 0, "of {answered} envelopes that were answered for, {lost} are lost");
        Sums {
            answered,
            unanswered: count(&|entry| !entry.answered),
            resent: count(&|entry| entry.sent > 1),
            repeated: count(&|entry| entry.seen > 1),
        }
    }
}

fn hash(envelope: &Envelope) -> [u8; 32] {
    Sha256::digest(envelope.body.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    use super::*;
    use crate::relay::{Identity, envelope};

    fn row(sequence: u64) -> Row {
        let mailbox = Identity::random(1).mailbox();
        let mut rng = ChaCha20Rng::seed_from_u64(sequence);
        Row { sequence, knock: false, envelope: envelope(mailbox, 4_096, &mut rng) }
    }

    fn ledger(rows: &[&Row]) -> Ledger {
        let ledger = Ledger::default();
        for row in rows {
            ledger.sends(&row.envelope);
            ledger.answered(row.envelope.id);
        }
        ledger
    }

    #[test]
    fn what_was_sent_answered_and_seen_balances() {
        let (first, second) = (row(1), row(2));
        let ledger = ledger(&[&first, &second]);
        let mailbox = first.envelope.mailbox;
        ledger.sees(mailbox, &first);
        ledger.sees_all(mailbox, &[first, second]);
        let sums = Sums { answered: 2, unanswered: 0, resent: 0, repeated: 0 };
        assert_eq!(ledger.balance(), sums);
    }

    #[test]
    #[should_panic(expected = "1 are lost")]
    fn what_was_answered_for_and_is_gone_is_found() {
        ledger(&[&row(1)]).balance();
    }

    #[test]
    #[should_panic(expected = "stored more")]
    fn what_comes_under_two_numbers_is_found() {
        let first = row(1);
        let ledger = ledger(&[&first]);
        ledger.sees(first.envelope.mailbox, &first);
        ledger.sees(first.envelope.mailbox, &Row { sequence: 2, ..first });
    }

    #[test]
    #[should_panic(expected = "agreed to forget")]
    fn what_comes_back_is_found() {
        let first = row(1);
        let ledger = ledger(&[&first]);
        ledger.forgets(first.envelope.mailbox, [1]);
        ledger.sees(first.envelope.mailbox, &first);
    }

    #[test]
    #[should_panic(expected = "not what was sent")]
    fn another_body_is_found() {
        let (first, second) = (row(1), row(2));
        let ledger = ledger(&[&first]);
        let mut altered = first.clone();
        altered.envelope.body = second.envelope.body;
        ledger.sees(first.envelope.mailbox, &altered);
    }
}
