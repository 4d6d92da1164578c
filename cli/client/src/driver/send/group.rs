//! Sending to a group: a row for each member.

use msg_protocol::{
    content::Confirm,
    id::{AccountId, MessageId},
};

use super::{Problem, Sent, contents::ContentFor};
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
    step::Draft,
};

/// Posts to everybody in a group, unless that was done under the same key before.
pub(super) fn post_once(
    draft: &Draft<'_>,
    own: &Own,
    name: &str,
    once: &mut Option<Use>,
    contents: &[ContentFor],
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
        let to = shown_name(draft, account)?;
        let row = Sent::queued(to, Some(name), account, messages.to_vec());
        sent.push(Sent { level, is_repeated: true, ..row });
    }
    Ok(sent)
}

/// Posts to everybody in a group: a row for each.
fn post_in(
    draft: &Draft<'_>,
    own: &Own,
    name: &str,
    contents: &[ContentFor],
    confirm: Confirm,
    rng: &mut Random,
) -> Result<Vec<Sent>, EngineError> {
    let none = |problem| vec![Sent::refused(name, problem)];
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
            if let Some(row) = sent.iter_mut().find(|row| row.account == Some(account)) {
                row.messages.push(message);
                continue;
            }
            let to = shown_name(draft, account)?;
            sent.push(Sent::queued(to, Some(name), account, vec![message]));
        }
    }
    if sent.is_empty() {
        return Ok(none(Problem::Alone));
    }
    sent.sort_by(|one, other| one.to.cmp(&other.to));
    Ok(sent)
}

fn shown_name(draft: &Draft<'_>, account: AccountId) -> Result<String, EngineError> {
    let contact = contacts::with(draft, account)?;
    Ok(contact.map_or_else(|| account.to_string(), |contact| contact.shown_name()))
}
