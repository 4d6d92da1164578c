//! Everything that the relay keeps of an account, so that its owner can see how
//! little that is.

use msg_protocol::{address::AccountName, card::Card, prekey::PrekeyId, time::UnixDay};

use super::{Desk, hash, hex};
use crate::{
    admin::{
        date,
        error::OrderError,
        report::{AccountReport, CardReport, DeviceReport, EnvelopeReport, PrekeyReport, Report},
        serve::Reports,
    },
    store::{
        Store,
        account::Account,
        right::{KnockRight, RightKind},
        upkeep::{Holdings, MailboxHolding},
    },
};

/// Cards that are read at once.
const PAGE: usize = 64;
/// Envelopes that are shown of a mailbox; how many there are is shown beside.
const MAX_ENVELOPES: usize = 100_000;

impl<S: Store> Desk<S> {
    pub(super) async fn inspect(
        &self,
        name: &AccountName,
        reports: &mut Reports,
    ) -> Result<(), OrderError> {
        let gone = || OrderError::NoSuchUser(name.clone());
        let account = self.account(name).await?;
        let card = account.card.peek_unverified().map_err(|_| OrderError::Card)?;
        let now = self.service.clock().relay_time();
        let held = self.service.store().holdings(account.id, MAX_ENVELOPES, now).await?;
        let held = held.ok_or_else(gone)?;
        reports.put(&Report::Account(self.row(&account, &card))).await?;
        self.report_cards(&account, reports).await?;
        for mailbox in &held.mailboxes {
            let device = self.device(&account, &card, mailbox).await?;
            reports.put(&Report::Device(Box::new(device))).await?;
        }
        for report in held.mailboxes.iter().flat_map(|mailbox| self.envelopes(mailbox)) {
            reports.put(&report).await?;
        }
        for report in self.others(&held) {
            reports.put(&report).await?;
        }
        Ok(())
    }

    fn row(&self, account: &Account, card: &Card) -> AccountReport {
        let previous = account.door.previous;
        AccountReport {
            name: account.name.to_string(),
            id: hex(account.id.as_bytes()),
            identity: hex(card.identity.as_bytes()),
            made: date::day(account.created),
            suspended: account.suspended,
            administrator: account.administrator,
            credential_hash: hash(&account.credential),
            door_hash: hash(&account.door.current),
            previous_door_hash: previous.map(|(door, _)| hash(&door)),
            previous_door_until: previous.map(|(_, until)| self.day(until)),
            quota_mailbox_envelopes: account.quota.mailbox_envelopes,
            quota_mailbox_bytes: account.quota.mailbox_bytes,
            quota_blob_bytes: account.quota.blob_bytes,
        }
    }

    async fn report_cards(
        &self,
        account: &Account,
        reports: &mut Reports,
    ) -> Result<(), OrderError> {
        let mut from = 1;
        loop {
            let page = self.service.store().cards(account.id, from, PAGE).await?;
            for signed in &page.cards {
                let card = signed.peek_unverified().map_err(|_| OrderError::Card)?;
                from = card.version.saturating_add(1);
                let report = CardReport {
                    version: card.version,
                    made: date::day(card.created),
                    bytes: signed.raw().len() as u64,
                    devices: card
                        .devices
                        .iter()
                        .map(|device| hex(device.id().as_bytes()))
                        .collect(),
                };
                reports.put(&Report::Card(report)).await?;
            }
            if !page.more || page.cards.is_empty() {
                return Ok(());
            }
        }
    }

    async fn device(
        &self,
        account: &Account,
        card: &Card,
        held: &MailboxHolding,
    ) -> Result<DeviceReport, OrderError> {
        let store = self.service.store();
        let row = store.device(account.id, held.device).await?;
        let stock = store.prekey_stock(account.id, held.device).await?;
        let signed = stock.as_ref().and_then(|stock| stock.signed.as_ref()?.peek_unverified().ok());
        let last =
            stock.as_ref().and_then(|stock| stock.last_resort.as_ref()?.peek_unverified().ok());
        Ok(DeviceReport {
            id: hex(held.device.as_bytes()),
            added: card.device(held.device).map(|device| date::day(device.added)),
            credential_hash: row.map(|row| hash(&row.credential)),
            counter: held.counter,
            signed_prekey: signed.map(|prekey| self::prekey(prekey.id, prekey.expires)),
            last_resort_prekey: last.map(|prekey| self::prekey(prekey.id, prekey.expires)),
            one_time_prekeys: stock.map_or(0, |stock| stock.one_time),
            mailbox: hex(held.mailbox.as_bytes()),
            envelopes: held.waiting.envelopes,
            envelope_bytes: held.waiting.bytes,
            knocks: held.waiting.knocks,
        })
    }

    fn envelopes<'a>(&'a self, held: &'a MailboxHolding) -> impl Iterator<Item = Report> + 'a {
        held.envelopes.iter().map(|envelope| {
            Report::Envelope(EnvelopeReport {
                mailbox: hex(held.mailbox.as_bytes()),
                sequence: envelope.sequence,
                bytes: envelope.bytes,
                knock: envelope.knock,
                expires: date::second(self.service.clock().on_wall(envelope.expires)),
            })
        })
    }

    /// Rights, records and blobs.
    fn others<'a>(&'a self, held: &'a Holdings) -> impl Iterator<Item = Report> + 'a {
        let rights = held.rights.iter().map(|right| self.right(right));
        let records = held.records.iter().map(|(id, revision, bytes)| Report::Record {
            id: hex(id.as_bytes()),
            revision: *revision,
            bytes: *bytes,
        });
        let blobs = held.blobs.iter().map(|(id, bytes, bytes_there, expires)| Report::Blob {
            id: hex(id.as_bytes()),
            bytes: *bytes,
            bytes_there: *bytes_there,
            expires: self.day(*expires),
        });
        rights.chain(records).chain(blobs)
    }

    fn right(&self, right: &KnockRight) -> Report {
        let kind = match right.kind {
            RightKind::Ticket => "ticket",
            RightKind::Token => "token",
        };
        Report::Right {
            kind: kind.to_owned(),
            hash: hash(&right.hash),
            fetch: right.fetch,
            knocks: right.knocks,
            expires: self.day(right.expires),
        }
    }
}

fn prekey(id: PrekeyId, expires: UnixDay) -> PrekeyReport {
    PrekeyReport { id: id.0, expires: date::day(expires) }
}
