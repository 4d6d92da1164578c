//! A device and its own mailbox: collect, acknowledge. SPEC §"Requests".

use msg_protocol::{
    bounded::List,
    id::MailboxId,
    limits::MAX_ROWS_PER_ANSWER,
    request::{AcknowledgeOne, AcknowledgeUpTo, Collect},
    response::Collected,
};

use super::{
    Service, SignedInDevice,
    refusal::{self, Answer},
};
use crate::store::{
    Store,
    mailbox::{Acknowledged, RowPage},
};

/// Bytes of bodies that fit one answer beside what surrounds them.
const ANSWER_BODIES: usize = 17 * 4_096;

impl<S: Store> Service<S> {
    pub(super) async fn collect(
        &self,
        own: SignedInDevice,
        collect: &Collect,
    ) -> Answer<Collected> {
        let envelopes = usize::from(collect.envelopes).clamp(1, MAX_ROWS_PER_ANSWER);
        let bytes = usize::try_from(collect.bytes).unwrap_or(usize::MAX).min(ANSWER_BODIES);
        let page = self.page(own.mailbox, collect.after, envelopes, bytes).await?;
        let rows = List::new(page.rows).map_err(|_| refusal::FAILED)?;
        Ok(Collected { rows, more: page.more })
    }

    /// Envelopes of a mailbox after a sequence number.
    pub async fn page(
        &self,
        mailbox: MailboxId,
        after: u64,
        envelopes: usize,
        bytes: usize,
    ) -> Answer<RowPage> {
        let now = self.clock.relay_time();
        Ok(self.store.collect(mailbox, after, envelopes, bytes, now).await?)
    }

    pub(super) async fn acknowledge_up_to(
        &self,
        own: SignedInDevice,
        acknowledge: &AcknowledgeUpTo,
    ) -> Answer<()> {
        let which = Acknowledged::UpTo(acknowledge.sequence);
        Ok(self.store.acknowledge(own.mailbox, which).await?)
    }

    pub(super) async fn acknowledge_one(
        &self,
        own: SignedInDevice,
        acknowledge: &AcknowledgeOne,
    ) -> Answer<()> {
        let which = Acknowledged::One(acknowledge.sequence);
        Ok(self.store.acknowledge(own.mailbox, which).await?)
    }
}
