//! People: found by name, added, accepted, blocked, told our door.

mod claims;
mod door;
mod trust;

use msg_protocol::{
    address::Address,
    card::Card,
    id::AccountId,
    limits::{KNOCKS_PER_RIGHT, MAX_TOKEN_DAYS},
    request::Access,
    secret::LinkToken,
    signed::Verified,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

pub use self::{
    claims::{AcceptError, Claimed, accept, accept_request, looked_for, named_place, to_look_for},
    door::{block, change_door, connect},
    trust::{Agreed, TrustError, trust},
};
use super::{EngineError, account::Own, cards, outbox};
use crate::{
    rows::{Alarm, ContactRow, Place, Read as _, RightRow, Standing, Trust, contact::key},
    step::Draft,
    store::{Rows, StoreError},
};

/// Somebody who is to be added.
pub struct NewContact<'a> {
    /// Where they were found.
    pub place: Place,
    /// The card that was found there.
    pub card: Verified<Card>,
    /// What they are to be called; by their own name if nothing is said.
    pub name: Option<&'a str>,
    /// Whether a link named the identity.
    pub is_verified: bool,
    /// The token of that link.
    pub token: Option<LinkToken>,
}

/// Why somebody was not added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// That is us.
    #[error("that is your own account")]
    Ourselves,
    /// Somebody else is called that.
    #[error("somebody else is called {0}")]
    NameTaken(String),
    /// At that address another identity was known.
    #[error("the identity of {0} has changed")]
    Changed(String),
    /// Nothing could be decided.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Everybody who is or asks to be a contact, by name.
pub fn all(rows: &(impl Rows + ?Sized)) -> Result<Vec<(AccountId, ContactRow)>, StoreError> {
    let mut found = everybody(rows)?;
    found.retain(|(_, row)| row.standing != Standing::Removed);
    Ok(found)
}

/// The same with those who were contacts once.
pub fn everybody(rows: &(impl Rows + ?Sized)) -> Result<Vec<(AccountId, ContactRow)>, StoreError> {
    let mut found: Vec<_> = rows
        .all::<ContactRow>(&[])?
        .into_iter()
        .filter_map(|(key, row)| Some((AccountId(key.try_into().ok()?), row)))
        .collect();
    found.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    Ok(found)
}

/// How many strangers wait for a word.
pub fn requests(rows: &(impl Rows + ?Sized)) -> Result<usize, StoreError> {
    Ok(all(rows)?.iter().filter(|(_, row)| row.standing == Standing::Request).count())
}

/// The row of an account.
pub fn with(
    rows: &(impl Rows + ?Sized),
    account: AccountId,
) -> Result<Option<ContactRow>, StoreError> {
    rows.row(&key(account))
}

/// Somebody by the name that they have here, or by their address: a request only if
/// there is nobody else.
pub fn find(
    rows: &(impl Rows + ?Sized),
    who: &str,
) -> Result<(AccountId, ContactRow), EngineError> {
    let address = who.parse::<Address>().ok();
    let lives_there = |row: &ContactRow| {
        let place = row.place.as_ref().filter(|_| address.is_some());
        place.is_some_and(|place| Some(&place.address) == address.as_ref())
    };
    let mut found = all(rows)?;
    found.retain(|(_, row)| row.name == who || lives_there(row));
    found.sort_by_key(|(_, row)| (row.name != who, row.standing == Standing::Request));
    found.into_iter().next().ok_or_else(|| EngineError::NoContact(who.to_owned()))
}

