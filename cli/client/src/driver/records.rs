//! Contacts, kept sealed at our own relay.

use msg_protocol::{error::Code, request::ListRecords};

use super::{Client, ClientError, now};
use crate::{
    engine::records::{self, Change},
    link::{Link, LinkError},
};

/// Records that are looked at, and their bytes: as many as a relay keeps of an account
/// whose operator has not set it otherwise.
const MAX_RECORDS: usize = 4_096;
const MAX_BYTES: usize = 32 << 20;
/// How often a relay may surprise us with other records than it had before.
const SURPRISES: usize = 2;

impl Client {
    /// Asks which records the relay has, if we do not know.
    pub(crate) async fn compare_records(&self, link: &Link) -> Result<(), ClientError> {
        let epoch = link.welcome().epoch;
        if self.look(move |rows| records::are_known(rows, epoch)).await? {
            return Ok(());
        }
        let (mut all, mut bytes, mut after) = (Vec::new(), 0, None);
        // A relay that says that it has more than any keeps is not listened to.
        while all.len() < MAX_RECORDS && bytes < MAX_BYTES {
            let page = link.ask(ListRecords { after }).await?;
            let last = page.records.last().map(|record| record.id);
            let rises = last > after;
            bytes += page.records.iter().map(|record| record.value.len()).sum::<usize>();
            all.extend(page.records.into_vec());
            after = last;
            if !page.more || !rises {
                break;
            }
        }
        self.section(move |draft, rng| records::listed(draft, epoch, &all, now(), rng)).await
    }

    /// Lets the relay keep what has changed since [`Self::compare_records`]; what it
    /// refuses is tried with the next command.
    pub(crate) async fn keep_records(&self, link: &Link) -> Result<(), ClientError> {
        for _ in 0..SURPRISES {
            let changes = self.section(records::changes).await?;
            match self.change_records(link, changes).await {
                Err(ClientError::Link(LinkError::Refused(refusal)))
                    if refusal.code == Code::CONFLICT =>
                {
                    self.section(|draft, _| records::forget(draft)).await?;
                    self.compare_records(link).await?;
                }
                Err(ClientError::Link(LinkError::Refused(_))) => return Ok(()),
                ended => return ended,
            }
        }
        Ok(())
    }

    async fn change_records(&self, link: &Link, changes: Vec<Change>) -> Result<(), ClientError> {
        let mut done = Vec::new();
        let mut ended = Ok(());
        for change in changes {
            let answer = match change {
                Change::Put(id, request, digest) => link
                    .ask(request)
                    .await
                    .map(|stored| done.push((id, Some((stored.revision, digest))))),
                Change::Delete(id, request) => {
                    link.ask(request).await.map(|_| done.push((id, None)))
                }
            };
            if let Err(error) = answer {
                ended = Err(error.into());
                break;
            }
        }
        if !done.is_empty() {
            self.section(move |draft, _| {
                for (id, stored) in done {
                    match stored {
                        Some((revision, digest)) => records::kept(draft, id, revision, digest),
                        None => records::gone(draft, id),
                    }
                }
                Ok(())
            })
            .await?;
        }
        ended
    }
}
