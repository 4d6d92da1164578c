//! A payload from the shelf to our relay, over our own link, in as many pieces at
//! once as the relay grants. What it has already is not sent again.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use msg_protocol::{
    bounded::Bytes,
    error::Code,
    id::BlobId,
    limits::BLOB_CHUNK_BYTES,
    request::{AskBlob, DeleteBlob, PutBlobChunk},
    response::ChunkRange,
};
use tokio::time::sleep;

use super::{
    FileError, Progress, Stage,
    shelf::{Held, Shelf},
};
use crate::{
    backoff::Backoff,
    driver::{Client, ClientError},
    engine::files::{self, Upload},
    link::{Link, LinkError},
    world::Random,
};

pub(super) const PIECE: u64 = BLOB_CHUNK_BYTES as u64;
/// Pieces in flight at most: enough to keep a fast link busy, and little memory.
pub(super) const WINDOW: usize = 32;
/// Tries in a row that bring nothing, once something was brought.
pub(super) const RETRIES: u32 = 6;
/// Between two looks whether another process has ended.
const LOOK: Duration = Duration::from_millis(200);

impl Client {
    /// Brings to our relay what waits for it, and what was begun and then killed.
    /// What the relay refuses for good is given up. Says how many are there now.
    pub async fn bring_uploads(&self, progress: &Progress) -> Result<usize, ClientError> {
        let mut brought = 0;
        for upload in self.look(|rows| files::uploads(rows)).await? {
            if upload.row.is_unwanted || upload.waiting.is_empty() {
                self.forget(upload.blob).await?;
                continue;
            }
            self.upload(&upload, None, progress).await?;
            brought += 1;
        }
        Ok(brought)
    }

    /// Lets our relay forget a file that nobody is to have any more.
    async fn forget(&self, blob: BlobId) -> Result<(), ClientError> {
        let rack = Shelf::of(self.store.home())?;
        // Who brings it just now looks after it.
        let Some(held) = rack.hold(blob)? else { return Ok(()) };
        let link = self.own_link().await?;
        let deleted = link.ask(DeleteBlob { blob }).await;
        tokio::spawn(link.close());
        match deleted {
            Err(error) if error.is_passing() => return Err(error.into()),
            // It will forget it by itself.
            Ok(_) | Err(_) => {}
        }
        held.remove();
        self.section(move |draft, _| {
            files::gone(draft, blob);
            Ok(())
        })
        .await
    }

    /// Removes payloads of which no message speaks any more.
    pub(in crate::driver) async fn sweep_files(&self) -> Result<(), ClientError> {
        if !self.store.home().files().is_dir() {
            return Ok(());
        }
        let spoken_of = self.look(|rows| files::spoken_of(rows)).await?;
        let names: BTreeSet<String> =
            spoken_of.into_iter().map(|blob| BlobId(blob).to_string()).collect();
        Shelf::of(self.store.home())?.sweep(|name| names.contains(name));
        Ok(())
    }

    /// Brings one file to our relay. If another process is at it, waits for that.
    pub(super) async fn upload(
        &self,
        upload: &Upload,
        link: Option<Link>,
        progress: &Progress,
    ) -> Result<(), ClientError> {
        let blob = upload.blob;
        let rack = Shelf::of(self.store.home())?;
        let held = loop {
            let row = self.look(move |rows| Ok(files::upload(rows, blob)?)).await?;
            if row.is_none_or(|row| row.is_unwanted) {
                return Ok(());
            }
            match rack.hold(blob)? {
                Some(held) => break held,
                None => sleep(LOOK).await,
            }
        };
        self.upload_held(upload, held, link, progress).await
    }

    pub(super) async fn upload_held(
        &self,
        upload: &Upload,
        held: Held,
        link: Option<Link>,
        progress: &Progress,
    ) -> Result<(), ClientError> {
        let (blob, payload) = (upload.blob, upload.row.payload);
        if held.length()? != payload {
            // The shelf was emptied: there is nothing that could be sent.
            held.remove();
            self.give_up(blob).await?;
            return Err(FileError::Gone.into());
        }
        match self.bring_all(blob, payload, &held, link, progress).await {
            Ok(()) => {}
            Err(error) if is_passing(&error) => return Err(error),
            Err(error) => {
                held.remove();
                self.give_up(blob).await?;
                return Err(error);
            }
        }
        self.section(move |draft, _| Ok(files::uploaded(draft, blob)?)).await?;
        if !upload.row.is_kept {
            held.remove();
        }
        Ok(())
    }

    /// With the messages that wait for it, and what the relay has of it.
    async fn give_up(&self, blob: BlobId) -> Result<(), ClientError> {
        self.section(move |draft, _| files::give_up(draft, blob)).await
    }

