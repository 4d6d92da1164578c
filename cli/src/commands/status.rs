//! `msg whoami` and `msg status`.

use std::time::Duration;

use msg_client::driver::ClientError;

use super::shown;
use crate::{
    account,
    args::Globals,
    failure::{Exit, Failure},
    report::{
        self,
        account::{Status, Whoami},
    },
};

/// Shows who we are.
pub(crate) async fn whoami(globals: &Globals) -> Result<Exit, Failure> {
    let client = account::open(globals, "whoami")?;
    let figures = client.figures().await?;
    let whoami = Whoami {
        address: figures.account.address.to_string(),
        fingerprint: figures.fingerprint.to_string(),
        relay_pin: figures.account.pin.map(|pin| pin.to_string()),
        folder: client.store().home().folder().display().to_string(),
    };
    report::say(globals, &whoami)?;
    Ok(Exit::Done)
}

/// Shows whether the relay is there, and what waits.
pub(crate) async fn status(globals: &Globals) -> Result<Exit, Failure> {
    let client = account::open(globals, "status")?;
    let reached = client.reach_relay().await;
    let reachable = match &reached {
        Ok(_) => true,
        Err(ClientError::Link(error)) => error.refusal().is_some(),
        Err(_) => false,
    };
    let milliseconds = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let figures = client.figures().await?;
    let status = Status {
        address: figures.account.address.to_string(),
        reachable,
        round_trip_ms: reached.as_ref().ok().map(milliseconds),
        outbox: figures.outbox,
        unread: figures.unread,
        requests: figures.requests,
        invitations: shown::invitations(&figures),
        unopened: figures.relay.unopened,
    };
    report::say(globals, &status)?;
    reached?;
    client.run_errands().await;
    Ok(Exit::Done)
}
