//! Contents become rows of the outbox, once under each key, or a reason why not.

use msg_protocol::{content::Confirm, id::AccountId};

use super::{ContentFor, Problem, Sent, group};
use crate::{
    driver::{ClientError, Random, now, now_ms},
    engine::{
        EngineError,
        account::Own,
        contacts,
        idempotency::{OtherRecipients, Posted, Use},
        marks, outbox, settings,
    },
    rows::{ContactRow, Level, SettingsRow, Standing},
    step::Draft,
};

/// Posts contents to everybody, or finds what was posted under the same key.
pub(in crate::driver) fn post_all(
    draft: &Draft<'_>,
    to: Vec<String>,
    key: Option<&str>,
    own: &Own,
    contents: &[ContentFor],
    confirm: Confirm,
    rng: &mut Random,
) -> Result<Vec<Sent>, ClientError> {
    let settings = settings::of(draft)?;
    let begin = |key| Use::begin(draft, key, &to, now());
    let mut once = match key.map(begin).transpose()? {
        Some(Err(OtherRecipients(others))) => return Err(ClientError::KeyUsed(others)),
        Some(Ok(once)) => Some(once),
        None => None,
    };
    let mut sent = Vec::new();
    for name in to {
        if name.starts_with('#') {
            sent.extend(group::post_once(draft, own, &name, &mut once, contents, confirm, rng)?);
            continue;
        }
        if let Some(before) = once.as_ref().and_then(|once| once.before(&name)) {
            sent.push(repeated(name, before));
            continue;
        }
        let (mut row, found) = post_to(draft, &name, &settings)?;
        if let Some((account, contact)) = found {
            for content in contents {
                let message = outbox::new_message_id(rng);
                let post = outbox::Post {
                    account,
                    message,
                    sent_ms: now_ms(),
                    content: content(rng),
                    confirm,
                    is_kept: true,
                    group: None,
                };
                let mark = marks::is_mark(&post.content).then(|| post.content.clone());
                outbox::post(draft, &contact, post, now())?;
                if let Some(mark) = mark {
                    marks::put(draft, own.id(), account, message, &mark)?;
                }
                row.messages.push(message);
            }
            if let Some(once) = &mut once {
                once.note(&name, Posted { account, messages: row.messages.clone() });
            }
        }
        sent.push(row);
    }
    if let Some(once) = once {
        once.keep(draft);
    }
    Ok(sent)
}

/// What was sent to somebody under the same key before.
fn repeated(to: String, before: Posted) -> Sent {
    let Posted { account, messages } = before;
    Sent { is_repeated: true, ..Sent::queued(to, None, account, messages) }
}

/// What holds back what is said to a contact.
pub(super) fn held(contact: &ContactRow, settings: &SettingsRow) -> Option<Problem> {
    match &contact.alarm {
        Some(_) => Some(Problem::Alarmed),
        None => settings.distrusts(contact).then_some(Problem::Unverified),
    }
}

/// Whether something may be posted to somebody, and to whom.
fn post_to(
    draft: &Draft<'_>,
    name: &str,
    settings: &SettingsRow,
) -> Result<(Sent, Option<(AccountId, ContactRow)>), EngineError> {
    let (account, contact) = match contacts::find(draft, name) {
        Ok(found) => found,
        Err(EngineError::NoContact(_)) => {
            return Ok((Sent::refused(name, Problem::NoContact), None));
        }
        Err(error) => return Err(error),
    };
    let problem = match contact.standing {
        Standing::Blocked => Some(Problem::Blocked),
        Standing::Request | Standing::Removed => Some(Problem::NotAccepted),
        Standing::Added => held(&contact, settings),
    };
    let is_posted = matches!(problem, None | Some(Problem::Alarmed | Problem::Unverified));
    let level = if is_posted { Level::Queued } else { Level::Failed };
    let row = Sent::queued(name.to_owned(), None, account, Vec::new());
    Ok((Sent { level, problem, ..row }, is_posted.then_some((account, contact))))
}
