//! The responder's side: from a first flight to a session and its first content.
//!
//! A one-time pair is destroyed, and a last-resort handshake remembered, only
//! when the body has opened: what does not open changes nothing. SPEC §4.

use alloc::vec::Vec;

use msg_protocol::{
    card::{Card, CardHash, CardRef},
    envelope::Body,
    id::DeviceId,
    key::{AgreementKey, IdentityKey, Signature},
    prekey::PrekeyId,
    signed::{Signed, Verified, VerifyError},
    time::UnixSeconds,
};

use super::{
    Flight, HandshakeName,
    block::{BlockError, KemChoice},
    schedule::{FirstTranscript, SecondTranscript, Secrets},
};
use crate::{
    agreement::{AgreementSecret, NonContributory},
    error::Fault,
    identity::DeviceSecret,
    kem::KemSecret,
    padding::unpadded_length,
    prekey::OwnPrekeys,
    ratchet::{OpenError, Ratchet},
    session::{Peer, Session},
};

/// Why a first flight was refused. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// Not the layout of a first flight.
    #[error("malformed handshake")]
    Malformed,
    /// A suite that this version does not know.
    #[error("handshake uses unknown suite {0}")]
    UnknownSuite(u8),
    /// It names a version of our card that we never had.
    #[error("handshake is for version {0} of our card, which we never published")]
    UnknownCard(u32),
    /// It names a prekey that we never had, or no longer have.
    #[error("handshake uses prekey {}, which is spent or unknown", .0.0)]
    UnknownPrekey(PrekeyId),
    /// This first flight has been accepted before.
    #[error("handshake was accepted before")]
    Replayed,
    /// So many handshakes have used this last-resort key that no more can be remembered.
    #[error("last-resort prekey {} has served too often", .0.0)]
    LastResortExhausted(PrekeyId),
    /// The initiator's part does not authenticate.
    #[error("handshake does not authenticate")]
    SealRefused,
    /// The card in it is not properly signed.
    #[error("initiator's card refused")]
    BadCard(#[from] VerifyError),
    /// The device in it is not on that card.
    #[error("initiator's device is not on the initiator's card")]
    DeviceNotOnCard,
    /// A key in it is of low order.
    #[error(transparent)]
    NonContributory(#[from] NonContributory),
    /// The handshake is good, the message behind it is not.
    #[error("first message refused")]
    Message(#[from] OpenError),
}

impl AcceptError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

impl From<BlockError> for AcceptError {
    fn from(error: BlockError) -> Self {
        match error {
            BlockError::UnknownSuite(suite) => Self::UnknownSuite(suite),
            BlockError::Malformed => Self::Malformed,
        }
    }
}

/// The versions of our own card, so that a flight sealed to an older one opens.
pub struct CardHistory {
    identity: IdentityKey,
    cards: Vec<CardRef>,
}

impl CardHistory {
    /// A history with one card in it.
    pub fn new(card: &Verified<Card>) -> Self {
        Self { identity: card.identity, cards: alloc::vec![card.reference()] }
    }

    /// A history from what has been stored.
    pub fn from_parts(identity: IdentityKey, cards: Vec<CardRef>) -> Self {
        Self { identity, cards }
    }

    /// Adds a newer version.
    pub fn push(&mut self, card: CardRef) {
        self.cards.push(card);
    }

    fn hash_of(&self, version: u32) -> Option<CardHash> {
        self.cards.iter().find(|card| card.version == version).map(|card| card.hash)
    }
}

/// What a first flight gave.
#[must_use]
pub struct Accepted {
    /// The new session.
    pub session: Session,
    /// The content of the first message.
    pub content: Vec<u8>,
    /// The initiator's card. Its identity is proven; whether you know it is yours to say.
    pub initiator: Verified<Card>,
}

/// The name of a body's handshake, by which a second copy finds its session.
pub fn handshake_name(body: &Body) -> Result<HandshakeName, AcceptError> {
    Ok(Flight::parse(body.as_bytes())?.block.name())
}

/// Accepts a first flight.
///
/// A flight whose session exists already belongs to that session
/// ([`Session::open`] knows it); this makes new ones only. The changed
/// `prekeys` and the session must become durable together.
pub fn accept(
    body: &Body,
    device: &DeviceSecret,
    cards: &CardHistory,
    prekeys: &mut OwnPrekeys,
    now: UnixSeconds,
) -> Result<Accepted, AcceptError> {
    let flight = Flight::parse(body.as_bytes())?;
    let keys = RecipientKeys::find(&flight, prekeys)?;
    let accepted = open_flight(&flight, device, cards, &keys, now)?;
    match flight.block.kem {
        KemChoice::OneTime(id) => prekeys.spend_one_time(id),
        KemChoice::LastResort(id) => prekeys.remember(id, flight.block.name()),
    }
    Ok(accepted)
}

/// The private keys that a flight was sealed to.
struct RecipientKeys<'a> {
    signed: &'a AgreementSecret,
    one_time: Option<AgreementSecret>,
    kem: KemRef<'a>,
}

enum KemRef<'a> {
    OneTime(KemSecret),
    LastResort(&'a KemSecret),
}

impl KemRef<'_> {
    fn key(&self) -> &KemSecret {
        match self {
            Self::OneTime(key) => key,
            Self::LastResort(key) => key,
        }
    }
}

