//! What two people compare, and what the owner says of others' identities.

use msg_crypto::safety::SafetyValues;
use msg_protocol::fingerprint::Fingerprint;

use super::{Client, ClientError, now, people::Person};
use crate::{
    engine::{
        account::Own,
        cards,
        contacts::{self, Agreed},
    },
    rows::{Alarm, Trust, contact::key},
};

/// What two people compare.
#[derive(Debug, Clone)]
pub struct Safety {
    /// With whom.
    pub person: Person,
    /// The number, of the identity that is pinned.
    pub number: String,
    /// The number of the identity that has taken its place, if one has.
    pub other: Option<(Fingerprint, String)>,
    /// What a QR code of it holds.
    pub code: Vec<u8>,
}

/// What shows that somebody is who they are.
#[derive(Debug, Clone)]
pub enum Told {
    /// The safety number.
    Number(String),
    /// The fingerprint.
    Fingerprint(Fingerprint),
}

impl Client {
    /// What is to be compared with somebody.
    pub async fn safety(&self, who: &str) -> Result<Safety, ClientError> {
        let person = self.contact(who).await?;
        let row = person.row.clone();
        self.look(move |rows| {
            let own = Own::load(rows)?;
            let mine = own.card().identity;
            let theirs = cards::held(&row)?.identity;
            let values = SafetyValues::between(&mine, &theirs);
            let other = match &row.alarm {
                Some(Alarm::Changed(card)) => {
                    let identity = card.as_ref().clone().verify_by_own_identity()?.identity;
                    let number = SafetyValues::between(&mine, &identity).number().to_string();
                    Some((Fingerprint::of(&identity), number))
                }
                _ => None,
            };
            let code = values.code().to_bytes().to_vec();
            Ok(Safety { person, number: values.number().to_string(), other, code })
        })
        .await
    }

    /// Marks somebody as verified: the number or fingerprint that their owner told
    /// is theirs.
    pub async fn mark_verified(&self, who: &str, told: &Told) -> Result<Person, ClientError> {
        let safety = self.safety(who).await?;
        let is_theirs = match told {
            Told::Number(number) => digits(number) == digits(&safety.number),
            Told::Fingerprint(fingerprint) => *fingerprint == safety.person.fingerprint,
        };
        if !is_theirs {
            return Err(ClientError::NotVerified(safety.person.row.name));
        }
        let account = safety.person.account;
        self.section(move |draft, _| {
            if let Some(mut row) = contacts::with(draft, account)? {
                row.trust = Trust::Verified;
                draft.write(&key(account), &row);
            }
            Ok(())
        })
        .await?;
        self.person(account).await
    }

    /// Ends the alarm about somebody as it was shown and agreed to.
    pub async fn trust(&self, shown: &Safety, agreed: Agreed) -> Result<Person, ClientError> {
        let account = shown.person.account;
        let new = self
            .step(move |draft, rng| {
                let own = Own::load(&draft)?;
                let new = contacts::trust(&draft, &own, account, agreed, now(), rng)?;
                Ok(draft.step(new))
            })
            .await?;
        self.person(new).await
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
