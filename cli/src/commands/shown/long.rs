//! Texts that are too long for a message, which travel as files.

use msg_client::{
    driver::{Client, ClientError, receive::Kept},
    engine::{files::file_in, inbox::Unread},
};

use crate::commands::waiting::is_passing;

/// What a text says that is too long for a message, if it is here already.
pub(in crate::commands) fn kept_long(
    client: &Client,
    kept: &Kept,
) -> Result<Option<Vec<u8>>, ClientError> {
    match file_in(&kept.message.content) {
        Some(file) => client.kept_text(file),
        None => Ok(None),
    }
}

/// The same of one that has not been read, fetched if it has to be. What cannot be
/// had, now or ever, is an error only if it may be had later.
pub(in crate::commands) async fn unread_long(
    client: &Client,
    unread: &Unread,
) -> Result<Option<Vec<u8>>, ClientError> {
    let Some(file) = file_in(&unread.message.content) else { return Ok(None) };
    match client.long_text(file, &unread.contact).await {
        Err(error) if is_passing(&error) => Err(error),
        found => Ok(found.unwrap_or_default()),
    }
}
