//! People: found by name, added, accepted, blocked, told our door.

use msg_protocol::{
    address::Address,
    bounded::Str,
    card::Card,
    content::{Confirm, ContactDetails},
    id::AccountId,
    limits::{KNOCKS_PER_RIGHT, MAX_TOKEN_DAYS},
    request::Access,
    secret::{Door, LinkToken},
    signed::{Signed, Verified},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{EngineError, account::Own, inbox, outbox};
use crate::{
    rows::{Alarm, ContactRow, Place, Read as _, RightRow, Standing, Trust, account, contact::key},
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

/// Everybody, by name.
pub fn all(rows: &(impl Rows + ?Sized)) -> Result<Vec<(AccountId, ContactRow)>, StoreError> {
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

/// Somebody by the name that they have here, or by their address.
pub fn find(
    rows: &(impl Rows + ?Sized),
    who: &str,
) -> Result<(AccountId, ContactRow), EngineError> {
    let address = who.parse::<Address>().ok();
    let is_meant = |row: &ContactRow| {
        row.name == who
            || (address.is_some()
                && row.place.as_ref().map(|place| &place.address) == address.as_ref())
    };
    let found = all(rows)?.into_iter().find(|(_, row)| is_meant(row));
    found.ok_or_else(|| EngineError::NoContact(who.to_owned()))
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
    let everybody = all(draft).map_err(engine)?;
    for (other, mut row) in everybody.iter().cloned() {
        let is_there = row.place.as_ref().is_some_and(|place| place.address == new.place.address);
        if is_there && other != id && row.standing != Standing::Request {
            row.alarm = Some(Alarm::Changed(Box::new(new.card.as_signed().clone())));
            draft.write(&key(other), &row);
            return Err(AddError::Changed(row.name));
        }
    }
    let known = everybody.iter().find(|(other, _)| *other == id).map(|(_, row)| row.clone());
    let taken = |name: &str| everybody.iter().any(|(other, row)| *other != id && row.name == name);
    let name = match (new.name, &known) {
        (Some(name), _) if taken(name) => return Err(AddError::NameTaken(name.to_owned())),
        (Some(name), _) => name.to_owned(),
        (None, Some(row)) if row.standing != Standing::Request => row.name.clone(),
        (None, _) => free_name(&new.place.address, taken),
    };
    let mut row = known.unwrap_or_else(|| stranger(String::new(), &new.card, now));
    row.name = name;
    row.place = Some(new.place);
    row.claim = None;
    row.card_checked = now;
    row.standing = Standing::Added;
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
        card_checked: now,
        trust: Trust::Unverified,
        standing: Standing::Request,
        door: None,
        token: None,
        right: None,
        told_door: 0,
        alarm: None,
        receipts: true,
    }
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

/// Accepts a request: hands over our door, and confirms what has come so far.
pub fn accept<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    row: &mut ContactRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    row.standing = Standing::Added;
    connect(draft, own, id, row, now, rng)?;
    draft.write(&key(id), row);
    inbox::confirm_all(draft, id, now, rng)
}

/// What came of looking for somebody where they say that they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// They do live there.
    True,
    /// They do not, or their card cannot be checked.
    False,
    /// They do, and somebody whom we know lived there before.
    InPlaceOf(AccountId),
}

/// Takes the card that was found where somebody says that they live.
pub fn looked_for<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    found: Option<Signed<Card>>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Claimed, EngineError> {
    let Some(mut row) = with(draft, id)? else { return Ok(Claimed::False) };
    let Some(claim) = row.claim.take() else { return Ok(Claimed::True) };
    let card = found.and_then(|card| card.verify_by_own_identity().ok());
    let is_theirs =
        card.as_ref().is_some_and(|card| card.account() == id && card.name == claim.address.name);
    if !is_theirs {
        draft.write(&key(id), &row);
        return Ok(Claimed::False);
    }
    let place = Place { address: claim.address, pin: claim.pin };
    let former = all(draft)?.into_iter().find(|(other, other_row)| {
        let lives_there = other_row.place.as_ref().map(|place| &place.address);
        *other != id && lives_there == Some(&place.address) && other_row.is_accepted()
    });
    row.place = Some(place);
    row.door = claim.door.or(row.door);
    if let Some((other, mut other_row)) = former {
        other_row.alarm = Some(Alarm::Changed(Box::new(row.card.clone())));
        draft.write(&key(other), &other_row);
        row.standing = Standing::Request;
        draft.write(&key(id), &row);
        return Ok(Claimed::InPlaceOf(other));
    }
    if row.is_accepted() {
        accept(draft, own, id, &mut row, now, rng)?;
    }
    draft.write(&key(id), &row);
    Ok(Claimed::True)
}

/// Trusts the identity that has taken a contact's place: the name here goes over
/// to it, and what waits is said to it.
pub fn trust<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<AccountId, EngineError> {
    let Some(mut row) = with(draft, id)? else { return Ok(id) };
    let Some(Alarm::Changed(card)) = row.alarm.take() else {
        // Seen and accepted: the card that is held stays the newest.
        draft.write(&key(id), &row);
        return Ok(id);
    };
    let card = card.verify_by_own_identity()?;
    let new = card.account();
    let stranger = with(draft, new)?;
    row.card = card.as_signed().clone();
    row.trust = Trust::Unverified;
    row.door = stranger.and_then(|stranger| stranger.door);
    (row.right, row.token, row.told_door) = (None, None, 0);
    draft.remove(crate::store::Table::Contacts, &key(id));
    outbox::move_to(draft, id, new, &row, now)?;
    accept(draft, own, new, &mut row, now, rng)?;
    Ok(new)
}

/// Tells somebody how to reach us, if they do not know already.
pub fn connect<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    row: &mut ContactRow,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    if row.told_door == own.row.door_number {
        return Ok(());
    }
    row.told_door = own.row.door_number;
    // What was said of an earlier door must not arrive after this.
    outbox::take_back_details(draft, id)?;
    let details = ContactDetails {
        address: own.row.address.clone(),
        pin: own.row.pin,
        door: Some(own.row.door.clone()),
        token: row.token.clone(),
        card: own.card().reference(),
        display_name: Str::new(own.row.address.name.to_string()).unwrap_or_else(|_| unnamed()),
    };
    let post = outbox::Post {
        account: id,
        message: outbox::new_message_id(rng),
        sent_ms: now.0.saturating_mul(1_000),
        content: details.into(),
        confirm: Confirm::Later,
        is_kept: false,
    };
    outbox::post(draft, row, post, now)?;
    Ok(())
}

