//! The initiator's side: from a verified card and bundle to a session. SPEC §4.

use alloc::vec::Vec;

use msg_protocol::{
    card::Card,
    id::DeviceId,
    key::{AgreementKey, KemKey},
    prekey::{BundleKem, VerifiedBundle},
    signed::Verified,
};
use rand_core::CryptoRng;

use super::{
    block::{Block, INITIATOR_SIZES, KemChoice},
    schedule::{FirstTranscript, SecondTranscript, Secrets},
};
use crate::{
    agreement::{AgreementSecret, NonContributory},
    error::Fault,
    identity::DeviceSecret,
    kem::{self, BadKemKey},
    padding::pad,
    ratchet::Ratchet,
    session::{Peer, Session},
};

/// Why no session could be begun. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InitiateError {
    /// Our own device is not on our own card.
    #[error("this device is not on its own account's card")]
    OwnDeviceNotOnCard,
    /// The bundle's device is not on the recipient's card.
    #[error("recipient's device is not on the recipient's card")]
    DeviceNotOnCard,
    /// A key of the recipient's is of low order.
    #[error(transparent)]
    NonContributory(#[from] NonContributory),
    /// The recipient's KEM key is malformed.
    #[error(transparent)]
    BadKemKey(#[from] BadKemKey),
}

impl InitiateError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::OwnDeviceNotOnCard => Fault::Caller,
            _ => Fault::Peer,
        }
    }
}

/// Who begins a session: a device, and the card that it is on.
#[derive(Clone, Copy)]
pub struct Initiator<'a> {
    /// Our device's keys.
    pub device: &'a DeviceSecret,
    /// Our account's card.
    pub card: &'a Verified<Card>,
}

/// Begins a session with a device on `recipient`'s card.
///
/// `generation` orders the sessions of this pair of devices:
/// [`crate::session::pair::PeerSessions::next_generation`] gives it.
pub fn initiate<R: CryptoRng + ?Sized>(
    initiator: Initiator<'_>,
    recipient: &Verified<Card>,
    bundle: &VerifiedBundle,
    generation: u64,
    rng: &mut R,
) -> Result<Session, InitiateError> {
    let own_id = initiator.device.id();
    initiator.card.device(own_id).ok_or(InitiateError::OwnDeviceNotOnCard)?;
    let device = recipient.device(bundle.device()).ok_or(InitiateError::DeviceNotOnCard)?;
    let signed = bundle.signed();
    let kem_key = KemPrekey::of(bundle.kem());

    let ephemeral = AgreementSecret::generate(rng);
    let (ct, shared) = kem::encapsulate(kem_key.kem, rng)?;
    let dh1 = initiator.device.agreement().agree(&signed.key)?;
    let secrets = Secrets {
        dh2: ephemeral.agree(&device.agreement)?,
        dh3: ephemeral.agree(&signed.key)?,
        dh4: kem_key.one_time.map(|key| ephemeral.agree(key)).transpose()?,
        kem: shared,
    };
    let th1 = FirstTranscript {
        card: recipient.hash(),
        device: bundle.device(),
        agreement: &device.agreement,
        signed_id: signed.id,
        signed: &signed.key,
        one_time: kem_key.one_time,
        kem_id: kem_key.choice.id(),
        kem: kem_key.kem,
        ek: ephemeral.public(),
        ct: &ct,
    }
    .hash();
    let part = initiator_part(generation, own_id, initiator.card);
    let block = Block {
        card_version: recipient.version,
        signed_prekey: signed.id,
        kem: kem_key.choice,
        ek: *ephemeral.public(),
        ct,
        sealed: secrets.seal(&th1, part),
    };
    let th2 = SecondTranscript {
        th1: &th1,
        sealed: &block.sealed,
        initiator: &initiator.card.identity,
        responder: &recipient.identity,
        agreement: initiator.device.agreement().public(),
        device: own_id,
        card: initiator.card.hash(),
    }
    .hash();
    let peer =
        Peer { identity: recipient.identity, device: bundle.device(), card: recipient.reference() };
    let ratchet = Ratchet::initiate(secrets.session(&dh1, &th2), signed.key);
    Ok(Session::begun(th2, generation, peer, &block, ratchet))
}

/// The KEM key of a bundle, with the X25519 key that comes with it.
struct KemPrekey<'a> {
    choice: KemChoice,
    kem: &'a KemKey,
    one_time: Option<&'a AgreementKey>,
}

impl<'a> KemPrekey<'a> {
    fn of(bundle: &'a BundleKem) -> Self {
        match bundle {
            BundleKem::OneTime(pair) => Self {
                choice: KemChoice::OneTime(pair.id),
                kem: &pair.kem,
                one_time: Some(&pair.agreement),
            },
            BundleKem::LastResort(key) => {
                Self { choice: KemChoice::LastResort(key.id), kem: &key.key, one_time: None }
            }
        }
    }
}

fn initiator_part(generation: u64, device: DeviceId, card: &Verified<Card>) -> Vec<u8> {
    let raw = card.as_signed().raw();
    let mut part = Vec::new();
    part.extend_from_slice(&generation.to_be_bytes());
    part.extend_from_slice(device.as_bytes());
    part.extend_from_slice(&u16::try_from(raw.len()).unwrap_or(u16::MAX).to_be_bytes());
    part.extend_from_slice(raw);
    part.extend_from_slice(&card.as_signed().signature().0);
    let size = INITIATOR_SIZES.into_iter().find(|size| *size > part.len());
    pad(&mut part, size.unwrap_or(usize::MAX));
    part
}
