//! From what the library knows to what is reported.

use msg_client::{
    driver::people::Person,
    rows::{Alarm, ContactRow, Direction, Level, MessageRow, Standing, Trust},
};
use msg_protocol::content::Content;

use crate::{
    report::{contact, message, sent, when},
    text::{Body, Untrusted},
};

/// Somebody.
pub(crate) fn person(person: &Person) -> contact::Contact {
    let row = &person.row;
    contact::Contact {
        name: row.name.as_str().into(),
        address: row.place.as_ref().map(|place| place.address.to_string()),
        display_name: Some(row.display_name.as_str())
            .filter(|name| !name.is_empty())
            .map(Untrusted::from),
        fingerprint: person.fingerprint.to_string(),
        trust: trust(row),
        standing: standing(row),
    }
}

fn trust(row: &ContactRow) -> contact::Trust {
    match (&row.alarm, row.trust) {
        (Some(Alarm::Changed(_)), _) => contact::Trust::Changed,
        (Some(Alarm::CardWentBack | Alarm::CardForked), _) => contact::Trust::WentBack,
        (None, Trust::Verified) => contact::Trust::Verified,
        (None, Trust::Unverified) => contact::Trust::Unverified,
    }
}

fn standing(row: &ContactRow) -> contact::Standing {
    match row.standing {
        Standing::Request | Standing::Removed => contact::Standing::Request,
        Standing::Blocked => contact::Standing::Blocked,
        Standing::Added if row.door.is_some() => contact::Standing::Connected,
        Standing::Added => contact::Standing::Waiting,
    }
}

/// How far a message got.
pub(crate) fn level(level: Level) -> sent::Level {
    match level {
        Level::Failed => sent::Level::Failed,
        Level::Queued => sent::Level::Queued,
        Level::Relay => sent::Level::Relay,
        Level::Delivered => sent::Level::Delivered,
        Level::Read => sent::Level::Read,
    }
}

/// The texts in a content, each with its id; none if it is something else.
pub(crate) fn texts(row: &MessageRow) -> Vec<(String, Body)> {
    match &row.content {
        Content::Text(text) => vec![(row.id.to_string(), Body(text.bytes.to_vec()))],
        Content::Lines(lines) => {
            let lines = lines.lines.iter();
            lines.map(|line| (line.id.to_string(), Body(line.bytes.to_vec()))).collect()
        }
        _ => Vec::new(),
    }
}

/// A message: one report for each of its texts.
pub(crate) fn messages(row: &MessageRow, with: Option<&ContactRow>) -> Vec<message::Message> {
    let texts = texts(row);
    let (kind, texts) = if texts.is_empty() {
        (message::Kind::Unknown, vec![(row.id.to_string(), Body(Vec::new()))])
    } else {
        (message::Kind::Text, texts)
    };
    texts.into_iter().map(|(id, body)| one(row, with, kind, id, body)).collect()
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
    let name = with.map_or_else(|| row.with.to_string(), |with| with.name.clone());
    let place = with.and_then(|with| with.place.as_ref());
    let reply_to = match &row.content {
        Content::Text(text) => text.reply_to.map(|id| id.to_string()),
        _ => None,
    };
    message::Message {
        id,
        direction,
        with: name.into(),
        address: place.map(|place| place.address.to_string()),
        kind,
        body,
        reply_to,
        sent_at: when::exact(row.sent_ms),
        stored_at: when::exact_s(row.stored.0),
        level: sent_level,
        redelivered,
        doubtful,
        sent_ms: row.sent_ms,
        stored_ms: row.stored.0.saturating_mul(1_000),
    }
}
