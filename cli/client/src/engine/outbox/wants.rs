//! The sessions that are missing for what is queued.

use msg_protocol::{
    id::{AccountId, DeviceId},
    request::Access,
    time::UnixSeconds,
};

use super::{EngineError, addressees::Addressees, all, next::Next};
use crate::{
    engine::{
        sessions::{PeerDevice, Sessions},
        settings,
    },
    rows::Place,
    step::Draft,
};

/// A session that is needed before anything can be sealed.
#[derive(Debug, Clone)]
pub struct Want {
    /// With whom.
    pub account: AccountId,
    /// Where they live.
    pub place: Place,
    /// With which devices.
    pub devices: Vec<DeviceId>,
    /// The right to take prekeys; none has to be bought first.
    pub access: Option<Access>,
}

/// Sessions that are needed for what is queued.
pub(super) fn wants(
    draft: &Draft<'_>,
    only: Option<&[AccountId]>,
    now: UnixSeconds,
) -> Result<Vec<Want>, EngineError> {
    let mut sessions = Sessions::new(draft);
    let mut addressees = Addressees::new(draft);
    let settings = settings::of(draft)?;
    let mut wants: Vec<Want> = Vec::new();
    for (_, row) in all(draft)? {
        let is_meant = only.is_none_or(|only| only.contains(&row.account));
        let next = Next::of(&row, now);
        if !is_meant || !matches!(next, Some(Next::Seal | Next::Anew)) {
            continue;
        }
        let Some(contact) = addressees.find(row.account)? else { continue };
        if !contact.hears(&row.content) || contact.is_held(draft, &settings, &row)? {
            continue;
        }
        if contact.row.door.is_none() && matches!(next, Some(Next::Anew)) {
            continue;
        }
        let Some(place) = contact.row.place.clone() else { continue };
        let peer = PeerDevice::new(&contact.card.card.identity, row.device);
        let right = contact.row.right.as_ref().filter(|right| right.expires > now);
        let is_stuck = contact.row.door.is_none() && right.is_some_and(|right| right.knocks == 0);
        let has_right = contact.row.door.is_some() || right.is_some();
        if is_stuck || (has_right && sessions.can_seal(&peer)?) {
            continue;
        }
        let access = match (&contact.row.door, right) {
            (Some(door), _) => Some(Access::Door(door.clone())),
            (None, Some(right)) => {
                Some(if right.fetch { right.access.clone() } else { Access::None })
            }
            (None, None) => None,
        };
        match wants.iter_mut().find(|want| want.account == row.account) {
            Some(want) if want.devices.contains(&row.device) => {}
            Some(want) => want.devices.push(row.device),
            None => {
                wants.push(Want { account: row.account, place, devices: vec![row.device], access });
            }
        }
    }
    Ok(wants)
}
