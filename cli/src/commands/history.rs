//! `msg history`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::shown;
use crate::{
    account,
    args::{Globals, messages::History},
    failure::{Exit, Failure},
    report,
};

/// Shows what was sent and received.
pub(crate) async fn run(globals: &Globals, args: &History) -> Result<Exit, Failure> {
    let client = account::open(globals, "history")?;
    let with = match &args.with {
        Some(who) => Some(client.contact(who).await?.account),
        None => None,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = args.since.map(|span| now.saturating_sub(span.0).as_secs());
    let count = usize::try_from(args.count).unwrap_or(usize::MAX);
    for kept in client.history(with, count).await? {
        if since.is_some_and(|since| kept.message.stored.0 < since) {
            continue;
        }
        for message in shown::kept(&kept) {
            report::say(globals, &message)?;
        }
    }
    Ok(Exit::Done)
}
