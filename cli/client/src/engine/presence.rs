//! Who is there: sealed pings that no relay keeps, and answers to them.
//!
//! A contact learns that we are there only if the owner has chosen so. What a ping
//! was worth is known by its answer alone: the relay says the same whether or not a
//! device is there.

use msg_protocol::{
    bounded::List,
    content::{Confirm, Content, Message, Ping, Pong},
    envelope::{Envelope, EnvelopeKind},
    id::{AccountId, EnvelopeId, MailboxId, MessageId},
    request::Access,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{
    EngineError,
    account::Own,
    cards, contacts,
    outbox::{self, Parcel},
    sessions::{Opened, PeerDevice, Sessions},
    settings,
};
use crate::{
    rows::{ContactRow, PresenceRow, Read as _, contact::key},
    step::Draft,
    store::{Rows, StoreError},
};

/// Pings without an answer, after which there is one a day: each moves the session
/// on, and a device that is away for long has to catch up.
const MAX_UNANSWERED: u32 = 100;
/// Answers to one contact in one second.
const MAX_ANSWERS: u32 = 4;
/// Days that an envelope which nobody keeps is good for.
const PASSING_DAYS: u32 = 1;

/// Asks somebody whether they are there: the ping, and what carries it. None if they
/// cannot be asked.
pub fn ping<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    account: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Option<(MessageId, Vec<Parcel>)>, EngineError> {
    let contact = contacts::with(draft, account)?.filter(ContactRow::is_accepted);
    let Some(contact) = contact else { return Ok(None) };
    let mut row = of(draft, account)?;
    if row.unanswered >= MAX_UNANSWERED && !now.is_days_after(row.pinged, 1) {
        return Ok(None);
    }
    let id = outbox::new_message_id(rng);
    let parcels = seal(draft, own, account, &contact, (id, Ping {}.into()), now, rng)?;
    if parcels.is_empty() {
        return Ok(None);
    }
    row.pinged = now;
    row.unanswered = row.unanswered.saturating_add(1);
    draft.write(&key(account), &row);
    Ok(Some((id, parcels)))
}

/// Whether somebody has answered a ping of ours.
pub fn has_answered(
    rows: &(impl Rows + ?Sized),
    account: AccountId,
    ping: MessageId,
) -> Result<bool, StoreError> {
    Ok(of(rows, account)?.answered == Some(ping))
}

/// An envelope came that no relay keeps. Gives what carries the answer, if there is
/// one: a few a second to each contact.
pub fn take<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    envelope: &Envelope,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<Parcel>, EngineError> {
    let own = Own::load(draft)?;
    if envelope.mailbox != own.mailbox() || envelope.kind == EnvelopeKind::Handshake {
        return Ok(Vec::new());
    }
    let found = Sessions::new(draft).open(envelope.kind, &envelope.body, now)?;
    let Some(Opened { peer, content: Ok((_, content)) }) = found else { return Ok(Vec::new()) };
    let Ok(message) = Message::decode(&content) else { return Ok(Vec::new()) };
    let account = AccountId::of(&peer.identity());
    let contact = contacts::with(draft, account)?.filter(ContactRow::is_accepted);
    let Some(contact) = contact else { return Ok(Vec::new()) };
    let mut row = of(draft, account)?;
    match message.content {
        Content::Pong(pong) => {
            row.answered = Some(pong.ping);
            row.unanswered = 0;
            draft.write(&key(account), &row);
            Ok(Vec::new())
        }
        Content::Ping(_) if settings::of(draft)?.presence => {
            if row.told != now {
                (row.told, row.told_times) = (now, 0);
            }
            if row.told_times >= MAX_ANSWERS {
                return Ok(Vec::new());
            }
            row.told_times += 1;
            draft.write(&key(account), &row);
            let answer = (outbox::new_message_id(rng), Pong { ping: message.id }.into());
            seal(draft, &own, account, &contact, answer, now, rng)
        }
        _ => Ok(Vec::new()),
    }
}

fn of(rows: &(impl Rows + ?Sized), account: AccountId) -> Result<PresenceRow, StoreError> {
    Ok(rows.row(&key(account))?.unwrap_or_default())
}

/// Seals for each device with which there is a session that was answered.
fn seal<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    account: AccountId,
    contact: &ContactRow,
    (id, content): (MessageId, Content),
    now: UnixSeconds,
    rng: &mut R,
) -> Result<Vec<Parcel>, EngineError> {
    let door = contact.door.clone().filter(|_| contact.alarm.is_none());
    let (Some(door), Some(place)) = (door, contact.place.clone()) else { return Ok(Vec::new()) };
    let card = cards::held(contact)?;
    let message = Message {
        id,
        sent_ms: now.0.saturating_mul(1_000),
        sender_card: own.card().reference(),
        recipient_card: card.reference(),
        confirm: Confirm::Never,
        group: None,
        content,
        extensions: List::empty(),
    };
    let message = message.encode()?;
    let mut sessions = Sessions::new(draft);
    let mut parcels = Vec::new();
    for device in card.devices.iter().map(msg_protocol::card::Device::id) {
        let peer = PeerDevice::new(&card.identity, device);
        let Some(sealed) = sessions.seal(&peer, &message, now, rng)? else { continue };
        // What begins a session is for keeping.
        if sealed.kind == EnvelopeKind::Handshake {
            continue;
        }
        let mut envelope = [0; 16];
        rng.fill_bytes(&mut envelope);
        parcels.push(Parcel {
            number: u64::MAX,
            account,
            relay: place.address.relay.clone(),
            pin: place.pin,
            access: Access::Door(door.clone()),
            envelope: Envelope {
                mailbox: MailboxId::of(account, device),
                id: EnvelopeId(envelope),
                kind: sealed.kind,
                expires: now.plus_days(PASSING_DAYS),
                body: sealed.body,
            },
        });
    }
    Ok(parcels)
}
