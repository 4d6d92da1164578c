//! People: found at their relay, added, accepted, blocked.

use msg_protocol::{
    address::{AccountName, Address, ContactLink, Pin},
    card::Card,
    fingerprint::Fingerprint,
    id::AccountId,
    limits::MAX_TOKEN_DAYS,
    request::{FetchCards, IssueToken},
    secret::LinkToken,
    signed::{Signed, Verified},
};
use rand_core::Rng as _;

use super::{Client, ClientError, now};
use crate::{
    engine::{
        EngineError,
        account::{self, Own},
        cards,
        contacts::{self, NewContact},
    },
    rows::{ContactRow, Place, Standing, account::key as account_key, contact::key},
};

/// Somebody to be added.
#[derive(Debug, Clone)]
pub enum Who {
    /// By a name at our own relay.
    Name(AccountName),
    /// By an address.
    Address(Address),
    /// By a contact link.
    Link(Box<ContactLink>),
}

/// A contact, as it is shown.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// What is known.
    pub row: ContactRow,
    /// The identity that is pinned.
    pub fingerprint: Fingerprint,
}

impl Client {
    /// Adds somebody: finds their card, pins the identity, and lets them know.
    pub async fn add_contact(
        &self,
        who: Who,
        name: Option<String>,
        pin: Option<Pin>,
    ) -> Result<Person, ClientError> {
        let own = self.look(|rows| account::row(rows)).await?;
        let (place, expected, token) = match who {
            Who::Name(name) => {
                let address = Address { name, relay: own.address.relay.clone() };
                (Place { address, pin: own.pin }, None, None)
            }
            Who::Address(address) => {
                let pin = pin.or(own.pin.filter(|_| address.relay == own.address.relay));
                (Place { address, pin }, None, None)
            }
            Who::Link(link) => {
                let ContactLink { address, pin, id, token, .. } = *link;
                (Place { address, pin }, Some(id), token)
            }
        };
        let card = self.card_at(&place).await?;
        if expected.is_some_and(|expected| expected != Fingerprint::of(&card.identity)) {
            return Err(ClientError::OtherIdentity(place.address));
        }
        let account = self
            .step(move |draft, rng| {
                let own = Own::load(&draft)?;
                let new = NewContact {
                    place,
                    card,
                    name: name.as_deref(),
                    is_verified: expected.is_some(),
                    token,
                };
                match contacts::add(&draft, &own, new, now(), rng) {
                    Ok(account) => Ok(draft.step(Ok(account))),
                    // An alarm is kept as well.
                    Err(error) => Ok(draft.step(Err(error))),
                }
            })
            .await??;
        self.person(account).await
    }

    /// The card that lives at an address.
    pub(super) async fn card_at(&self, place: &Place) -> Result<Verified<Card>, ClientError> {
        let address = &place.address;
        let link = self.anonymous(&address.relay, place.pin, None).await?;
        let request = FetchCards { name: address.name.clone(), from: None };
        let found = match link.ask(request).await {
            Ok(cards) => cards.cards.into_vec().pop(),
            Err(error)
                if error.refusal().is_some_and(|refusal| {
                    refusal.code == msg_protocol::error::Code::NOT_FOUND
                }) =>
            {
                None
            }
            Err(error) => return Err(error.into()),
        };
        tokio::spawn(link.close());
        let found: Signed<Card> = found.ok_or_else(|| ClientError::NobodyThere(address.clone()))?;
        let card = found.verify_by_own_identity();
        let card = card.map_err(|_| ClientError::BadCard(address.clone()))?;
        if card.name != address.name {
            return Err(ClientError::BadCard(address.clone()));
        }
        Ok(card)
    }

    /// Everybody.
    pub async fn contacts(&self) -> Result<Vec<Person>, ClientError> {
        let rows = self.look(|rows| Ok(contacts::all(rows)?)).await?;
        rows.into_iter().map(|(account, row)| person(account, row)).collect()
    }

