//! A registration: the account, its first card, its device and the use of an
//! invitation.

use super::device::add_device;
use crate::store::{
    RelayTime,
    account::{Creation, NewAccount},
    postgres::{
        failure::Failure,
        line::Line,
        pool::Change,
        value::{bytes, number},
    },
    right::RightId,
};

/// Makes an account.
pub(super) struct CreateAccount {
    pub(super) new: NewAccount,
    pub(super) now: RelayTime,
}

impl Change for CreateAccount {
    type Outcome = Creation;

    /// Who registers the same name or identity meanwhile is in the way of the
    /// insertion, which takes back the use of the invitation; the next try finds
    /// them taken.
    async fn run(&self, line: &Line) -> Result<Creation, Failure> {
        const TAKEN: &str = "SELECT FROM account WHERE id = $1 OR name = $2";
        let Self { new, now } = self;
        let id = new.card.account();
        if line.row(TAKEN, &[&id.0.as_slice(), &new.card.name.as_str()]).await?.is_some() {
            return Ok(Creation::Taken);
        }
        if let Some(invite) = new.invite
            && !use_invite(line, invite, *now).await?
        {
            return Ok(Creation::NoInvite);
        }
        insert(line, new).await?;
        for device in &new.card.devices {
            add_device(line, id, device.id(), &new.device_credential).await?;
        }
        Ok(Creation::Created)
    }
}

/// Uses an invitation up by one.
async fn use_invite(line: &Line, invite: RightId, now: RelayTime) -> Result<bool, Failure> {
    const USE: &str =
        "UPDATE invite SET uses = uses - 1 WHERE id = $1 AND uses > 0 AND expires > $2";
    Ok(line.execute(USE, &[&invite.0.as_slice(), &number(now.0)]).await? > 0)
}

async fn insert(line: &Line, new: &NewAccount) -> Result<(), Failure> {
    const ACCOUNT: &str = "INSERT INTO account (id, name, version, card, credential, door, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let id = new.card.account();
    let (id, version) = (id.0.as_slice(), i64::from(new.card.version));
    let card = bytes(new.card.as_signed());
    let (credential, door) = (bytes(&new.credential), bytes(&new.door));
    let (name, created) = (new.card.name.as_str(), i64::from(new.created.0));
    line.execute(ACCOUNT, &[&id, &name, &version, &card, &credential, &door, &created]).await?;
    line.execute(INSERT_CARD, &[&id, &version, &card]).await?;
    Ok(())
}

/// Keeps a card among those of its account.
pub(super) const INSERT_CARD: &str = "INSERT INTO card (acct, version, card) VALUES ($1, $2, $3)";
