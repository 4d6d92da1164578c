//! Somebody, and how far they are trusted.

use msg_client::{
    driver::people::Person,
    rows::{Alarm, ContactRow, Standing, Trust},
};

use crate::{report::contact, text::Untrusted};

/// Somebody.
pub(in crate::commands) fn person(person: &Person) -> contact::Contact {
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
pub(in crate::commands) fn trust(row: &ContactRow) -> contact::Trust {
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
