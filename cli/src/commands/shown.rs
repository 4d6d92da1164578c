//! From what the library knows to what is reported.

use msg_client::{
    driver::{
        Client, ClientError, groups,
        people::Person,
        receive::{Figures, Kept},
    },
    engine::{
        files::file_in,
        inbox::Unread,
        marks::{expire_s, target},
    },
    rows::{
        Alarm, ContactRow, Direction, GroupStanding, Happened, Level, MarksRow, MessageRow, Sign,
        Standing, Trust,
    },
};
use msg_protocol::{
    content::{Content, File, Replay, Replayed},
    fingerprint::Fingerprint,
    group::Role,
    id::MessageId,
};

use super::waiting::is_passing;
use crate::{
    report::{self, contact, group, message, sent, when},
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

/// How far somebody is trusted.
pub(crate) fn trust(row: &ContactRow) -> contact::Trust {
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

/// A group.
pub(crate) fn group(group: &groups::Group, is_long: bool) -> group::Group {
    let standing = match group.row.standing {
        GroupStanding::Invited { .. } => group::Standing::Invited,
        GroupStanding::Joined => group::Standing::Joined,
        GroupStanding::Gone => group::Standing::Gone,
    };
    let refused = group.refused.iter();
    group::Group {
        name: format!("#{}", group.row.name).into(),
        id: group.id.to_string(),
        standing,
        invited_by: group.invited_by.clone().map(Untrusted::from),
        epoch: group.row.state().map_or(0, |state| state.epoch),
        members: group.members.iter().map(member).collect(),
        refused: refused
            .map(|(name, messages)| group::Refused {
                name: name.as_str().into(),
                messages: *messages,
            })
            .collect(),
        late: group.row.late,
        is_long,
    }
}

/// The groups that one is asked into.
pub(crate) fn invitations(figures: &Figures) -> Vec<Untrusted> {
    figures.invitations.iter().map(|name| format!("#{name}").into()).collect()
}

fn member(member: &groups::Member) -> group::Member {
    let role = match member.role {
        Role::Admin => group::Role::Admin,
        _ if !member.has_joined => group::Role::Invited,
        _ => group::Role::Member,
    };
    group::Member {
        name: member.name.as_str().into(),
        address: member.address.clone(),
        role,
        own: member.is_own,
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

/// What a text says that is too long for a message, if it is here already.
pub(crate) fn kept_long(client: &Client, kept: &Kept) -> Result<Option<Vec<u8>>, ClientError> {
    match file_in(&kept.message.content) {
        Some(file) => client.kept_text(file),
        None => Ok(None),
    }
}

/// The same of one that has not been read, fetched if it has to be. What cannot be
/// had, now or ever, is an error only if it may be had later.
pub(crate) async fn unread_long(
    client: &Client,
    unread: &Unread,
) -> Result<Option<Vec<u8>>, ClientError> {
    let Some(file) = file_in(&unread.message.content) else { return Ok(None) };
    match client.long_text(file, &unread.contact).await {
        Err(error) if is_passing(&error) => Err(error),
        found => Ok(found.unwrap_or_default()),
    }
}

/// The texts in a content, each with its id; none if it is something else.
pub(crate) fn texts(row: &MessageRow) -> Vec<(MessageId, Body)> {
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
pub(crate) fn kept(kept: &Kept, long: Option<Vec<u8>>) -> Vec<message::Message> {
    let messages = messages(&kept.message, kept.contact.as_ref(), &kept.marks, &kept.names, long);
    passed_on(messages, &kept.message, kept.author.as_deref())
}

/// The same of one that has not been read.
pub(crate) fn unread(unread: &Unread, long: Option<Vec<u8>>) -> Vec<message::Message> {
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

/// What somebody did in a group, if that is all there is.
pub(crate) fn news(
    row: &MessageRow,
    with: Option<&ContactRow>,
    labels: &groups::Labels,
) -> Option<group::GroupNews> {
    let notice = row.notice.as_ref()?;
    let happened = match notice.what {
        Happened::Invited => group::Happened::Invited,
        Happened::Added => group::Happened::Added,
        Happened::Joined => group::Happened::Joined,
        Happened::Left => group::Happened::Left,
        Happened::Removed => group::Happened::Removed,
        Happened::Renamed => group::Happened::Renamed,
        Happened::Promoted => group::Happened::Promoted,
        Happened::Demoted => group::Happened::Demoted,
        Happened::Policy => group::Happened::Policy,
    };
    Some(group::GroupNews {
        group: row.group.map_or_else(String::new, |group| labels.name(group)).into(),
        happened,
        by: with.map_or_else(|| row.with.to_string(), ContactRow::shown_name).into(),
        whom: notice.whom.iter().map(|name| name.as_str().into()).collect(),
        name: notice.name.as_deref().map(Untrusted::from),
        stored_at: when::exact_s(row.stored.0),
        stored_ms: row.stored.0.saturating_mul(1_000),
        redelivered: matches!(row.direction, Direction::In { shown: true, .. }),
    })
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

/// A message of a group: which, and whether one before it is missing.
pub(crate) fn in_group(
    messages: Vec<message::Message>,
    row: &MessageRow,
    labels: &groups::Labels,
) -> Vec<message::Message> {
    let Some(group) = row.group else { return messages };
    let name = labels.name(group);
    let label = |mut message: message::Message| {
        if message.direction == message::Direction::Out {
            message.with = name.as_str().into();
        }
        message.group = Some(name.as_str().into());
        message.gap = labels.gaps.contains(&row.id);
        message
    };
    messages.into_iter().map(label).collect()
}

/// A file, as its sender describes it.
pub(crate) fn file(file: &File) -> report::file::File {
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
    let reply_to = match &row.content {
        Content::Text(text) => text.reply_to.map(|id| id.to_string()),
        Content::File(file) => file.reply_to.map(|id| id.to_string()),
        Content::Replay(Replay { said: Replayed::Text(text), .. }) => {
            text.reply_to.map(|id| id.to_string())
        }
        Content::Replay(Replay { said: Replayed::File(file), .. }) => {
            file.reply_to.map(|id| id.to_string())
        }
        _ => None,
    };
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
        reply_to,
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