impl<'a> RecipientKeys<'a> {
    fn find(flight: &Flight<'_>, prekeys: &'a OwnPrekeys) -> Result<Self, AcceptError> {
        let block = &flight.block;
        let signed = prekeys
            .signed(block.signed_prekey)
            .ok_or(AcceptError::UnknownPrekey(block.signed_prekey))?;
        match block.kem {
            KemChoice::OneTime(id) => {
                let pair = prekeys.one_time(id).ok_or(AcceptError::UnknownPrekey(id))?;
                let (agreement, kem) = pair.expand();
                Ok(Self { signed, one_time: Some(agreement), kem: KemRef::OneTime(kem) })
            }
            KemChoice::LastResort(id) => {
                let found = prekeys.last_resort(id).ok_or(AcceptError::UnknownPrekey(id))?;
                if found.has_seen(&block.name()) {
                    return Err(AcceptError::Replayed);
                }
                if found.is_full() {
                    return Err(AcceptError::LastResortExhausted(id));
                }
                Ok(Self { signed, one_time: None, kem: KemRef::LastResort(&found.key) })
            }
        }
    }
}

fn open_flight(
    flight: &Flight<'_>,
    device: &DeviceSecret,
    cards: &CardHistory,
    keys: &RecipientKeys<'_>,
    now: UnixSeconds,
) -> Result<Accepted, AcceptError> {
    let block = &flight.block;
    let card =
        cards.hash_of(block.card_version).ok_or(AcceptError::UnknownCard(block.card_version))?;
    let th1 = FirstTranscript {
        card,
        device: device.id(),
        agreement: device.agreement().public(),
        signed_id: block.signed_prekey,
        signed: keys.signed.public(),
        one_time: keys.one_time.as_ref().map(AgreementSecret::public),
        kem_id: block.kem.id(),
        kem: keys.kem.key().public(),
        ek: &block.ek,
        ct: &block.ct,
    }
    .hash();
    let secrets = Secrets {
        dh2: device.agreement().agree(&block.ek)?,
        dh3: keys.signed.agree(&block.ek)?,
        dh4: keys.one_time.as_ref().map(|key| key.agree(&block.ek)).transpose()?,
        kem: keys.kem.key().decapsulate(&block.ct),
    };
    let part = secrets.open(&th1, &block.sealed).map_err(|_| AcceptError::SealRefused)?;
    let initiator = InitiatorPart::read(&part)?;
    let dh1 = keys.signed.agree(&initiator.agreement)?;
    let th2 = SecondTranscript {
        th1: &th1,
        sealed: &block.sealed,
        initiator: &initiator.card.identity,
        responder: &cards.identity,
        agreement: &initiator.agreement,
        device: initiator.device,
        card: initiator.card.hash(),
    }
    .hash();
    let (ratchet, content) =
        Ratchet::respond(secrets.session(&dh1, &th2), keys.signed, &flight.wire, &th2, now)?;
    let peer = Peer {
        identity: initiator.card.identity,
        device: initiator.device,
        card: initiator.card.reference(),
    };
    let session = Session::accepted(th2, initiator.generation, peer, flight, ratchet);
    Ok(Accepted { session, content, initiator: initiator.card })
}

/// What the initiator says of itself under the seal.
struct InitiatorPart {
    generation: u64,
    device: DeviceId,
    agreement: AgreementKey,
    card: Verified<Card>,
}

impl InitiatorPart {
    fn read(padded: &[u8]) -> Result<Self, AcceptError> {
        let length = unpadded_length(padded).map_err(|_| AcceptError::Malformed)?;
        let part = padded.get(..length).ok_or(AcceptError::Malformed)?;
        let (generation, device, signed) = Self::split(part).ok_or(AcceptError::Malformed)?;
        let card = signed.verify_by_own_identity()?;
        let agreement = card.device(device).ok_or(AcceptError::DeviceNotOnCard)?.agreement;
        Ok(Self { generation, device, agreement, card })
    }

    fn split(part: &[u8]) -> Option<(u64, DeviceId, Signed<Card>)> {
        let (generation, rest) = part.split_first_chunk()?;
        let (device, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (raw, signature) = rest.split_at_checked(length)?;
        let signature = Signature(signature.try_into().ok()?);
        Some((
            u64::from_be_bytes(*generation),
            DeviceId(*device),
            Signed::from_parts(raw.to_vec(), signature),
        ))
    }
}
