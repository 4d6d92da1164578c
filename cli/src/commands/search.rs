//! `msg search`.

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
        Some(who) => Some(client.contact(who).await?.account),
        None => None,
    };
    let count = usize::try_from(args.count).unwrap_or(usize::MAX);
    for kept in client.search(with, args.words.clone(), count).await? {
        for message in shown::kept(&kept, None) {
            report::say(globals, &message)?;
        }
    }
    Ok(Exit::Done)
}
