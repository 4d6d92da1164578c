//! A message: one report for each of its texts.

use msg_client::{
    driver::receive::Kept,
    engine::{
        files::file_in,
        inbox::Unread,
        marks::{expire_s, target},
    },
    rows::{ContactRow, Direction, Level, MarksRow, MessageRow, Sign},
};
use msg_protocol::{
    content::{Content, File, Replay, Replayed},
    fingerprint::Fingerprint,
    id::MessageId,
};

use crate::{
    report::{self, message, sent, when},
    text::{Body, Untrusted},
};

/// How far a message got.
pub(in crate::commands) fn level(level: Level) -> sent::Level {
    match level {
        Level::Failed => sent::Level::Failed,
        Level::Queued => sent::Level::Queued,
        Level::Relay => sent::Level::Relay,
        Level::Delivered => sent::Level::Delivered,
        Level::Read => sent::Level::Read,
    }
}

/// The texts in a content, each with its id; none if it is something else.
pub(in crate::commands) fn texts(row: &MessageRow) -> Vec<(MessageId, Body)> {
    match &row.content {
        Content::Text(text) => vec![(row.id, Body(text.bytes.to_vec()))],
        Content::Replay(Replay { said: Replayed::Text(text), .. }) => {
            vec![(row.id, Body(text.bytes.to_vec()))]
        }
        Content::Lines(lines) => {
            let lines = lines.lines.iter();
            lines.map(|line| (line.id, Body(line.bytes.to_vec()))).collect()
        }
        _ => Vec::new(),
    }
}

/// A message that is kept: one report for each of its texts. `long` is what a text
/// says that is too long for a message, if it is here.
pub(in crate::commands) fn kept(kept: &Kept, long: Option<Vec<u8>>) -> Vec<message::Message> {
    let messages = messages(&kept.message, kept.contact.as_ref(), &kept.marks, &kept.names, long);
    passed_on(messages, &kept.message, kept.author.as_deref())
}

/// The same of one that has not been read.
pub(in crate::commands) fn unread(unread: &Unread, long: Option<Vec<u8>>) -> Vec<message::Message> {
    let marks = MarksRow { signs: Vec::new(), ..unread.marks.clone() };
    let messages = messages(&unread.message, Some(&unread.contact), &marks, &[], long);
    passed_on(messages, &unread.message, unread.author.as_deref())
}

fn messages(
    row: &MessageRow,
    with: Option<&ContactRow>,
    marks: &MarksRow,
    names: &[Option<String>],
    long: Option<Vec<u8>>,
) -> Vec<message::Message> {
    let body = |bytes: &[u8]| vec![(row.id, Body(bytes.to_vec()))];
    let (kind, texts) = match &row.content {
        Content::File(_) | Content::Replay(Replay { said: Replayed::File(_), .. }) => match long {
            Some(text) => (message::Kind::Text, body(&text)),
            None => (message::Kind::File, body(&[])),
        },
        Content::Text(_) | Content::Lines(_) | Content::Replay(_) => {
            (message::Kind::Text, texts(row))
        }
        Content::Reaction(reaction) => (message::Kind::Reaction, body(reaction.sign.as_bytes())),
        Content::Edit(edit) => (message::Kind::Edit, body(&edit.bytes)),
        Content::Delete(_) => (message::Kind::Delete, body(&[])),
        _ => (message::Kind::Unknown, body(&[])),
    };
    let said = texts.into_iter().map(|(id, body)| {
        let is_of = |sign: &&(&Sign, &Option<String>)| sign.0.target == id;
        let signs: Vec<_> = marks.signs.iter().zip(names).collect();
        let reactions = signs.iter().filter(is_of).map(|(sign, name)| message::Reaction {
            by: name.as_deref().map(Untrusted::from),
            sign: sign.sign.as_str().into(),
        });
        message::Message {
            edited: marks.edited.contains(&id),
            deleted: marks.deleted.contains(&id),
            reactions: reactions.collect(),
            expire_s: expire_s(&row.content),
            expires_at: goes(row, marks).map(when::exact_s),
            expires_ms: goes(row, marks).map(|at| at.saturating_mul(1_000)),
            ..one(row, with, kind, id.to_string(), body)
        }
    });
    said.collect()
}

