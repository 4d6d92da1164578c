//! Sessions begun from the prekeys that a relay handed out.

use msg_crypto::initiate;
use msg_protocol::{id::AccountId, prekey::PrekeyBundle, request::Access, time::UnixSeconds};
use rand_core::CryptoRng;

use super::{EngineError, all, cards, outgoing::pause_s};
use crate::{
    engine::{
        account::Own,
        contacts,
        sessions::{PeerDevice, Sessions},
    },
    rows::{OutboxState, RightRow, contact::key},
    step::Draft,
};

/// A right to knock was bought.
pub fn bought(draft: &Draft<'_>, account: AccountId, right: RightRow) -> Result<(), EngineError> {
    if let Some(mut row) = contacts::with(draft, account)? {
        row.right = Some(right);
        draft.write(&key(account), &row);
    }
    Ok(())
}

/// Begins sessions with the devices whose prekeys were handed out; gives how many
/// there are. Bundles that do not check are passed over.
pub fn begin<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    account: AccountId,
    shown: &Access,
    bundles: Vec<PrekeyBundle>,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<usize, EngineError> {
    let Some(mut row) = contacts::with(draft, account)? else { return Ok(0) };
    if let Some(right) = row.right.as_mut().filter(|right| right.access == *shown) {
        right.fetch = false;
        draft.write(&key(account), &row);
    }
    let card = cards::held(&row)?;
    let mut sessions = Sessions::new(draft);
    let mut begun = 0;
    for bundle in bundles {
        let Some(device) = card.device(bundle.device) else { continue };
        let Ok(bundle) = bundle.verify(device, now.day()) else { continue };
        let peer = PeerDevice::new(&card.identity, bundle.device());
        if sessions.can_seal(&peer)? {
            continue;
        }
        let generation = sessions.with(&peer)?.next_generation(now);
        let Ok(session) = initiate(own.initiator(), &card, &bundle, generation, rng) else {
            continue;
        };
        sessions.adopt(&peer, session, now)?;
        begun += 1;
    }
    Ok(begun)
}

/// A relay refused to hand out prekeys for the right that was shown, or could not
/// be asked. A right that is no good any more is dropped; what waits, waits longer.
pub fn not_opened(
    draft: &Draft<'_>,
    account: AccountId,
    shown: Option<&Access>,
    is_denied: bool,
    now: UnixSeconds,
) -> Result<(), EngineError> {
    if let (Some(shown), true, Some(mut row)) = (shown, is_denied, contacts::with(draft, account)?)
    {
        row.drop_access(shown);
        draft.write(&key(account), &row);
    }
    for (number, mut row) in all(draft)? {
        if row.account == account && row.is_due(now) && row.state == OutboxState::Queued {
            row.tries = row.tries.saturating_add(1);
            row.tried = now;
            row.next_try = UnixSeconds(now.0.saturating_add(pause_s(row.tries)));
            draft.write(&number.to_be_bytes(), &row);
        }
    }
    Ok(())
}