fn unnamed<const MAX: usize>() -> Str<MAX> {
    #[expect(clippy::expect_used, reason = "nothing is shorter than every bound")]
    Str::new(String::new()).expect("an empty text")
}

/// Drops what somebody sends, and takes the way to us from them: a new door, of
/// which everybody else is told.
pub fn block<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    id: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Door, EngineError> {
    if let Some(mut row) = with(draft, id)? {
        row.standing = Standing::Blocked;
        row.told_door = 0;
        draft.write(&key(id), &row);
        outbox::cancel_all(draft, id)?;
    }
    change_door(draft, now, rng)
}

/// Makes a new door and tells everybody who is to have it.
pub fn change_door<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Door, EngineError> {
    let mut own = Own::load(draft)?;
    let mut door = [0; 32];
    rng.fill_bytes(&mut door);
    own.row.door = Door::new(door);
    own.row.door_number += 1;
    draft.write(account::key::ACCOUNT, &own.row);
    for (id, mut row) in all(draft)? {
        if row.is_accepted() {
            connect(draft, &own, id, &mut row, now, rng)?;
            draft.write(&key(id), &row);
        }
    }
    Ok(own.row.door.clone())
}

/// Forgets somebody. What was said stays.
pub fn remove(draft: &Draft<'_>, id: AccountId) -> Result<(), EngineError> {
    outbox::cancel_all(draft, id)?;
    draft.remove(crate::store::Table::Contacts, &key(id));
    Ok(())
}
