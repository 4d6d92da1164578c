//! `msg verify`, `msg trust` and `msg link`.

use msg_client::driver::{
    Client,
    people::{Safety, Told},
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
        return mark(globals, &client, &args.who, &Told::Compared).await;
    }
    Ok(Exit::Done)
}

async fn mark(globals: &Globals, client: &Client, who: &str, told: &Told) -> Result<Exit, Failure> {
    let person = client.mark_verified(who, told).await?;
    let changed = Changed { change: Change::Verified, contact: shown::person(&person) };
    report::confirm(globals, &changed)?;
    Ok(Exit::Done)
}

/// Trusts the identity that has taken somebody's place.
pub(crate) async fn trust(globals: &Globals, args: &Trust) -> Result<Exit, Failure> {
    let client = account::open(globals, "trust")?;
    let safety = client.safety(&args.who).await?;
    let name = safety.person.row.name.clone();
    let Some((new, _)) = &safety.other else {
        return Err(Failure::new(Exit::Failed, format!("the identity of {name} has not changed"))
            .hint(format!("msg verify {name} compares it")));
    };
    match &args.expect {
        Some(expected) if fingerprint(expected)? == *new => {}
        Some(_) => {
            let message = format!("the new identity of {name} is {new}, which is another one");
            return Err(Failure::new(Exit::Trust, message)
                .hint("do not trust it before you know why it differs"));
        }
        None => {
            let mut terminal = Terminal::open().ok_or_else(|| {
                Failure::new(Exit::Usage, "there is no terminal to ask on")
                    .hint("name the new identity with --expect FINGERPRINT")
            })?;
            report::say(globals, &shown_safety(&safety, false))?;
            if !terminal.agrees(&format!("\nIs the new fingerprint that of {name}?"))? {
                return Err(Failure::new(Exit::Trust, "not trusted"));
            }
        }
    }
    let person = client.trust(&args.who).await?;
    let changed = Changed { change: Change::Trusted, contact: shown::person(&person) };
    report::confirm(globals, &changed)?;
    // What was held leaves now, or with a later command.
    client.deliver(None).await?;
    Ok(Exit::Done)
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
