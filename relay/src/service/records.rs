//! Sealed records. SPEC §"Requests", *Records*.

use msg_protocol::{
    bounded::List,
    limits::{MAX_FRAME_BYTES, MAX_RECORDS_PER_ANSWER},
    request::{DeleteRecord, ListRecords, PutRecord},
    response::{RecordStored, Records},
};

use super::{
    Service, SignedInDevice,
    refusal::{self, Answer},
};
use crate::store::{
    Store,
    record::{Kept, RecordLimits},
};

/// Bytes of a record in an answer beside its value.
const RECORD_OVERHEAD: usize = 48;
/// Bytes of values that fit one answer, however many there are.
const ANSWER_VALUES: usize = MAX_FRAME_BYTES - MAX_RECORDS_PER_ANSWER * RECORD_OVERHEAD;

impl<S: Store> Service<S> {
    pub(super) async fn put_record(
        &self,
        own: SignedInDevice,
        put: PutRecord,
    ) -> Answer<RecordStored> {
        self.own_account(own).await?;
        let limits = self.limits();
        let limits = RecordLimits {
            records: usize::try_from(limits.records).unwrap_or(usize::MAX),
            bytes: limits.record_bytes,
        };
        let value = put.value.into_vec();
        match self.store.put_record(own.account, put.id, put.expected, value, limits).await? {
            Kept::Revision(revision) => Ok(RecordStored { revision }),
            Kept::Conflict => Err(refusal::CONFLICT),
            Kept::TooMany => Err(refusal::QUOTA),
            Kept::NotFound => Err(refusal::NOT_FOUND),
        }
    }

    pub(super) async fn list_records(
        &self,
        own: SignedInDevice,
        list: &ListRecords,
    ) -> Answer<Records> {
        self.own_account(own).await?;
        let after = list.after;
        let page =
            self.store.records(own.account, after, MAX_RECORDS_PER_ANSWER, ANSWER_VALUES).await?;
        let records = List::new(page.records).map_err(|_| refusal::FAILED)?;
        Ok(Records { records, more: page.more })
    }

    pub(super) async fn delete_record(
        &self,
        own: SignedInDevice,
        delete: &DeleteRecord,
    ) -> Answer<()> {
        self.own_account(own).await?;
        let deleted = self.store.delete_record(own.account, delete.id, delete.expected).await?;
        if deleted { Ok(()) } else { Err(refusal::CONFLICT) }
    }
}
