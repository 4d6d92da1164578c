//! Files: which of them wait for their upload, and what is believed of those that
//! came.
//!
//! ```text
//! begun ── its payload is sealed, its messages are posted ──▶ held
//! held ── the relay has all of it ──▶ uploaded: its messages leave
//!   └─── the relay refuses for good, or nobody waits any more ──▶ given up
//! ```

pub mod image;
pub mod name;

use std::collections::BTreeSet;

use msg_protocol::{
    content::{Content, File},
    id::{AccountId, BlobId, MessageId},
};

use super::{EngineError, outbox};
use crate::{
    rows::{MessageRow, OutboxRow, Read as _, Stamp, UploadRow},
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// A file that waits for its upload, and for whom.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its blob.
    pub blob: BlobId,
    /// Its row.
    pub row: UploadRow,
    /// The messages that wait for it.
    pub waiting: Vec<(AccountId, MessageId)>,
    /// The file, as those messages name it; none if nobody waits.
    pub file: Option<File>,
}

/// The file in a content.
pub fn file_in(content: &Content) -> Option<&File> {
    match content {
        Content::File(file) => Some(file),
        _ => None,
    }
}

/// The name of a file's blob at the relay.
pub fn blob_of(file: &File) -> BlobId {
    BlobId::of(&file.capability)
}

/// A file has been sealed. To be called with what posts its messages.
pub fn begin(draft: &Draft<'_>, blob: BlobId, row: &UploadRow) {
    draft.write(&blob.0, row);
}

/// Whether a content may not leave yet: the relay has not all of its file.
pub fn is_held(rows: &(impl Rows + ?Sized), content: &Content) -> Result<bool, StoreError> {
    match file_in(content) {
        Some(file) => Ok(upload(rows, blob_of(file))?.is_some()),
        None => Ok(false),
    }
}

/// The row of a file whose upload has not ended.
pub fn upload(rows: &(impl Rows + ?Sized), blob: BlobId) -> Result<Option<UploadRow>, StoreError> {
    rows.row(&blob.0)
}

/// All files whose upload has not ended, the oldest first.
pub fn uploads(rows: &(impl Rows + ?Sized)) -> Result<Vec<Upload>, EngineError> {
    let mut found = Vec::new();
    for (key, row) in rows.all::<UploadRow>(&[])? {
        let blob = key.try_into().map_err(|_| StoreError::Damaged(Table::Uploads))?;
        found.push(Upload { blob: BlobId(blob), row, waiting: Vec::new(), file: None });
    }
    if found.is_empty() {
        return Ok(found);
    }
    for (_, row) in outbox::all(rows)? {
        let OutboxRow { account, message, content: Content::File(file), .. } = row else {
            continue;
        };
        let blob = blob_of(&file);
        let Some(upload) = found.iter_mut().find(|upload| upload.blob == blob) else { continue };
        if !upload.waiting.contains(&(account, message)) {
            upload.waiting.push((account, message));
        }
        upload.file = Some(file);
    }
    found.sort_by_key(|upload| (upload.row.begun, upload.blob.0));
    Ok(found)
}

/// The upload of that very file for those very people that was begun and has not
/// ended: whoever asks for the same again goes on with it.
pub fn begun_before(
    rows: &(impl Rows + ?Sized),
    source: Stamp,
    name: &str,
    reply_to: Option<MessageId>,
    people: &BTreeSet<AccountId>,
) -> Result<Option<Upload>, EngineError> {
    let is_same = |upload: &Upload| {
        let file = upload.file.as_ref();
        let waiting: BTreeSet<AccountId> = upload.waiting.iter().map(|(who, _)| *who).collect();
        upload.row.source == Some(source)
            && file.is_some_and(|file| *file.name == *name && file.reply_to == reply_to)
            && waiting == *people
    };
    Ok(uploads(rows)?.into_iter().find(is_same))
}

/// The relay has all of it: its messages may leave.
pub fn uploaded(draft: &Draft<'_>, blob: BlobId) {
    draft.remove(Table::Uploads, &blob.0);
}

/// Gives an upload up, with the messages that wait for it.
pub fn give_up(draft: &Draft<'_>, blob: BlobId) -> Result<(), EngineError> {
    for (number, row) in outbox::all(draft)? {
        if file_in(&row.content).is_some_and(|file| blob_of(file) == blob) {
            outbox::cancel(draft, number, &row)?;
        }
    }
    draft.remove(Table::Uploads, &blob.0);
    Ok(())
}

/// The blobs that messages or uploads speak of, and whether they are texts: what
/// else lies beside the store is of no use to anybody.
pub fn spoken_of(rows: &(impl Rows + ?Sized)) -> Result<BTreeSet<[u8; 32]>, EngineError> {
    let mut found: BTreeSet<[u8; 32]> =
        uploads(rows)?.into_iter().map(|upload| upload.blob.0).collect();
    for (_, row) in rows.all::<MessageRow>(&[])? {
        found.extend(file_in(&row.content).map(|file| blob_of(file).0));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
