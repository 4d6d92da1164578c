//! By what right somebody writes to an account: door, token, ticket or none.
//! SPEC §"Requests", *Access*.

use msg_protocol::{
    id::AccountId,
    request::Access,
    secret::{Door, LinkToken, SALT_BYTES, SaltedHash, WorkTicket},
};

use super::{
    Service,
    refusal::{self, Answer},
};
use crate::store::{
    RelayTime, Store,
    account::{Account, DoorHashes},
    right::RightId,
};

/// A right that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// A contact.
    Door,
    /// A stranger with a right to first contact, and whether its fetch of
    /// one-time pairs is still to be had.
    Knock(RightId, bool),
    /// A stranger without.
    Nobody,
}

impl<S: Store> Service<S> {
    /// Checks a right to an account.
    pub(super) async fn admit(&self, account: &Account, access: &Access) -> Answer<Admitted> {
        let now = self.clock.relay_time();
        match access {
            Access::None => Ok(Admitted::Nobody),
            Access::Door(door) if admits(&account.door, door, now) => Ok(Admitted::Door),
            Access::Door(_) => Err(refusal::DENIED),
            Access::Token(token) => self.admit_token(account.id, token, now).await,
            Access::Ticket(ticket) => self.admit_ticket(account.id, ticket, now).await,
        }
    }

    async fn admit_token(
        &self,
        account: AccountId,
        token: &LinkToken,
        now: RelayTime,
    ) -> Answer<Admitted> {
        let mut admitted = None;
        for (id, right) in self.store.tokens(account, now).await? {
            if right.hash.admits(token) {
                admitted = Some(Admitted::Knock(id, right.fetch));
            }
        }
        admitted.ok_or(refusal::DENIED)
    }

    async fn admit_ticket(
        &self,
        account: AccountId,
        ticket: &WorkTicket,
        now: RelayTime,
    ) -> Answer<Admitted> {
        let id = ticket_id(ticket);
        let right = self.store.right(account, id, now).await?;
        right.map(|right| Admitted::Knock(id, right.fetch)).ok_or(refusal::DENIED)
    }
}

/// The hash by which a ticket is kept. Tickets are random as a whole, so they
/// need no salt to be told apart.
pub(super) fn ticket_hash(ticket: &WorkTicket) -> SaltedHash {
    SaltedHash::of(ticket, [0; SALT_BYTES])
}

/// What names a ticket in the store.
pub(super) fn ticket_id(ticket: &WorkTicket) -> RightId {
    RightId(*ticket_hash(ticket).digest())
}

/// Both doors are always tried, so that the time does not tell which one it was.
fn admits(doors: &DoorHashes, door: &Door, now: RelayTime) -> bool {
    let current = doors.current.admits(door);
    let previous = doors.previous.is_some_and(|(hash, until)| {
        let is_that_door = hash.admits(door);
        is_that_door && now < until
    });
    current | previous
}