    /// Goes on over another link when one is lost, as long as something gets through.
    async fn bring_all(
        &self,
        blob: BlobId,
        payload: u64,
        held: &Held,
        mut link: Option<Link>,
        progress: &Progress,
    ) -> Result<(), ClientError> {
        let (mut backoff, mut failures, mut has_moved) = (Backoff::new(), 0, false);
        loop {
            let mut moved = false;
            let brought = match &link {
                Some(link) => bring(link, blob, payload, held, &mut moved, progress).await,
                None => match self.own_link().await {
                    Ok(own) => {
                        link = Some(own);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            let error = match brought {
                Ok(()) => break,
                Err(ClientError::Link(error)) if error.is_passing() => error,
                Err(error) => return Err(error),
            };
            has_moved |= moved;
            failures = if moved { 0 } else { failures + 1 };
            let is_refused = matches!(error, LinkError::Refused(_));
            if failures > RETRIES || !(has_moved || is_refused) {
                return Err(error.into());
            }
            if !is_refused {
                link = None;
            }
            sleep(backoff.next(error.retry_after(), &mut Random)).await;
        }
        if let Some(link) = link {
            tokio::spawn(link.close());
        }
        Ok(())
    }
}

pub(super) fn is_passing(error: &ClientError) -> bool {
    matches!(error, ClientError::Link(error) if error.is_passing())
}

/// Brings what the relay misses, until it misses nothing.
async fn bring(
    link: &Link,
    blob: BlobId,
    payload: u64,
    held: &Held,
    moved: &mut bool,
    progress: &Progress,
) -> Result<(), ClientError> {
    let window = window(link);
    loop {
        let (missing, is_new) = missing(link, blob, payload).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let left: u64 = missing.iter().map(|range| u64::from(range.count) * PIECE).sum();
        let mut done = payload.saturating_sub(left);
        let mut flight = VecDeque::new();
        // A relay without room says so to the first piece.
        let mut allowed = if is_new { 1 } else { window };
        for index in missing.iter().flat_map(|range| range.first..range.first + range.count) {
            if flight.len() >= allowed
                && let Some((pending, bytes)) = flight.pop_front()
            {
                landed(pending, bytes, &mut done, moved).await?;
                progress.tell(Stage::Uploading, done.min(payload), Some(payload));
                allowed = window;
            }
            let at = u64::from(index) * PIECE;
            let mut bytes = vec![0; piece_bytes(payload, at)];
            held.read(at, &mut bytes)?;
            let count = bytes.len() as u64;
            let bytes = Bytes::new(bytes).map_err(|_| FileError::TooLong)?;
            let piece = PutBlobChunk { blob, length: payload, index, bytes };
            flight.push_back((link.send(piece).await?, count));
        }
        for (pending, bytes) in flight {
            landed(pending, bytes, &mut done, moved).await?;
            progress.tell(Stage::Uploading, done.min(payload), Some(payload));
        }
    }
}

async fn landed(
    pending: crate::link::Pending<PutBlobChunk>,
    bytes: u64,
    done: &mut u64,
    moved: &mut bool,
) -> Result<(), ClientError> {
    pending.await?;
    *done += bytes;
    *moved = true;
    Ok(())
}

/// What the relay misses, and whether that is all because it has never heard of it.
async fn missing(
    link: &Link,
    blob: BlobId,
    payload: u64,
) -> Result<(Vec<ChunkRange>, bool), ClientError> {
    match link.ask(AskBlob { blob }).await {
        Ok(status) if status.length == payload => Ok((status.missing.into_vec(), false)),
        Ok(_) => Err(FileError::Conflict.into()),
        Err(LinkError::Refused(refusal)) if refusal.code == Code::NOT_FOUND => {
            let count = u32::try_from(payload.div_ceil(PIECE)).map_err(|_| FileError::TooLong)?;
            Ok((vec![ChunkRange { first: 0, count }], true))
        }
        Err(error) => Err(error.into()),
    }
}

/// Bytes of the piece that begins there.
pub(super) fn piece_bytes(payload: u64, at: u64) -> usize {
    usize::try_from(payload.saturating_sub(at).min(PIECE)).unwrap_or(BLOB_CHUNK_BYTES)
}

/// Pieces in flight, within what the relay grants to the link.
pub(super) fn window(link: &Link) -> usize {
    let terms = &link.welcome().terms;
    let bytes = usize::try_from(terms.request_bytes).unwrap_or(usize::MAX);
    let granted = usize::from(terms.requests).min(bytes / (BLOB_CHUNK_BYTES + 1_024));
    granted.saturating_sub(1).clamp(1, WINDOW)
}
