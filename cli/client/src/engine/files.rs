//! Files: which of them wait for their upload, and what is believed of those that
//! came.
//!
//! ```text
//! begun ── its payload is sealed, its messages are posted ──▶ held
//! held ── the relay has all of it ──▶ uploaded: its messages leave
//!   └─── the relay refuses for good ──▶ given up, with its messages
//! held, uploaded ── nobody is to have it any more ──▶ unwanted ── the relay has
//!   forgotten it ──▶ gone
//! ```

pub mod image;
pub mod name;

use std::collections::BTreeSet;

use msg_protocol::{
    content::{Content, File, Replayed},
    id::{AccountId, BlobId, GroupId, MessageId},
    time::UnixSeconds,
};

use super::{EngineError, groups, outbox};
use crate::{
    rows::{Direction, Level, MessageRow, Read as _, Stamp, UploadRow},
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
    pub waiting: Vec<Waiting>,
    /// The file, as those messages name it; none if nobody waits.
    pub file: Option<File>,
}

/// A message that waits for an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// For whom.
    pub account: AccountId,
    /// In which group, if they get it there.
    pub group: Option<GroupId>,
    /// The message.
    pub message: MessageId,
}

/// Who is to get a file, and in which group, if in one.
pub type Addressees = BTreeSet<(AccountId, Option<GroupId>)>;

/// The file in a content.
pub fn file_in(content: &Content) -> Option<&File> {
    match content {
        Content::File(file) => Some(file),
        Content::Replay(replay) => match &replay.said {
            Replayed::File(file) => Some(file),
            Replayed::Text(_) => None,
        },
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
        let group = row.group.as_ref().map(|context| context.group);
        let waiting = Waiting { account: row.account, group, message: row.message };
        waits(&mut found, waiting, &row.content);
    }
    // Said to members whose keys are not here yet.
    for (group, mut row) in groups::all(rows)? {
        for (account, number) in row.take_unsent() {
            let Some(row) = rows.row::<MessageRow>(&number.to_be_bytes())? else { continue };
            let waiting = Waiting { account, group: Some(group), message: row.id };
            waits(&mut found, waiting, &row.content);
        }
    }
    found.sort_by_key(|upload| (upload.row.begun, upload.blob.0));
    Ok(found)
}

fn waits(uploads: &mut [Upload], waiting: Waiting, content: &Content) {
    let Some(file) = file_in(content) else { return };
    let blob = blob_of(file);
    if let Some(upload) = uploads.iter_mut().find(|upload| upload.blob == blob) {
        if !upload.waiting.contains(&waiting) {
            upload.waiting.push(waiting);
        }
        upload.file = Some(file.clone());
    }
}

/// The upload of that very file for those very people that was begun and has not
/// ended: whoever asks for the same again goes on with it.
pub fn begun_before(
    rows: &(impl Rows + ?Sized),
    source: Stamp,
    name: &str,
    reply_to: Option<MessageId>,
    people: &Addressees,
) -> Result<Option<Upload>, EngineError> {
    let is_same = |upload: &Upload| {
        let file = upload.file.as_ref();
        let waiting: Addressees =
            upload.waiting.iter().map(|waiting| (waiting.account, waiting.group)).collect();
        upload.row.source == Some(source)
            && file.is_some_and(|file| *file.name == *name && file.reply_to == reply_to)
            && waiting == *people
    };
    Ok(uploads(rows)?.into_iter().find(is_same))
}

/// The relay has all of it: its messages may leave.
pub fn uploaded(draft: &Draft<'_>, blob: BlobId) -> Result<(), StoreError> {
    if upload(draft, blob)?.is_some_and(|row| !row.is_unwanted) {
        draft.remove(Table::Uploads, &blob.0);
    }
    Ok(())
}

/// Gives an upload up, with the messages that wait for it.
pub fn give_up(draft: &Draft<'_>, blob: BlobId) -> Result<(), EngineError> {
    let is_of = |content: &Content| file_in(content).is_some_and(|file| blob_of(file) == blob);
    for (number, row) in outbox::all(draft)? {
        if is_of(&row.content) {
            outbox::cancel(draft, number, &row)?;
        }
    }
    groups::unsay(draft, is_of)?;
    let_go(draft, blob)
}

/// A message with that file was cancelled, deleted, or went. If nobody is to have the
/// file any more, our relay is to forget it.
pub fn let_go(draft: &Draft<'_>, blob: BlobId) -> Result<(), EngineError> {
    if is_wanted(draft, blob)? {
        return Ok(());
    }
    let unknown = UploadRow {
        payload: 0,
        source: None,
        is_kept: false,
        begun: UnixSeconds(0),
        is_unwanted: true,
    };
    let row = upload(draft, blob)?.unwrap_or(unknown);
    draft.write(&blob.0, &UploadRow { is_unwanted: true, ..row });
    Ok(())
}

/// Our relay has nothing of it any more.
pub fn gone(draft: &Draft<'_>, blob: BlobId) {
    draft.remove(Table::Uploads, &blob.0);
}

/// Whether a message of ours with that file is on its way or has left.
fn is_wanted(rows: &(impl Rows + ?Sized), blob: BlobId) -> Result<bool, EngineError> {
    let is_of = |content: &Content| file_in(content).is_some_and(|file| blob_of(file) == blob);
    if outbox::all(rows)?.iter().any(|(_, row)| is_of(&row.content)) {
        return Ok(true);
    }
    for (_, row) in rows.all::<MessageRow>(&[])? {
        let Direction::Out { level } = row.direction else { continue };
        if !is_of(&row.content) {
            continue;
        }
        let group = match row.group {
            Some(group) => groups::with(rows, group)?,
            None => None,
        };
        let has_left = match group {
            Some(group) => groups::said_to(rows, row.with, &group, row.id)?
                .iter()
                .any(|(_, level)| *level > Level::Failed),
            None => level > Level::Failed,
        };
        if has_left {
            return Ok(true);
        }
    }
    Ok(false)
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
