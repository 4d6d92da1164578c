//! Invitations: made, listed, revoked.

use msg_protocol::address::RelayLink;

use super::{Desk, hex};
use crate::{
    admin::{
        date,
        error::OrderError,
        report::{Invite, NewInvite, Report},
        serve::Reports,
    },
    config::registration_text,
    invitation::{self, Terms},
    store::{
        Store,
        right::{RightId, StoredInvite},
    },
};

/// Digits of an id that must be written.
const FEWEST_DIGITS: usize = 4;

impl<S: Store> Desk<S> {
    pub(super) async fn create_invite(
        &self,
        uses: u32,
        days: u32,
        note: String,
    ) -> Result<Report, OrderError> {
        let terms = Terms { uses, days, note: note.clone() };
        let made = invitation::make(&self.service, terms).await?;
        let (id, invite) = made.ok_or(OrderError::TooManyInvites)?;
        let expires = invitation::expiry(self.service.clock().relay_time(), days);
        let link = RelayLink {
            relay: self.relay.clone(),
            pin: Some(*self.pin.borrow()),
            invite: Some(invite),
        };
        Ok(Report::NewInvite(NewInvite {
            id: hex(&id.0),
            link: link.to_secret_text(),
            uses,
            expires: self.day(expires),
            note,
            registration: registration_text(self.service.policy().registration).to_owned(),
        }))
    }

    pub(super) async fn list_invites(&self, reports: &mut Reports) -> Result<(), OrderError> {
        for (id, invite) in self.invites().await? {
            let invite = Invite {
                id: hex(&id.0),
                uses: invite.uses,
                made: date::day(invite.created),
                expires: self.day(invite.expires),
                note: invite.note,
            };
            reports.put(&Report::Invite(invite)).await?;
        }
        Ok(())
    }

    /// Revokes the one invitation whose id begins so.
    pub(super) async fn revoke_invite(&self, id: &str) -> Result<Report, OrderError> {
        if id.len() < FEWEST_DIGITS {
            return Err(OrderError::NoSuchInvite);
        }
        let invites = self.invites().await?;
        let mut meant = invites.iter().filter(|(known, _)| hex(&known.0).starts_with(id));
        let (Some((found, _)), another) = (meant.next(), meant.next()) else {
            return Err(OrderError::NoSuchInvite);
        };
        if another.is_some() {
            return Err(OrderError::AmbiguousInvite);
        }
        if !self.service.store().revoke_invite(*found).await? {
            return Err(OrderError::NoSuchInvite);
        }
        Ok(Report::Done { message: "the invitation is good for nothing from now on".to_owned() })
    }

    async fn invites(&self) -> Result<Vec<(RightId, StoredInvite)>, OrderError> {
        Ok(self.service.store().invites(self.service.clock().relay_time()).await?)
    }
}
