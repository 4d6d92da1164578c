//! What is posted: made anew for each recipient, since lines have ids of their own.

use msg_protocol::{
    bounded::{Bytes, List},
    content::{Content, Line, Lines, Text},
    limits::{MAX_LINES, MAX_MESSAGE_BYTES},
};

use super::{MAX_TEXT_BYTES, Sending, What};
use crate::{
    driver::{ClientError, Random},
    engine::outbox,
};

/// Makes a content for one recipient.
pub(in crate::driver) type ContentFor = Box<dyn Fn(&mut Random) -> Content + Send>;

/// What is posted: one content, or several of packed lines.
pub(super) fn contents(sending: &Sending) -> Result<Vec<ContentFor>, ClientError> {
    let (reply_to, expire_s) = (sending.reply_to, sending.expire_s);
    let text = |bytes: &[u8]| {
        Bytes::new(bytes.to_vec())
            .ok()
            .filter(|bytes| bytes.len() <= MAX_TEXT_BYTES)
            .ok_or(ClientError::TooLong(bytes.len()))
    };
    match &sending.what {
        What::Text(bytes) => {
            let bytes = text(bytes)?;
            let content =
                move |_: &mut Random| Text { bytes: bytes.clone(), reply_to, expire_s }.into();
            Ok(vec![Box::new(content)])
        }
        What::Mark(content) => {
            let content = Content::clone(content);
            Ok(vec![Box::new(move |_| content.clone())])
        }
        What::Lines(lines) => {
            let mut contents: Vec<ContentFor> = Vec::new();
            let mut pack: Vec<Bytes<MAX_MESSAGE_BYTES>> = Vec::new();
            let mut size = 0;
            for line in lines {
                let bytes = text(line)?;
                let bytes_with_id = bytes.len() + 32;
                if !pack.is_empty()
                    && (size + bytes_with_id > MAX_TEXT_BYTES || pack.len() == MAX_LINES)
                {
                    contents.push(packed(std::mem::take(&mut pack), expire_s));
                    size = 0;
                }
                size += bytes_with_id;
                pack.push(bytes);
            }
            if !pack.is_empty() {
                contents.push(packed(pack, expire_s));
            }
            Ok(contents)
        }
    }
}

fn packed(pack: Vec<Bytes<MAX_MESSAGE_BYTES>>, expire_s: Option<u32>) -> ContentFor {
    Box::new(move |rng| {
        let lines = pack
            .iter()
            .map(|bytes| Line { id: outbox::new_message_id(rng), bytes: bytes.clone() })
            .collect();
        Lines { lines: List::new(lines).unwrap_or_else(|_| List::empty()), expire_s }.into()
    })
}
