//! `msg register`.

use msg_client::{
    driver::{Client, Policy, register::Order},
    engine::settings::Setting,
};
use msg_crypto::password::Password;
use msg_protocol::{
    address::{Pin, RelayAddress, RelayLink},
    secret::Invite,
};

use super::stdin;
use crate::{
    account,
    args::{Globals, account::Register},
    failure::{Exit, Failure},
    prompt::Terminal,
    report::{self, account::Registered},
};

/// Where to register, and by what right.
struct Place {
    relay: RelayAddress,
    pin: Option<Pin>,
    invite: Option<Invite>,
}

/// Makes an account.
pub(crate) async fn run(globals: &Globals, args: &Register) -> Result<Exit, Failure> {
    let home = account::home(globals)?;
    let dialer = account::dialer(globals, None)?;
    let Place { relay, pin, invite } = relay(args)?;
    let invite = if args.invite { Some(asked_invite()?) } else { invite };
    let password = if args.unattended { None } else { Some(new_password(globals)?) };
    let order =
        Order { home: home.clone(), name: args.who.name.clone(), relay, pin, invite, password };
    let client = Client::register(order, dialer, Policy::default()).await?;
    if let Some(proxy) = &globals.proxy {
        client.choose(Setting::Proxy, Some(proxy.clone())).await?;
    }
    let figures = client.figures().await?;
    let registered = Registered {
        address: figures.account.address.to_string(),
        fingerprint: figures.fingerprint.to_string(),
        unattended: args.unattended,
        folder: home.folder().display().to_string(),
    };
    report::confirm(globals, &registered)?;
    Ok(Exit::Done)
}

fn relay(args: &Register) -> Result<Place, Failure> {
    let usage = |message: String, hint: &str| Failure::new(Exit::Usage, message).hint(hint);
    let Some(given) = &args.relay else {
        let relay = args.who.relay.clone().ok_or_else(|| {
            let hint = "add --relay LINK, as the relay printed it, or write NAME@HOST";
            usage("at which relay?".to_owned(), hint)
        })?;
        return Ok(Place { relay, pin: None, invite: None });
    };
    let text = if given == "-" { stdin::secret_line()? } else { given.clone().into() };
    let found = if text.starts_with("msg-relay:") {
        let link: RelayLink = text.parse().map_err(|error| {
            usage(format!("relay link: {error}"), "quote the link: the shell obeys & and ?")
        })?;
        Place { relay: link.relay, pin: link.pin, invite: link.invite }
    } else {
        let relay = text
            .parse()
            .map_err(|error| usage(format!("relay: {error}"), "a link begins with msg-relay://"))?;
        Place { relay, pin: None, invite: None }
    };
    if args.who.relay.as_ref().is_some_and(|named| *named != found.relay) {
        let message = "the relay behind the @ is not the one of --relay".to_owned();
        return Err(usage(message, "leave one of them out"));
    }
    Ok(found)
}

fn asked_invite() -> Result<Invite, Failure> {
    let text = match Terminal::open().filter(|_| stdin::is_terminal()) {
        Some(mut terminal) => terminal.hidden("Invitation: ")?,
        None => stdin::secret_line()?,
    };
    Invite::from_secret_text(text.trim())
        .map_err(|error| Failure::new(Exit::Usage, format!("invitation: {error}")))
}

fn new_password(globals: &Globals) -> Result<Password, Failure> {
    if let Some(password) = account::given(globals)? {
        return Ok(password);
    }
    let mut terminal = Terminal::open().ok_or_else(|| {
        Failure::new(Exit::Locked, "there is no terminal to ask for a new password")
            .hint("set MSG_PASSWORD_FILE, or use --unattended")
    })?;
    Ok(terminal.new_password("New password: ")?)
}
