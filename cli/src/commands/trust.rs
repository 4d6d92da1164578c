//! `msg verify`, `msg trust` and `msg link`.

use msg_client::{
    driver::{
        Client,
        trust::{Safety, Told},
    },
    engine::contacts::Agreed,
};
use msg_protocol::fingerprint::Fingerprint;

use super::shown;
use crate::{
    account,
    args::{
        Globals,
        contacts::{Link, Trust, Verify},
    },
    failure::{Exit, Failure},
    output,
    prompt::Terminal,
    report::{
        self,
        contact::{self, Change, Changed},
    },
};

/// Shows a safety number, or checks it.
pub(crate) async fn verify(globals: &Globals, args: &Verify) -> Result<Exit, Failure> {
    let client = account::open(globals, "verify")?;
    let told = match (&args.number, &args.expect) {
        (Some(number), _) => {
            let number: msg_crypto::safety::SafetyNumber =
                number.parse().map_err(|error| usage(&error))?;
            Some(Told::Number(number.to_string()))
        }
        (None, Some(expected)) => Some(Told::Fingerprint(fingerprint(expected)?)),
        (None, None) => None,
    };
    if let Some(told) = told {
        return mark(globals, &client, &args.who, &told).await;
    }
    let safety = client.safety(&args.who).await?;
    report::say(globals, &shown_safety(&safety, args.qr))?;
    let terminal = Terminal::open().filter(|_| output::is_terminal() && !globals.json);
    let Some(mut terminal) = terminal else { return Ok(Exit::Done) };
    if terminal.agrees("\nDo they see the same number?")? {
        // Whoever has that name by now is not who was compared.
        let compared = Told::Fingerprint(safety.person.fingerprint);
        return mark(globals, &client, &args.who, &compared).await;
    }
    Ok(Exit::Done)
}

async fn mark(globals: &Globals, client: &Client, who: &str, told: &Told) -> Result<Exit, Failure> {
    let person = client.mark_verified(who, told).await?;
    let changed = Changed { change: Change::Verified, contact: shown::person(&person) };
    report::confirm(globals, &changed)?;
    Ok(Exit::Done)
}

/// Trusts the identity that has taken somebody's place, or the card that is held
/// though their relay shows another.
pub(crate) async fn trust(globals: &Globals, args: &Trust) -> Result<Exit, Failure> {
    let client = account::open(globals, "trust")?;
    let safety = client.safety(&args.who).await?;
    let name = &safety.person.row.name;
    let agreed = match (&safety.other, &safety.person.row.alarm) {
        (Some((new, _)), _) => {
            let question = format!("\nIs the new fingerprint that of {name}?");
            agrees(globals, args, &safety, *new, &question)?;
            Agreed::Identity(*new)
        }
        (None, Some(_)) => {
            let question = format!(
                "\nTheir relay shows an older or another card of {name} than it did: it was set \
                 back, or it is not honest.\nGo on with the newest card that was checked?"
            );
            agrees(globals, args, &safety, safety.person.fingerprint, &question)?;
            Agreed::HeldCard
        }
        (None, None) => {
            let message = format!("the identity of {name} has not changed");
            return Err(
                Failure::new(Exit::Failed, message).hint(format!("msg verify {name} compares it"))
            );
        }
    };
    let person = client.trust(&safety, agreed).await?;
    let changed = Changed { change: Change::Trusted, contact: shown::person(&person) };
    report::confirm(globals, &changed)?;
    // What was held leaves now, or with a later command.
    client.deliver(None).await?;
    Ok(Exit::Done)
}

/// Whether the owner names the identity, or agrees when they see it.
fn agrees(
    globals: &Globals,
    args: &Trust,
    safety: &Safety,
    identity: Fingerprint,
    question: &str,
) -> Result<(), Failure> {
    match &args.expect {
        Some(expected) if fingerprint(expected)? == identity => Ok(()),
        Some(_) => {
            let name = &safety.person.row.name;
            let message = format!("the identity of {name} is {identity}, which is another one");
            Err(Failure::new(Exit::Trust, message)
                .hint("do not trust it before you know why it differs"))
        }
        None => {
            let mut terminal = Terminal::open().ok_or_else(|| {
                Failure::new(Exit::Usage, "there is no terminal to ask on")
                    .hint("name the identity with --expect FINGERPRINT")
            })?;
            report::say(globals, &shown_safety(safety, false))?;
            if terminal.agrees(question)? {
                return Ok(());
            }
            Err(Failure::new(Exit::Trust, "not trusted"))
        }
    }
}

/// Shows a link with which others add us.
pub(crate) async fn link(globals: &Globals, args: &Link) -> Result<Exit, Failure> {
    let client = account::open(globals, "link")?;
    let link = client.contact_link(!args.no_token).await?;
    let shown = contact::Link {
        link: link.to_secret_text(),
        has_token: link.token.is_some(),
        is_drawn: args.qr,
    };
    report::say(globals, &shown)?;
    Ok(Exit::Done)
}

fn shown_safety(safety: &Safety, is_drawn: bool) -> contact::Safety {
    let (fingerprint, number) = safety.other.clone().unzip();
    contact::Safety {
        contact: shown::person(&safety.person),
        number: safety.number.clone(),
        new_fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
        new_number: number,
        code: is_drawn.then(|| safety.code.clone()),
    }
}

fn fingerprint(text: &str) -> Result<Fingerprint, Failure> {
    text.trim().parse().map_err(|error| {
        Failure::new(Exit::Usage, format!("fingerprint: {error}"))
            .hint("as msg whoami shows it to its owner")
    })
}

fn usage(error: &impl ToString) -> Failure {
    Failure::new(Exit::Usage, error.to_string()).hint("all sixty digits, blanks as you like")
}
