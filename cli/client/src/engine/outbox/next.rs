//! What is to be done next for a row of the outbox.

use msg_protocol::time::UnixSeconds;

use crate::rows::{OutboxRow, OutboxState, Sealing};

/// Days after which what is not confirmed is sealed anew.
const ANEW_DAYS: u32 = 1;

/// What that is.
pub(super) enum Next {
    /// Seal it.
    Seal,
    /// Seal it once more: nobody has confirmed it for long.
    Anew,
    /// Deposit the same once more.
    Again(Sealing),
}

impl Next {
    /// Nothing, if it is not due.
    pub(super) fn of(row: &OutboxRow, now: UnixSeconds) -> Option<Self> {
        match &row.state {
            OutboxState::Queued if row.is_due(now) => Some(Self::Seal),
            OutboxState::Sealed(sealing) if row.is_due(now) => {
                let is_old = now.is_days_after(sealing.sealed, ANEW_DAYS);
                Some(if is_old { Self::Seal } else { Self::Again(sealing.clone()) })
            }
            OutboxState::Deposited(sealing) if now.is_days_after(sealing.sealed, ANEW_DAYS) => {
                Some(Self::Anew)
            }
            _ => None,
        }
    }
}
