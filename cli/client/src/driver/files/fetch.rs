//! A payload from the sender's relay to the shelf, over a link that names nobody.
//! What is here already is not asked for again.

use std::collections::VecDeque;

use msg_crypto::file::Extent;
use msg_protocol::{content::File, error::Code, request::FetchBlob};
use tokio::time::sleep;

use super::{
    FileError, Progress, Stage,
    shelf::Held,
    upload::{PIECE, RETRIES, piece_bytes, window},
};
use crate::{
    backoff::Backoff,
    driver::{Client, ClientError},
    link::{Link, LinkError},
    world::Random,
};

/// The lengths that a message states of its file.
pub(super) fn extent(file: &File) -> Result<Extent, FileError> {
    Extent::stated(file.length, file.padded).map_err(|_| FileError::Misstated)
}

impl Client {
    /// Fetches what is missing of a payload. Says whether some of it was here before.
    pub(super) async fn fetch(
        &self,
        file: &File,
        held: &Held,
        progress: &Progress,
    ) -> Result<bool, ClientError> {
        let payload = extent(file)?.payload();
        let there = held.length()?;
        let whole = if there >= payload { payload } else { there - there % PIECE };
        held.cut(whole)?;
        let mut done = whole;
        let (mut backoff, mut failures, mut has_moved) = (Backoff::new(), 0, false);
        while done < payload {
            let before = done;
            let fetched = self.fetch_on(file, payload, held, &mut done, progress).await;
            let error = match fetched {
                Ok(()) => break,
                Err(ClientError::Link(error)) if error.is_passing() => error,
                Err(error) => return Err(error),
            };
            has_moved |= done > before;
            failures = if done > before { 0 } else { failures + 1 };
            let is_refused = matches!(error, LinkError::Refused(_));
            if failures > RETRIES || !(has_moved || is_refused) {
                return Err(error.into());
            }
            sleep(backoff.next(error.retry_after(), &mut Random)).await;
        }
        Ok(whole > 0)
    }

    /// Over one link, as far as it lasts.
    async fn fetch_on(
        &self,
        file: &File,
        payload: u64,
        held: &Held,
        done: &mut u64,
        progress: &Progress,
    ) -> Result<(), ClientError> {
        let link = self.anonymous(&file.relay, file.pin, None).await?;
        let fetched = fetch_pieces(&link, file, payload, held, done, progress).await;
        tokio::spawn(link.close());
        fetched
    }
}

async fn fetch_pieces(
    link: &Link,
    file: &File,
    payload: u64,
    held: &Held,
    done: &mut u64,
    progress: &Progress,
) -> Result<(), ClientError> {
    let window = window(link);
    let mut flight = VecDeque::new();
    let mut next = *done;
    while *done < payload {
        while next < payload && flight.len() < window {
            let index = u32::try_from(next / PIECE).map_err(|_| FileError::Misstated)?;
            let capability = file.capability.clone();
            flight.push_back(link.send(FetchBlob { capability, index }).await?);
            next += piece_bytes(payload, next) as u64;
        }
        let Some(pending) = flight.pop_front() else { break };
        let piece = match pending.await {
            Ok(piece) => piece,
            Err(LinkError::Refused(refusal)) if refusal.code == Code::NOT_FOUND => {
                return Err(FileError::Gone.into());
            }
            Err(error) => return Err(error.into()),
        };
        if piece.length != payload || piece.bytes.len() != piece_bytes(payload, *done) {
            return Err(FileError::Altered.into());
        }
        held.write(*done, &piece.bytes)?;
        *done += piece.bytes.len() as u64;
        progress.tell(Stage::Fetching, *done, Some(payload));
    }
    Ok(())
}
