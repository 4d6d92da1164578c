//! `msg react`, `msg edit` and `msg delete`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use msg_client::{
    driver::{
        Client,
        receive::Kept,
        send::{MAX_TEXT_BYTES, Sending, What},
    },
    engine::marks::MARK_DAYS,
    rows::{Direction, Level},
};
use msg_protocol::{
    bounded::{Bytes, Str},
    content::{self, Content, Reaction},
    id::MessageId,
    time::UnixSeconds,
};

use super::send;
use crate::{
    account,
    args::{
        Globals,
        marks::{Delete, Edit, React},
    },
    failure::{Exit, Failure},
    report::{self, message::Removed},
};

/// How long it may take to the relay; then it is on its way.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Puts a sign to a message.
pub(crate) async fn react(globals: &Globals, args: &React) -> Result<Exit, Failure> {
    let sign = args.sign.clone().unwrap_or_default();
    if sign.trim().is_empty() && !args.remove {
        return Err(Failure::new(Exit::Usage, "the sign is empty").hint("--remove takes it back"));
    }
    let sign = Str::new(sign).map_err(|error| {
        Failure::new(Exit::Usage, format!("a sign has at most {} bytes", error.limit))
    })?;
    let client = account::open(globals, "react")?;
    let (kept, target) = send::message(&client, &args.id).await?;
    mark(globals, &client, &kept, Reaction { target, sign }.into()).await
}

/// Gives a message another text.
pub(crate) async fn edit(globals: &Globals, args: &Edit) -> Result<Exit, Failure> {
    let client = account::open(globals, "edit")?;
    let (kept, target) = send::message(&client, &args.id).await?;
    if !is_ours(&kept) || !matches!(kept.message.content, Content::Text(_) | Content::Lines(_)) {
        return Err(Failure::new(Exit::Failed, format!("{} is no text of yours", args.id)));
    }
    if kept.marks.deleted.contains(&target) {
        return Err(Failure::new(Exit::Failed, format!("{} is deleted", args.id)));
    }
    let text = send::short_text(&args.text)?;
    let length = text.len();
    let bytes = Bytes::new(text).ok().filter(|bytes| bytes.len() <= MAX_TEXT_BYTES);
    let bytes = bytes.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("a text of {length} bytes is too long for an edit"))
    })?;
    mark(globals, &client, &kept, content::Edit { target, bytes }.into()).await
}

/// Removes a message.
pub(crate) async fn delete(globals: &Globals, args: &Delete) -> Result<Exit, Failure> {
    let client = account::open(globals, "delete")?;
    let (kept, target) = send::message(&client, &args.id).await?;
    if args.here {
        return remove(globals, &client, &kept, target).await;
    }
    if !is_ours(&kept) {
        return Err(Failure::new(Exit::Failed, format!("{} is not yours", args.id))
            .hint(format!("msg delete {} --here removes it from this store", args.id)));
    }
    mark(globals, &client, &kept, content::Delete { target }.into()).await
}

async fn remove(
    globals: &Globals,
    client: &Client,
    kept: &Kept,
    id: MessageId,
) -> Result<Exit, Failure> {
    client.remove_message(kept.number).await?;
    report::confirm(globals, &Removed { id: id.to_string() })?;
    Ok(Exit::Done)
}

async fn mark(
    globals: &Globals,
    client: &Client,
    kept: &Kept,
    content: Content,
) -> Result<Exit, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if UnixSeconds(now.as_secs()).is_days_after(kept.message.stored, MARK_DAYS) {
        let message = format!("the message is older than {MARK_DAYS} days");
        return Err(Failure::new(Exit::Failed, message)
            .hint("msg delete ID --here removes it from this store"));
    }
    if let Content::Replay(_) = kept.message.content {
        let message = "it was said before you were in the group, and passed on to you";
        return Err(Failure::new(Exit::Failed, message).hint("msg reply answers it"));
    }
    let to = match (kept.message.group, &kept.contact) {
        (Some(group), _) => client.group_labels().await?.name(group),
        (None, Some(contact)) => contact.name.clone(),
        (None, None) => {
            return Err(Failure::new(Exit::Failed, "whom it is with is not known any more"));
        }
    };
    let sending = Sending {
        to: vec![to],
        what: What::Mark(Box::new(content)),
        wanted: Level::Relay,
        timeout: TIMEOUT,
        reply_to: None,
        key: None,
        expire_s: None,
    };
    send::outcome(globals, &client.send(sending).await?, Level::Relay, None)
}

fn is_ours(kept: &Kept) -> bool {
    matches!(kept.message.direction, Direction::Out { .. })
}
