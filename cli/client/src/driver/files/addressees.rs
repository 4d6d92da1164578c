//! Who gets a file, and the rows of those who wait for its upload.

use std::collections::BTreeSet;

use msg_protocol::id::AccountId;

use crate::{
    driver::send::Sent,
    engine::{
        EngineError, contacts,
        files::{Addressees, Waiting},
        groups::{self, GroupError},
    },
    store::Rows,
};

/// Those who may be written to, as far as they are known.
pub(super) fn people(
    rows: &dyn Rows,
    own: AccountId,
    to: &[String],
) -> Result<Addressees, EngineError> {
    let mut people = BTreeSet::new();
    for name in to {
        if name.starts_with('#') {
            match groups::find(rows, name) {
                Ok((group, row)) if row.has_joined(own) => {
                    let others = row.joined.iter().filter(|other| **other != own);
                    people.extend(others.map(|other| (*other, Some(group))));
                }
                Err(GroupError::Engine(error)) => return Err(error),
                Ok(_) | Err(_) => {}
            }
            continue;
        }
        match contacts::find(rows, name) {
            Ok((account, contact)) if contact.is_accepted() => {
                people.insert((account, None));
            }
            Ok(_) | Err(EngineError::NoContact(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(people)
}

/// The rows of messages to somebody, or to everybody in a group, that wait for an
/// upload.
pub(super) fn rows_of(
    rows: &dyn Rows,
    to: &str,
    waiting: &[Waiting],
) -> Result<Vec<Sent>, EngineError> {
    let sent = |to: String, group: Option<&str>, waiting: &Waiting| {
        Sent::queued(to, group, waiting.account, vec![waiting.message])
    };
    if !to.starts_with('#') {
        let (account, _) = contacts::find(rows, to)?;
        let is_theirs = |one: &&Waiting| one.account == account && one.group.is_none();
        return Ok(waiting
            .iter()
            .filter(is_theirs)
            .map(|one| sent(to.into(), None, one))
            .collect());
    }
    let mut found = Vec::new();
    let Ok((group, _)) = groups::find(rows, to) else { return Ok(found) };
    for one in waiting.iter().filter(|one| one.group == Some(group)) {
        let contact = contacts::with(rows, one.account)?;
        let name = contact.map_or_else(|| one.account.to_string(), |row| row.shown_name());
        found.push(sent(name, Some(to), one));
    }
    Ok(found)
}
