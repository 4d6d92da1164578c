//! Texts that are too long for an envelope: they travel as files and are shown as
//! texts. Their payloads stay on the shelf, sealed, for whoever looks again.

use msg_protocol::content::File;

use super::{FileError, Progress, fetch, open, shelf::Shelf};
use crate::{
    driver::{Client, ClientError},
    engine::files,
    rows::ContactRow,
};

/// Bytes of a text that is shown; a longer one is a file like any other.
pub const MAX_SHOWN_BYTES: u64 = 16 * 1024 * 1024;

impl Client {
    /// A long text that is here already.
    pub fn kept_text(&self, file: &File) -> Result<Option<Vec<u8>>, ClientError> {
        let rack = Shelf::of(self.store.home())?;
        let blob = files::blob_of(file);
        if !is_shown(file) || !rack.has(blob) {
            return Ok(None);
        }
        let Some(held) = rack.hold(blob)? else { return Ok(None) };
        if held.length()? < fetch::extent(file)?.payload() {
            return Ok(None);
        }
        let mut text = Vec::new();
        let opened = open::open(file, &held, &Progress::silent(), &mut |bytes| {
            text.extend_from_slice(bytes);
            Ok(())
        });
        Ok(opened.is_ok().then_some(text))
    }

    /// A long text that somebody has sent. Fetched without being asked for, and so
    /// only from the relay at which they are known: nobody else is to learn when it
    /// is read.
    pub async fn long_text(
        &self,
        file: &File,
        from: &ContactRow,
    ) -> Result<Option<Vec<u8>>, ClientError> {
        let place = from.place.as_ref();
        let is_theirs = place.is_some_and(|place| place.address.relay == file.relay);
        if !is_shown(file) || !is_theirs {
            return Ok(None);
        }
        if let Some(text) = self.kept_text(file)? {
            return Ok(Some(text));
        }
        let held = self.hold_for(file).await?;
        let silent = Progress::silent();
        if let Err(error) = self.fetch(file, &held, &silent).await {
            if matches!(error, ClientError::File(_)) {
                held.remove();
            }
            return Err(error);
        }
        drop(held);
        if let Some(text) = self.kept_text(file)? {
            return Ok(Some(text));
        }
        self.hold_for(file).await?.remove();
        Err(FileError::Altered.into())
    }
}

/// Whether a file is one of these.
pub fn is_shown(file: &File) -> bool {
    file.as_text && file.length <= MAX_SHOWN_BYTES
}
