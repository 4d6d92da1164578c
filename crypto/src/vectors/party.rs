//! The two accounts of a handshake, with everything private in sight.

use msg_protocol::{
    card::Card,
    codec,
    prekey::{LastResortPrekey, OneTimePair, PrekeyBundle, SignedPrekey, VerifiedBundle},
    signed::{Signed, Verified},
    time::UnixSeconds,
};

use super::{
    card::{TODAY, devices, first_card, signed_json},
    draws::Draws,
    json::{Json, object},
};
use crate::{
    agreement::AgreementSecret,
    identity::{DeviceSecret, IdentitySecret},
    kem::{KemSecret, SEED_BYTES},
    prekey::OwnPrekeys,
    secret::Secret,
};

/// When all of the vectors happen.
pub(crate) const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// An account with one device of its own.
pub(crate) struct Party {
    identity: Secret<32>,
    signing: Secret<32>,
    agreement: Secret<32>,
    pub(crate) device: DeviceSecret,
    pub(crate) card: Verified<Card>,
}

impl Party {
    /// A new account; so many other devices stand on its card before its own.
    pub(crate) fn new(name: &str, others: usize, rng: &mut Draws) -> Self {
        let (identity, signing, agreement) = (rng.secret(), rng.secret(), rng.secret());
        let device = DeviceSecret::from_seeds(&signing, &agreement);
        let mut devices = devices(others, rng);
        devices.push(device.public(TODAY));
        let card = first_card(name, &IdentitySecret::from_seed(&identity), devices);
        Self { identity, signing, agreement, device, card }
    }

    /// Every key, and the card.
    pub(crate) fn to_json(&self) -> Json {
        object! {
            "identity": &self.identity,
            "signing": &self.signing,
            "agreement": &self.agreement,
            "device": self.device.id().as_bytes(),
            "card": signed_json(self.card.as_signed()),
        }
    }
}

/// One prekey of each kind: private halves, and what is published.
pub(crate) struct Prekeys {
    pub(crate) signed_half: Secret<32>,
    last_resort_half: Secret<SEED_BYTES>,
    one_time_halves: (Secret<32>, Secret<SEED_BYTES>),
    pub(crate) own: OwnPrekeys,
    pub(crate) signed: Signed<SignedPrekey>,
    last_resort: Signed<LastResortPrekey>,
    one_time: Signed<OneTimePair>,
}

impl Prekeys {
    /// Makes and signs them.
    pub(crate) fn new(device: &DeviceSecret, rng: &mut Draws) -> Self {
        let (signed_half, last_resort_half) = (rng.secret(), rng.secret());
        let one_time_halves = (rng.secret(), rng.secret());
        let mut own = OwnPrekeys::default();
        let key = AgreementSecret::from_bytes(&signed_half);
        let signed = own.add_signed(device, key, NOW);
        let key = KemSecret::from_seed(last_resort_half.duplicate());
        let last_resort = own.add_last_resort(device, key, NOW);
        let (agreement, kem) = &one_time_halves;
        let one_time = own.add_one_time(device, agreement.duplicate(), kem.duplicate());
        Self { signed_half, last_resort_half, one_time_halves, own, signed, last_resort, one_time }
    }

    /// What the relay hands out.
    pub(crate) fn bundle(&self, device: &DeviceSecret, with_pair: bool) -> PrekeyBundle {
        PrekeyBundle {
            device: device.id(),
            signed: self.signed.clone(),
            last_resort: self.last_resort.clone(),
            one_time: with_pair.then(|| self.one_time.clone()),
        }
    }

    /// The private halves of the KEM key that serves, and of the X25519 key with it.
    pub(crate) fn serving(&self, with_pair: bool) -> (KemSecret, Option<AgreementSecret>) {
        let (agreement, kem) = &self.one_time_halves;
        if with_pair {
            let agreement = AgreementSecret::from_bytes(agreement);
            return (KemSecret::from_seed(kem.duplicate()), Some(agreement));
        }
        (KemSecret::from_seed(self.last_resort_half.duplicate()), None)
    }

    /// The id of the signed prekey, and of the KEM key that serves.
    pub(crate) fn ids(&self, with_pair: bool) -> [u32; 2] {
        let kem = if with_pair {
            self.one_time.peek_unverified().unwrap().id
        } else {
            self.last_resort.peek_unverified().unwrap().id
        };
        [self.signed.peek_unverified().unwrap().id.0, kem.0]
    }

    /// The private halves, in the order in which they were made.
    pub(crate) fn to_json(&self) -> Json {
        let (agreement, kem) = &self.one_time_halves;
        let ([signed, one_time], [_, last_resort]) = (self.ids(true), self.ids(false));
        object! {
            "made": NOW.0,
            "signed": object! { "id": signed, "private": &self.signed_half },
            "last_resort": object! { "id": last_resort, "seed": &self.last_resort_half },
            "one_time": object! { "id": one_time, "agreement": agreement, "kem": kem },
        }
    }
}

/// A bundle as a sender has checked it.
pub(crate) fn checked(bundle: &PrekeyBundle, party: &Party) -> VerifiedBundle {
    bundle.clone().verify(&party.device.public(TODAY), TODAY).unwrap()
}

/// A bundle as it travels.
pub(crate) fn bundle_json(bundle: &PrekeyBundle) -> Json {
    (&codec::encode(bundle)).into()
}
