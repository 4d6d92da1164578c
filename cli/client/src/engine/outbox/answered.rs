//! What relays say to envelopes.

use msg_protocol::{
    content::Confirm,
    error::{Code, Refusal},
    id::EnvelopeId,
    request::Access,
    time::UnixSeconds,
};

use super::{EngineError, levels};
use crate::{
    engine::contacts,
    rows::{Level, OutboxRow, OutboxState, Read as _, contact::key},
    step::Draft,
    store::Table,
};

/// What a relay said to a parcel.
#[derive(Debug, Clone)]
pub struct Deposited {
    /// Its row.
    pub number: u64,
    /// Its envelope.
    pub envelope: EnvelopeId,
    /// The right that was shown.
    pub access: Access,
    /// That it has it, or why not.
    pub answer: Result<(), Refusal>,
}

/// Takes in what a relay said.
pub fn deposited(
    draft: &Draft<'_>,
    answers: &[Deposited],
    now: UnixSeconds,
) -> Result<(), EngineError> {
    for answer in answers {
        let number = answer.number.to_be_bytes();
        let Some(mut row): Option<OutboxRow> = draft.row(&number)? else {
            continue;
        };
        let OutboxState::Sealed(sealing) = &row.state else { continue };
        if sealing.envelope != answer.envelope {
            continue;
        }
        match &answer.answer {
            Ok(()) => {
                levels::raise(draft, row.account, row.message, Level::Relay)?;
                if row.confirm == Confirm::Never {
                    draft.remove(Table::Outbox, &number);
                    continue;
                }
                row.state = OutboxState::Deposited(sealing.clone());
                row.tries = 0;
            }
            Err(refusal) => refused(draft, &mut row, &answer.access, refusal, now)?,
        }
        draft.write(&number, &row);
    }
    Ok(())
}

fn refused(
    draft: &Draft<'_>,
    row: &mut OutboxRow,
    shown: &Access,
    refusal: &Refusal,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    let later = u64::from(refusal.retry_after_s.unwrap_or(0)).max(1);
    (row.tried, row.next_try) = (now, UnixSeconds(now.0.saturating_add(later)));
    let Some(mut contact) = contacts::with(draft, row.account)? else { return Ok(()) };
    match refusal.code {
        // The right is no good any more: another door may be on its way to us.
        Code::DENIED | Code::WORK_REQUIRED => {
            contact.drop_access(shown);
            row.state = OutboxState::Queued;
            draft.write(&key(row.account), &contact);
        }
        // The device may have gone: the card says.
        Code::NOT_FOUND => {
            contact.card_checked = UnixSeconds(0);
            draft.write(&key(row.account), &contact);
        }
        _ if refusal.keep => {}
        code => {
            let why = code.text().map_or_else(|| format!("code {}", code.0), str::to_owned);
            row.state = OutboxState::Failed(why);
            levels::fail(draft, row.account, row.message)?;
        }
    }
    Ok(())
}
