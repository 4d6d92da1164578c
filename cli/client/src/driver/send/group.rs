//! Sending to a group: a row for each member.

use msg_protocol::{content::Confirm, id::MessageId};

use super::{Problem, Sent, contents::Content1};
use crate::{
    driver::{Random, now, now_ms},
    engine::{
        EngineError,
        account::Own,
        contacts,
        groups::{self, GroupError},
        idempotency::{Posted, Use},
        marks, outbox,
    },
    rows::Level,
    step::Draft,
};

/// Posts to everybody in a group, unless that was done under the same key before.
pub(super) fn post_once(
    draft: &Draft<'_>,
    own: &Own,
    name: &str,
    once: &mut Option<Use>,
    contents: &[Content1],
    confirm: Confirm,
    rng: &mut Random,
) -> Result<Vec<Sent>, EngineError> {
    if let Some(before) = once.as_ref().and_then(|once| once.before(name)) {
        return repeated(draft, own, name, &before.messages);
    }
    let sent = post_in(draft, own, name, contents, confirm, rng)?;
    if let (Some(once), Some(first)) = (once, sent.iter().find(|row| !row.messages.is_empty())) {
        once.note(name, Posted { account: own.id(), messages: first.messages.clone() });
    }
    Ok(sent)
}

/// What was posted under the same key before, member by member.
fn repeated(
    draft: &Draft<'_>,
    own: &Own,
    name: &str,
    messages: &[MessageId],
) -> Result<Vec<Sent>, EngineError> {
    let row = match groups::find(draft, name) {
        Ok((_, row)) => row,
        Err(GroupError::Engine(error)) => return Err(error),
        Err(_) => return Ok(Vec::new()),
    };
    let mut sent = Vec::new();
    let Some(first) = messages.first() else { return Ok(sent) };
    for (account, level) in groups::said_to(draft, own.id(), &row, *first)? {
        let contact = contacts::with(draft, account)?;
        sent.push(Sent {
            to: contact.map_or_else(|| account.to_string(), |contact| contact.shown_name()),
            group: Some(name.to_owned()),
            account: Some(account),
            messages: messages.to_vec(),
            level,
            is_repeated: true,
            problem: None,
        });
    }
    Ok(sent)
}

/// Posts to everybody in a group: a row for each.
fn post_in(
    draft: &Draft<'_>,
    own: &Own,
    name: &str,
    contents: &[Content1],
    confirm: Confirm,
    rng: &mut Random,
) -> Result<Vec<Sent>, EngineError> {
    let none = |problem| {
        vec![Sent {
            to: name.to_owned(),
            group: Some(name.to_owned()),
            account: None,
            messages: Vec::new(),
            level: Level::Failed,
            is_repeated: false,
            problem: Some(problem),
        }]
    };
    let problem = |error| match error {
        GroupError::Engine(error) => Err(error),
        GroupError::NoGroup(_) => Ok(none(Problem::NoGroup)),
        GroupError::NotAdmin(_) => Ok(none(Problem::NotWriter)),
        _ => Ok(none(Problem::NotJoined)),
    };
    let group = match groups::find(draft, name) {
        Ok((_, row)) if row.has_joined(own.id()) && row.joined.len() == 1 => {
            return Ok(none(Problem::Alone));
        }
        Ok((group, _)) => group,
        Err(error) => return problem(error),
    };
    let mut sent: Vec<Sent> = Vec::new();
    for content in contents {
        let message = outbox::new_message_id(rng);
        let content = content(rng);
        let mark = marks::is_mark(&content).then(|| content.clone());
        let said = groups::say(draft, own, group, message, content, confirm, now_ms(), now());
        let said = match said {
            Ok(said) => said,
            Err(error) => return problem(error),
        };
        if let Some(mark) = mark {
            marks::put_in(draft, own.id(), group, message, &mark)?;
        }
        for account in said.to {
            match sent.iter_mut().find(|row| row.account == Some(account)) {
                Some(row) => row.messages.push(message),
                None => sent.push(Sent {
                    to: contacts::with(draft, account)?
                        .map_or_else(|| account.to_string(), |contact| contact.shown_name()),
                    group: Some(name.to_owned()),
                    account: Some(account),
                    messages: vec![message],
                    level: Level::Queued,
                    is_repeated: false,
                    problem: None,
                }),
            }
        }
    }
    if sent.is_empty() {
        return Ok(none(Problem::Alone));
    }
    sent.sort_by(|one, other| one.to.cmp(&other.to));
    Ok(sent)
}
