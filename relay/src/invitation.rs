//! Invitations: made here, shown once, and kept as a hash.

use msg_protocol::secret::{Invite, SaltedHash};

use crate::{
    clock::{Clock, DAY_S},
    random,
    service::Service,
    store::{
        RelayTime, Store, StoreError,
        right::{RightId, StoredInvite},
    },
};

/// Why there is no invitation. The environment's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum InvitationError {
    /// The operating system gives no randomness.
    #[error(transparent)]
    Random(#[from] random::RandomError),
    /// The store cannot keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an invitation is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Accounts.
    pub(crate) uses: u32,
    /// Days.
    pub(crate) days: u32,
    /// The operator's own words.
    pub(crate) note: String,
}

/// Makes an invitation; `None` if there are as many as there may be.
pub(crate) async fn make<S: Store>(
    service: &Service<S>,
    terms: Terms,
) -> Result<Option<(RightId, Invite)>, InvitationError> {
    let invite = Invite::new(random::bytes()?);
    let now = service.clock().relay_time();
    let stored = StoredInvite {
        hash: SaltedHash::of(&invite, random::bytes()?),
        uses: terms.uses,
        expires: expiry(now, terms.days),
        created: Clock::wall().day(),
        note: terms.note,
    };
    let limit = usize::try_from(service.limits().invites).unwrap_or(usize::MAX);
    let id = RightId(*stored.hash.digest());
    let kept = service.store().add_invite(id, stored, limit, now).await?;
    Ok(kept.then_some((id, invite)))
}

/// When an invitation of so many days expires.
pub(crate) fn expiry(now: RelayTime, days: u32) -> RelayTime {
    now.plus_s(u64::from(days) * DAY_S)
}

/// The invitation of a relay that has neither accounts nor invitations, so that
/// its operator is never locked out. Nobody is known by then who could have lost
/// one, so another may be made at each start.
pub(crate) async fn first<S: Store>(
    service: &Service<S>,
) -> Result<Option<Invite>, InvitationError> {
    const DAYS: u32 = 30;
    let now = service.clock().relay_time();
    let is_used = !service.store().accounts(None, 1).await?.is_empty()
        || !service.store().invites(now).await?.is_empty();
    if is_used {
        return Ok(None);
    }
    let made = make(service, Terms { uses: 1, days: DAYS, note: "first start".to_owned() }).await?;
    Ok(made.map(|(_, invite)| invite))
}