/// Adds somebody; who is there already is accepted, and keeps what is known.
pub fn add<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    new: NewContact<'_>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<AccountId, AddError> {
    let engine = EngineError::from;
    let id = new.card.account();
    if id == own.id() {
        return Err(AddError::Ourselves);
    }
    let people = all(draft).map_err(engine)?;
    for (other, mut row) in people.iter().cloned() {
        let is_there = row.place.as_ref().is_some_and(|place| place.address == new.place.address);
        if is_there && other != id && row.standing != Standing::Request {
            row.alarm = Some(Alarm::Changed(Box::new(new.card.as_signed().clone())));
            draft.write(&key(other), &row);
            return Err(AddError::Changed(row.name));
        }
    }
    let known = with(draft, id).map_err(engine)?;
    let taken = |name: &str| people.iter().any(|(other, row)| *other != id && row.name == name);
    let name = match (new.name, &known) {
        (Some(name), _) if taken(name) => return Err(AddError::NameTaken(name.to_owned())),
        (Some(name), _) => name.to_owned(),
        (None, Some(row)) if matches!(row.standing, Standing::Added | Standing::Blocked) => {
            row.name.clone()
        }
        (None, _) => free_name(&new.place.address, taken),
    };
    let mut row = known.unwrap_or_else(|| stranger(String::new(), &new.card, now));
    row.name = name;
    row.place = Some(new.place);
    row.claim = None;
    row.card_checked = now;
    row.standing = Standing::Added;
    // Their own identity is there again: who had taken its place is gone.
    row.alarm = row.alarm.take().filter(|alarm| !matches!(alarm, Alarm::Changed(_)));
    if new.is_verified {
        row.trust = Trust::Verified;
    }
    if let Some(token) = new.token.filter(|_| row.door.is_none()) {
        row.right = Some(RightRow {
            access: Access::Token(token.clone()),
            fetch: true,
            knocks: KNOCKS_PER_RIGHT,
            expires: now.plus_days(MAX_TOKEN_DAYS),
        });
        row.token = Some(token);
    }
    connect(draft, own, id, &mut row, now, rng)?;
    draft.write(&key(id), &row);
    Ok(id)
}

/// A row for somebody of whom only a card is known.
pub(super) fn stranger(name: String, card: &Verified<Card>, now: UnixSeconds) -> ContactRow {
    ContactRow {
        name,
        display_name: card.name.to_string(),
        place: None,
        claim: None,
        card: card.as_signed().clone(),
        former: Vec::new(),
        told_card: None,
        card_checked: now,
        trust: Trust::Unverified,
        standing: Standing::Request,
        is_fellow: false,
        door: None,
        token: None,
        right: None,
        told_door: 0,
        alarm: None,
    }
}

/// A row for somebody who is in a group with us and nothing else: not shown among
/// contacts, called by their address.
pub(super) fn fellow(name: String, card: &Verified<Card>, now: UnixSeconds) -> ContactRow {
    ContactRow { standing: Standing::Removed, ..stranger(name, card, now) }
}

/// A name that nobody has: the account's own, else its address, else a numbered one.
fn free_name(address: &Address, taken: impl Fn(&str) -> bool) -> String {
    let own = address.name.to_string();
    if taken(&own) { numbered(&address.to_string(), taken) } else { own }
}

/// A name that nobody has: the one that is wanted, else a numbered one.
fn numbered(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = wanted.to_owned();
    let mut number = 1_u32;
    while taken(&name) {
        number += 1;
        name = format!("{wanted}-{number}");
    }
    name
}

/// A name for a request, which has no address yet.
pub(super) fn free_request_name(
    rows: &(impl Rows + ?Sized),
    wanted: &str,
) -> Result<String, StoreError> {
    let everybody = all(rows)?;
    Ok(numbered(wanted, |name| everybody.iter().any(|(_, row)| row.name == name)))
}

/// Forgets somebody. What was said stays, and what was not read can be.
pub fn remove(draft: &Draft<'_>, id: AccountId) -> Result<(), EngineError> {
    outbox::cancel_all(draft, id)?;
    if let Some(row) = with(draft, id)? {
        let name = cards::held(&row)?.name.to_string();
        draft.write(&key(id), &row.removed(name));
    }
    Ok(())
}

/// Somebody who was a contact once has written: they ask as strangers do.
pub(super) fn ask_again(
    draft: &Draft<'_>,
    id: AccountId,
    row: &mut ContactRow,
) -> Result<(), EngineError> {
    row.name = free_request_name(draft, cards::held(row)?.name.as_str())?;
    row.standing = Standing::Request;
    draft.write(&key(id), row);
    Ok(())
}
