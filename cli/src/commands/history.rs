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
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = args.since.map(|span| now.saturating_sub(span.0).as_secs());
    let count = usize::try_from(args.count).unwrap_or(usize::MAX);
    let found = match &args.with {
        Some(name) if name.starts_with('#') => {
            client.group_history(client.group(name).await?.id, count).await?
        }
        Some(who) => client.history(Some(client.contact(who).await?.account), count).await?,
        None => client.history(None, count).await?,
    };
    let labels = client.group_labels().await?;
    for kept in found {
        if since.is_some_and(|since| kept.message.stored.0 < since) {
            continue;
        }
        let long = shown::kept_long(&client, &kept)?;
        let messages = shown::kept(&kept, long);
        for message in shown::in_group(messages, &kept.message, &labels) {
            report::say(globals, &message)?;
        }
    }
    Ok(Exit::Done)
}
