//! `msg reply`.

use msg_protocol::content::Content;

use super::send;
use crate::{
    account,
    args::{Globals, messages::Reply},
    failure::{Exit, Failure},
};

/// Answers a message.
pub(crate) async fn run(globals: &Globals, args: &Reply) -> Result<Exit, Failure> {
    let client = account::open(globals, "reply")?;
    let (kept, id) = send::message(&client, &args.id).await?;
    let text_of = |args: &Reply| send::text(&args.text, args.sending.allow_empty);
    if let Some(group) = kept.message.group {
        let labels = client.group_labels().await?;
        // Others know what was passed on by the id that it had.
        let id = match &kept.message.content {
            Content::Replay(replay) => replay.id,
            _ => id,
        };
        let to = vec![labels.name(group)];
        let text = text_of(args)?;
        return send::one(globals, &client, to, text, &args.sending, Some(id)).await;
    }
    let people = client.contacts().await?;
    let person = people.into_iter().find(|person| person.account == kept.message.with);
    let person = person.ok_or_else(|| {
        Failure::new(Exit::Failed, format!("who wrote {} is no contact any more", args.id))
            .hint("msg add-contact adds them again")
    })?;
    let text = text_of(args)?;
    let to = vec![person.row.name];
    send::one(globals, &client, to, text, &args.sending, Some(id)).await
}
