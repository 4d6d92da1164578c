//! `msg search`.

use msg_client::rows::Whose;

use super::shown;
use crate::{
    account,
    args::{Globals, archive::Search},
    failure::{Exit, Failure},
    report,
};

/// Shows messages that hold all the words.
pub(crate) async fn run(globals: &Globals, args: &Search) -> Result<Exit, Failure> {
    let client = account::open(globals, "search")?;
    let with = match &args.with {
        Some(who) => client.whose(who).await?,
        None => Whose::Everybody,
    };
    let labels = client.group_labels().await?;
    let count = usize::try_from(args.count).unwrap_or(usize::MAX);
    for kept in client.search(with, args.words.clone(), count).await? {
        let messages = shown::kept(&kept, None);
        for message in shown::in_group(messages, &kept.message, &labels) {
            report::say(globals, &message)?;
        }
    }
    Ok(Exit::Done)
}