    /// Somebody by name or address.
    pub async fn contact(&self, who: &str) -> Result<Person, ClientError> {
        let who = who.to_owned();
        let (account, row) = self.look(move |rows| contacts::find(rows, &who)).await?;
        person(account, row)
    }

    pub(super) async fn person(&self, account: AccountId) -> Result<Person, ClientError> {
        let row = self.look(move |rows| Ok(contacts::with(rows, account)?)).await?;
        person(account, row.ok_or_else(|| EngineError::NoContact(account.to_string()))?)
    }

    /// Accepts a request, once they have been found where they say that they live.
    pub async fn accept(&self, who: &str) -> Result<Person, ClientError> {
        let Person { account, row, .. } = self.contact(who).await?;
        if row.standing == Standing::Request && row.claim.is_some() {
            self.look_for(account).await?;
        }
        self.step(move |draft, rng| {
            let own = Own::load(&draft)?;
            contacts::accept_request(&draft, &own, account, now(), rng)?;
            Ok(draft.step(()))
        })
        .await?;
        self.person(account).await
    }

    /// Drops what somebody sends, and changes the door.
    pub async fn block(&self, who: &str) -> Result<Person, ClientError> {
        let account = self.contact(who).await?.account;
        self.section(move |draft, rng| contacts::block(draft, account, now(), rng)).await?;
        self.person(account).await
    }

    /// Takes it back.
    pub async fn unblock(&self, who: &str) -> Result<Person, ClientError> {
        self.accept(who).await
    }

    /// Calls somebody something else.
    pub async fn rename(&self, who: &str, name: String) -> Result<Person, ClientError> {
        let account = self.contact(who).await?.account;
        self.step(move |draft, _| {
            let taken = contacts::all(&draft)?
                .iter()
                .any(|(other, row)| *other != account && row.name == name);
            if taken {
                return Err(contacts::AddError::NameTaken(name).into());
            }
            if let Some(mut row) = contacts::with(&draft, account)? {
                row.name = name;
                draft.write(&key(account), &row);
            }
            Ok(draft.step(()))
        })
        .await?;
        self.person(account).await
    }

    /// Forgets somebody.
    pub async fn remove_contact(&self, who: &str) -> Result<Person, ClientError> {
        let person = self.contact(who).await?;
        let account = person.account;
        self.section(move |draft, _| contacts::remove(draft, account)).await?;
        Ok(person)
    }

    /// A link by which others add us, good once: whoever comes with it is accepted.
    pub async fn contact_link(&self, with_token: bool) -> Result<ContactLink, ClientError> {
        let (address, pin, identity) = self
            .look(|rows| {
                let own = Own::load(rows)?;
                Ok((own.row.address.clone(), own.row.pin, own.card().identity))
            })
            .await?;
        let token = if with_token { Some(self.issue_token().await?) } else { None };
        Ok(ContactLink { address, pin, id: Fingerprint::of(&identity), token })
    }

    async fn issue_token(&self) -> Result<LinkToken, ClientError> {
        let expires = now().plus_days(MAX_TOKEN_DAYS);
        let (token, salt) = self
            .section(move |draft, rng| {
                let (mut token, mut salt) = ([0; 32], [0; 16]);
                rng.fill_bytes(&mut token);
                rng.fill_bytes(&mut salt);
                let token = LinkToken::new(token);
                let mut row = account::row(draft)?;
                row.tokens.retain(|(_, expires)| *expires > now());
                row.tokens.push((token.clone(), expires));
                draft.write(account_key::ACCOUNT, &row);
                Ok((token, salt))
            })
            .await?;
        let request = IssueToken::new(&token, salt, expires);
        let link = self.own_link().await?;
        link.ask(request).await?;
        link.close().await;
        Ok(token)
    }
}

fn person(account: AccountId, row: ContactRow) -> Result<Person, ClientError> {
    let fingerprint = Fingerprint::of(&cards::held(&row)?.identity);
    Ok(Person { account, row, fingerprint })
}

impl Person {
    /// Whether they wait for our word.
    pub fn is_request(&self) -> bool {
        self.row.standing == Standing::Request
    }
}
