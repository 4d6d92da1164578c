//! The words that list and change contacts.

use msg_client::{
    driver::{
        Client, ClientError,
        people::{Person, Who},
    },
    rows::{OutboxRow, OutboxState},
};
use msg_protocol::{address::Pin, content::Content};

use super::{shown, stdin};
use crate::{
    account,
    args::{
        Globals,
        contacts::{Accept, AddContact, Block, Contacts, RemoveContact, Rename, Unblock},
    },
    failure::{Exit, Failure},
    output,
    report::{
        self, Page,
        contact::{Change, Changed, Contact, People, Standing},
    },
};

/// Adds somebody.
pub(crate) async fn add(globals: &Globals, args: &AddContact) -> Result<Exit, Failure> {
    let who = if args.who == "-" { stdin::secret_line()?.to_string() } else { args.who.clone() };
    let who = parse(&who)?;
    let pin = args.pin.as_deref().map(str::parse::<Pin>).transpose();
    let pin = pin.map_err(|error| Failure::new(Exit::Usage, format!("pin: {error}")))?;
    let client = account::open(globals, "add-contact")?;
    let relay = relay_of(&who);
    let person = client.add_contact(who, args.name.clone(), pin).await.map_err(|error| {
        match (relay, Failure::from(error)) {
            (Some(relay), failure) if failure.exit() == Exit::Unreachable => failure.about(&relay),
            (_, failure) => failure,
        }
    })?;
    say(globals, Change::Added, &person)?;
    tell(&client).await
}

fn parse(who: &str) -> Result<Who, Failure> {
    let usage = |error: String| {
        Failure::new(Exit::Usage, error).hint("a name, name@host, or a link: msg:name@host?…")
    };
    if who.starts_with("msg:") {
        let link = who.parse().map_err(|error| usage(format!("contact link: {error}")))?;
        return Ok(Who::Link(Box::new(link)));
    }
    if who.contains('@') {
        return Ok(Who::Address(who.parse().map_err(|error| usage(format!("{error}")))?));
    }
    Ok(Who::Name(who.parse().map_err(|error| usage(format!("{error}")))?))
}

/// Where somebody is looked for, if it need not be our own relay.
fn relay_of(who: &Who) -> Option<String> {
    match who {
        Who::Address(address) => Some(address.relay.to_string()),
        Who::Link(link) => Some(link.address.relay.to_string()),
        Who::Name(_) => None,
    }
}

/// Lists contacts.
pub(crate) async fn list(globals: &Globals, args: &Contacts) -> Result<Exit, Failure> {
    let is_meant = |standing| match standing {
        Standing::Request => false,
        Standing::Blocked => args.all,
        Standing::Waiting | Standing::Connected => true,
    };
    people(globals, "contacts", is_meant).await
}

/// Lists strangers who wait for a word.
pub(crate) async fn requests(globals: &Globals) -> Result<Exit, Failure> {
    let client = account::open(globals, "requests")?;
    // Who is not reached now has not been reached: what is stored is shown.
    let collected = client.collect().await;
    drop(client);
    let exit = people(globals, "requests", |standing| standing == Standing::Request).await?;
    collected?;
    Ok(exit)
}

async fn people(
    globals: &Globals,
    command: &'static str,
    is_meant: impl Fn(Standing) -> bool,
) -> Result<Exit, Failure> {
    let all = account::open(globals, command)?.contacts().await?;
    let all: Vec<Contact> = all.iter().map(shown::person).collect();
    let meant: Vec<Contact> =
        all.into_iter().filter(|contact| is_meant(contact.standing)).collect();
    if globals.json {
        for contact in &meant {
            report::say(globals, contact)?;
        }
    } else {
        output::data(People(&meant).show(&Page::of_stdout()).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// Calls somebody something else.
pub(crate) async fn rename(globals: &Globals, args: &Rename) -> Result<Exit, Failure> {
    let client = account::open(globals, "rename")?;
    let person = client.rename(&args.who, args.name.clone()).await?;
    say(globals, Change::Renamed, &person)?;
    Ok(Exit::Done)
}

/// Removes somebody.
pub(crate) async fn remove(globals: &Globals, args: &RemoveContact) -> Result<Exit, Failure> {
    let client = account::open(globals, "remove-contact")?;
    let given_up = waiting_for(&client, &args.who).await?;
    let person = client.remove_contact(&args.who).await?;
    say(globals, Change::Removed, &person)?;
    say_given_up(globals, given_up);
    tell(&client).await
}

/// Accepts a request.
pub(crate) async fn accept(globals: &Globals, args: &Accept) -> Result<Exit, Failure> {
    let client = account::open(globals, "accept")?;
    let mut person = client.accept(&args.who).await?;
    if let Some(name) = &args.name {
        let called = person.row.name.clone();
        person = client.rename(&called, name.clone()).await?;
    }
    say(globals, Change::Accepted, &person)?;
    tell(&client).await
}

/// Blocks somebody.
pub(crate) async fn block(globals: &Globals, args: &Block) -> Result<Exit, Failure> {
    let client = account::open(globals, "block")?;
    let given_up = waiting_for(&client, &args.who).await?;
    let person = client.block(&args.who).await?;
    say(globals, Change::Blocked, &person)?;
    say_given_up(globals, given_up);
    tell(&client).await
}

/// Messages to somebody that have not left yet.
async fn waiting_for(client: &Client, who: &str) -> Result<usize, Failure> {
    let account = client.contact(who).await?.account;
    let rows = client.outbox().await?;
    let waits = |row: &OutboxRow| {
        row.account == account
            && matches!(row.content, Content::Text(_) | Content::Lines(_))
            && matches!(row.state, OutboxState::Queued | OutboxState::Sealed(_))
    };
    Ok(rows.iter().filter(|(_, row, _)| waits(row)).count())
}

fn say_given_up(globals: &Globals, count: usize) {
    if count > 0 && !globals.json && !globals.quiet {
        let messages = if count == 1 { "message" } else { "messages" };
        output::say(&format!("{count} {messages} to them that waited here will not be sent\n"));
    }
}

/// Lets somebody in again.
pub(crate) async fn unblock(globals: &Globals, args: &Unblock) -> Result<Exit, Failure> {
    let client = account::open(globals, "unblock")?;
    let person = client.unblock(&args.who).await?;
    say(globals, Change::Unblocked, &person)?;
    tell(&client).await
}

/// Lets those know whom it concerns, and our relay. It is decided and stored: what
/// does not leave now leaves with a later command.
async fn tell(client: &Client) -> Result<Exit, Failure> {
    let told = async {
        client.collect().await?;
        let delivery = client.deliver(None).await?;
        match delivery.failures.into_iter().next() {
            Some((_, error)) => Err(ClientError::Link(error)),
            None => Ok(()),
        }
    };
    told.await.map_err(|error| {
        let hint = "it holds here; the others are told by the next command that gets through";
        Failure::from(error).kept(true).or_hint(hint)
    })?;
    Ok(Exit::Done)
}

fn say(globals: &Globals, change: Change, person: &Person) -> Result<(), Failure> {
    Ok(report::confirm(globals, &Changed { change, contact: shown::person(person) })?)
}
