//! The relay of the laboratory: it forgets nothing that was not acknowledged.

use std::collections::BTreeMap;

use msg_protocol::{
    bounded::List,
    card::Card,
    envelope::Envelope,
    id::{AccountId, DeviceId, EnvelopeId, MailboxId, RelayEpoch},
    prekey::PrekeyBundle,
    request::PublishPrekeys,
    response::Row,
    signed::Signed,
};

/// The relay's mind.
#[derive(Default)]
pub(super) struct Relay {
    pub(super) rows: BTreeMap<MailboxId, Vec<Row>>,
    pub(super) ids: BTreeMap<EnvelopeId, Envelope>,
    published: BTreeMap<AccountId, (PublishPrekeys, Vec<PublishPrekeys>)>,
    pub(super) cards: BTreeMap<String, Signed<Card>>,
    counters: BTreeMap<AccountId, u64>,
    sequence: u64,
    pub(super) starts: u8,
}

impl Relay {
    /// What it was started as the last time.
    pub(super) fn epoch(&self) -> RelayEpoch {
        RelayEpoch([self.starts; 16])
    }

    /// Takes the prekeys of a device.
    pub(super) fn publish(&mut self, id: AccountId, requests: Vec<PublishPrekeys>) {
        for request in requests {
            let entry = self.published.entry(id);
            let (first, pairs) = entry.or_insert_with(|| (request.clone(), Vec::new()));
            if request.replace {
                pairs.clear();
            }
            if request.signed.is_some() {
                *first = request.clone();
            }
            pairs.push(request);
        }
    }

    /// Hands out prekeys of a device.
    pub(super) fn bundle(&mut self, id: AccountId, device: DeviceId) -> PrekeyBundle {
        let (first, pairs) = self.published.get_mut(&id).unwrap();
        let mut one_time = None;
        for request in pairs {
            let mut left = request.one_time.clone().into_vec();
            if one_time.is_none() && !left.is_empty() {
                one_time = Some(left.remove(0));
                request.one_time = List::new(left).unwrap();
            }
        }
        PrekeyBundle {
            device,
            signed: first.signed.clone().unwrap(),
            last_resort: first.last_resort.clone().unwrap(),
            one_time,
        }
    }

    /// Takes an envelope, once.
    pub(super) fn accept(&mut self, envelope: &Envelope) {
        if let Some(known) = self.ids.get(&envelope.id) {
            assert_eq!(known, envelope, "an id has one envelope for good");
            return;
        }
        self.ids.insert(envelope.id, envelope.clone());
        self.sequence += 1;
        let row = Row { sequence: self.sequence, knock: false, envelope: envelope.clone() };
        self.rows.entry(envelope.mailbox).or_default().push(row);
    }

    /// A mailbox comes in another order, and with it some of what had come before.
    pub(super) fn stir(&mut self, mailbox: MailboxId, mut draw: impl FnMut(usize) -> usize) {
        let rows = self.rows.remove(&mailbox).unwrap_or_default();
        let mut envelopes: Vec<Envelope> = rows.into_iter().map(|row| row.envelope).collect();
        let earlier: Vec<&Envelope> =
            self.ids.values().filter(|envelope| envelope.mailbox == mailbox).collect();
        for _ in 0..earlier.len().min(3) {
            envelopes.push(earlier[draw(earlier.len())].clone());
        }
        for last in (1..envelopes.len()).rev() {
            envelopes.swap(last, draw(last + 1));
        }
        for envelope in envelopes {
            self.sequence += 1;
            let row = Row { sequence: self.sequence, knock: false, envelope };
            self.rows.entry(mailbox).or_default().push(row);
        }
    }

    /// Puts envelopes that were held back into their mailbox.
    pub(super) fn give_back(&mut self, mailbox: MailboxId, rows: Vec<Row>) {
        for row in rows {
            self.sequence += 1;
            self.rows.entry(mailbox).or_default().push(Row { sequence: self.sequence, ..row });
        }
    }

    /// Takes a counter; gives the highest that was shown before.
    pub(super) fn count(&mut self, id: AccountId, shown: u64) -> u64 {
        let before = self.counters.get(&id).copied().unwrap_or(0);
        self.counters.insert(id, before.max(shown));
        before
    }
}