/// When a message goes. The latest moment for one of ours that nobody is known to
/// have read is our own business.
fn goes(row: &MessageRow, marks: &MarksRow) -> Option<u64> {
    let is_counted = !matches!(row.direction, Direction::Out { level } if level < Level::Read);
    marks.goes.filter(|_| is_counted).map(|at| at.0)
}

/// A message that was passed on: whose it was, as its sender says.
fn passed_on(
    messages: Vec<message::Message>,
    row: &MessageRow,
    author: Option<&str>,
) -> Vec<message::Message> {
    let Content::Replay(replay) = &row.content else { return messages };
    let original = |message| message::Message {
        replayed: true,
        original: Some(message::Original {
            author: author.unwrap_or_default().into(),
            id: replay.id.to_string(),
            sent_at: when::exact(replay.sent_ms),
            sent_ms: replay.sent_ms,
        }),
        ..message
    };
    messages.into_iter().map(original).collect()
}

/// A file, as its sender describes it.
pub(in crate::commands) fn file(file: &File) -> report::file::File {
    report::file::File {
        name: file.name.to_string().into(),
        bytes: file.length,
        as_text: file.as_text,
        width: file.image.map(|image| image.width),
        height: file.image.map(|image| image.height),
    }
}

/// The identity that a message is of. Whoever has taken its place is somebody else.
fn fingerprint(row: &MessageRow, with: &ContactRow) -> Option<String> {
    let card = with.card.peek_unverified().ok()?;
    (card.account() == row.with).then(|| Fingerprint::of(&card.identity).to_string())
}

fn one(
    row: &MessageRow,
    with: Option<&ContactRow>,
    kind: message::Kind,
    id: String,
    body: Body,
) -> message::Message {
    let (direction, sent_level, redelivered, doubtful) = match row.direction {
        Direction::In { shown, doubtful, .. } => (message::Direction::In, None, shown, doubtful),
        Direction::Out { level: got } => (message::Direction::Out, Some(level(got)), false, false),
    };
    let name = with.map_or_else(
        || row.with.to_string(),
        |with| if row.group.is_some() { with.shown_name() } else { with.name.clone() },
    );
    let place = with.and_then(|with| with.place.as_ref());
    message::Message {
        id,
        direction,
        with: name.into(),
        group: None,
        gap: false,
        address: place.map(|place| place.address.to_string()),
        fingerprint: with.and_then(|with| fingerprint(row, with)),
        kind,
        body,
        file: file_in(&row.content).filter(|_| kind == message::Kind::File).map(file),
        reply_to: reply_to(&row.content).map(|id| id.to_string()),
        target: target(&row.content).map(|id| id.to_string()),
        edited: false,
        deleted: false,
        reactions: Vec::new(),
        expire_s: None,
        expires_at: None,
        expires_ms: None,
        sent_at: when::exact(row.sent_ms),
        stored_at: when::exact_s(row.stored.0),
        level: sent_level,
        redelivered,
        replayed: false,
        original: None,
        doubtful,
        sent_ms: row.sent_ms,
        stored_ms: row.stored.0.saturating_mul(1_000),
    }
}

/// The message that another answers.
fn reply_to(content: &Content) -> Option<MessageId> {
    match content {
        Content::Text(text) | Content::Replay(Replay { said: Replayed::Text(text), .. }) => {
            text.reply_to
        }
        Content::File(file) | Content::Replay(Replay { said: Replayed::File(file), .. }) => {
            file.reply_to
        }
        _ => None,
    }
}
