//! `msg who` and `msg ping`.

use std::time::Duration;

use msg_client::driver::people::Person;

use crate::{
    account,
    args::{
        Globals,
        presence::{Ping, Who},
    },
    failure::{Exit, Failure},
    output,
    report::{self, presence::Presence},
};

/// Shows who of all contacts is there.
pub(crate) async fn who(globals: &Globals, args: &Who) -> Result<Exit, Failure> {
    let client = account::open(globals, "who")?;
    let mut people = client.contacts().await?;
    people.retain(|person| person.row.is_accepted());
    let accounts = people.iter().map(|person| person.account).collect();
    let found = client.ping(accounts, args.timeout.0).await?;
    for person in &people {
        report::say(globals, &presence(person, found.get(&person.account).copied()))?;
    }
    let is_watched = !globals.json && !globals.quiet && output::is_terminal();
    if found.is_empty() && !people.is_empty() && is_watched {
        output::say("nobody answered: msg recv --follow answers, after: msg config presence on\n");
    }
    Ok(Exit::Done)
}

/// Asks one of them.
pub(crate) async fn ping(globals: &Globals, args: &Ping) -> Result<Exit, Failure> {
    let client = account::open(globals, "ping")?;
    let person = client.contact(&args.who).await?;
    let found = client.ping(vec![person.account], args.timeout.0).await?;
    let Some(time) = found.get(&person.account).copied() else {
        return Err(Failure::new(Exit::TimedOut, format!("{}: no answer", args.who))
            .hint("they may be away, or not tell whether they are there"));
    };
    report::say(globals, &presence(&person, Some(time)))?;
    Ok(Exit::Done)
}

fn presence(person: &Person, answered: Option<Duration>) -> Presence {
    let place = person.row.place.as_ref();
    Presence {
        with: person.row.name.as_str().into(),
        address: place.map(|place| place.address.to_string()),
        present: answered.is_some(),
        round_trip_ms: answered.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
    }
}
