//! `msg outbox`.

use msg_client::{
    driver::Client,
    rows::{ContactRow, OutboxRow, OutboxState},
};
use msg_protocol::{content::Content, id::MessageId};

use super::shown;
use crate::{
    account,
    args::{
        Globals,
        messages::{Outbox, OutboxCommand},
    },
    failure::{Exit, Failure},
    progress,
    report::{
        self,
        outbox::{Cancelled, Retried, Waiting},
        sent::Level,
        when,
    },
    text::Body,
};

/// Shows or changes what is on its way.
pub(crate) async fn run(globals: &Globals, args: &Outbox) -> Result<Exit, Failure> {
    let client = account::open(globals, "outbox")?;
    match &args.command {
        None | Some(OutboxCommand::List) => list(globals, &client).await,
        Some(OutboxCommand::Retry) => retry(globals, &client).await,
        Some(OutboxCommand::Cancel { id }) => cancel(globals, &client, id).await,
    }
}

async fn list(globals: &Globals, client: &Client) -> Result<Exit, Failure> {
    for (_, row, contact) in client.outbox().await? {
        if let Some(waiting) = waiting(&row, contact) {
            report::say(globals, &waiting)?;
        }
    }
    Ok(Exit::Done)
}

/// A row that somebody asked for; receipts and the like are nobody's business, unless
/// they go no further.
fn waiting(row: &OutboxRow, contact: Option<ContactRow>) -> Option<Waiting> {
    let text = match &row.content {
        Content::Text(text) => Body(text.bytes.to_vec()),
        Content::Lines(lines) => Body(lines.lines.first()?.bytes.to_vec()),
        Content::File(file) => Body(format!("[{}]", shown::file(file).described()).into_bytes()),
        _ if !matches!(row.state, OutboxState::Failed(_)) => return None,
        Content::Edit(edit) => Body(edit.bytes.to_vec()),
        Content::Replay(_) => Body(b"[an earlier message]".to_vec()),
        _ => Body(b"[no text]".to_vec()),
    };
    let (level, reason) = match &row.state {
        OutboxState::Queued | OutboxState::Sealed(_) => (Level::Queued, None),
        OutboxState::Deposited(_) => (Level::Relay, None),
        OutboxState::Failed(reason) => (Level::Failed, Some(reason.as_str().into())),
    };
    Some(Waiting {
        id: row.message.to_string(),
        to: contact.map_or_else(|| row.account.to_string(), |contact| contact.name).into(),
        level,
        reason,
        queued_at: when::exact_s(row.queued.0),
        expires_at: when::exact_s(row.expires.0),
        next_try_at: when::exact_s(row.next_try.0),
        tries: row.tries,
        text: Some(text),
        queued_ms: row.queued.0.saturating_mul(1_000),
    })
}

async fn retry(globals: &Globals, client: &Client) -> Result<Exit, Failure> {
    // What waits for a file waits for nothing else after this.
    let progress = progress::of_file(globals, "files");
    let brought = client.bring_uploads(&progress).await;
    drop(progress);
    let delivery = client.retry().await?;
    brought?;
    let waiting = client.outbox().await?.iter().filter(|(_, row, _)| is_waiting(row)).count();
    report::confirm(globals, &Retried { deposited: delivery.deposited, waiting })?;
    match delivery.failures.first() {
        Some((_, error)) => Err(Failure::from(error).kept(true)),
        None => Ok(Exit::Done),
    }
}

fn is_waiting(row: &OutboxRow) -> bool {
    matches!(row.state, OutboxState::Queued | OutboxState::Sealed(_))
}

async fn cancel(globals: &Globals, client: &Client, id: &str) -> Result<Exit, Failure> {
    let message = find(client, id).await?;
    let devices = client.cancel(Some(message)).await?;
    report::confirm(globals, &Cancelled { id: message.to_string(), devices })?;
    Ok(Exit::Done)
}

/// The one message whose id begins so.
async fn find(client: &Client, id: &str) -> Result<MessageId, Failure> {
    let id = id.to_ascii_lowercase();
    let rows = client.outbox().await?;
    let mut found: Vec<MessageId> = rows.iter().map(|(_, row, _)| row.message).collect();
    found.retain(|message| message.to_string().starts_with(&id));
    found.dedup();
    match found.as_slice() {
        [message] => Ok(*message),
        [] => Err(Failure::new(Exit::Failed, format!("no message {id} is on its way"))
            .hint("msg outbox shows what is")),
        _ => Err(Failure::new(Exit::Usage, format!("several messages begin with {id}"))
            .hint("write more of the id")),
    }
}
