//! The work that a stranger does for a first contact. SPEC §"Proof of work".

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use msg_protocol::{
    id::AccountId,
    request::{AskWork, RedeemWork},
    response::{Ticket, WorkChallenge},
    work::WorkTooHardError,
};

use super::{Link, LinkError};
use crate::world::aside;

/// Nonces that are tried between two looks whether anybody still waits.
const NONCES: u64 = 4_096;

/// Works for a ticket to knock at that account with. Dropped, it stops working.
pub async fn knock_ticket(link: &Link, target: AccountId) -> Result<Ticket, LinkError> {
    let work = link.ask(AskWork { target }).await?;
    let nonce = tokio::select! {
        biased;
        nonce = solve(work, target) => nonce?,
        reason = link.closed() => return Err(reason),
    };
    link.ask(RedeemWork { target, challenge: work.challenge, nonce }).await
}

async fn solve(work: WorkChallenge, target: AccountId) -> Result<u64, LinkError> {
    let wanted = Wanted(Arc::new(AtomicBool::new(true)));
    let still = Arc::clone(&wanted.0);
    let search = aside(move || search(&work, target, &still));
    search.await.map_err(|_| LinkError::Here)??.ok_or(LinkError::Here)
}

pub(super) fn search(
    work: &WorkChallenge,
    target: AccountId,
    wanted: &AtomicBool,
) -> Result<Option<u64>, WorkTooHardError> {
    let mut from = 0_u64;
    while wanted.load(Ordering::Relaxed) {
        let to = from.saturating_add(NONCES);
        if let Some(nonce) = work.solve(target, from..to)? {
            return Ok(Some(nonce));
        }
        from = to;
    }
    Ok(None)
}

/// Whether anybody waits for the answer.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
