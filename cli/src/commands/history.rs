//! `msg history`.

use std::time::{SystemTime, UNIX_EPOCH};

use msg_client::rows::Whose;

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
    let with = match &args.with {
        Some(who) => client.whose(who).await?,
        None => Whose::Everybody,
    };
    let found = client.history(with, count).await?;
    let labels = client.group_labels().await?;
    for kept in found {
        if since.is_some_and(|since| kept.message.stored.0 < since) {
            continue;
        }
        if let Some(news) = shown::news(&kept.message, kept.contact.as_ref(), &labels) {
            report::say(globals, &news)?;
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
