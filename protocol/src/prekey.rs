//! Prekeys: what a device leaves at the relay so that others can write to it
//! while it is away. Each is signed by the device. SPEC §"Prekeys".

use serde::{Deserialize, Serialize};

use crate::{
    card::Device,
    hash::Label,
    id::DeviceId,
    key::{AgreementKey, KemKey, SigningKey},
    limits::{CLOCK_GRACE_DAYS, MAX_PREKEY_BYTES, MAX_PREKEY_DAYS_AHEAD},
    signed::{Signable, Signed, Verified, VerifyError},
    time::UnixDay,
};

/// The only format of prekeys there is.
pub const PREKEY_FORMAT: u8 = 1;

/// Number of a prekey, never given twice by one device for one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrekeyId(pub u32);

/// The X25519 prekey that a device changes weekly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPrekey {
    /// [`PREKEY_FORMAT`].
    pub format: u8,
    /// Its number.
    pub id: PrekeyId,
    /// The public key.
    pub key: AgreementKey,
    /// The last day on which a sender may use it.
    pub expires: UnixDay,
}

/// The ML-KEM-768 prekey that serves when the one-time pairs have run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastResortPrekey {
    /// [`PREKEY_FORMAT`].
    pub format: u8,
    /// Its number.
    pub id: PrekeyId,
    /// The encapsulation key.
    pub key: KemKey,
    /// The last day on which a sender may use it.
    pub expires: UnixDay,
}

/// A pair of keys for one single handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimePair {
    /// [`PREKEY_FORMAT`].
    pub format: u8,
    /// Its number.
    pub id: PrekeyId,
    /// The X25519 half.
    pub agreement: AgreementKey,
    /// The ML-KEM-768 half.
    pub kem: KemKey,
}

macro_rules! prekey_kind {
    ($name:ident, $label:expr) => {
        impl Signable for $name {
            const LABEL: Label = $label;
            type Signer = SigningKey;
            const MAX_BYTES: usize = MAX_PREKEY_BYTES;

            fn check(&self) -> Result<(), &'static str> {
                if self.format == PREKEY_FORMAT { Ok(()) } else { Err("unknown prekey format") }
            }
        }
    };
}

prekey_kind!(SignedPrekey, Label::new("sig/spk"));
prekey_kind!(LastResortPrekey, Label::new("sig/kem"));
prekey_kind!(OneTimePair, Label::new("sig/otp"));

/// What a relay hands out about one device: enough for one handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrekeyBundle {
    /// Whose keys these are.
    pub device: DeviceId,
    /// The signed prekey.
    pub signed: Signed<SignedPrekey>,
    /// The last-resort KEM key.
    pub last_resort: Signed<LastResortPrekey>,
    /// A one-time pair, handed to nobody else.
    pub one_time: Option<Signed<OneTimePair>>,
}

/// Why a bundle cannot be used. The relay's or the recipient's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The bundle is for another device than the one asked for.
    #[error("prekeys belong to another device")]
    OtherDevice,
    /// A key in it is not signed by the device.
    #[error("prekey refused")]
    Verify(#[from] VerifyError),
    /// A key in it is too old: the device has not been seen for long, or the
    /// relay hands out old keys.
    #[error("prekey expired {days} days ago")]
    Expired {
        /// How long ago.
        days: u32,
    },
    /// A key in it claims to live longer than any may.
    #[error("prekey claims to expire {days} days ahead")]
    FromTheFuture {
        /// How far ahead.
        days: u32,
    },
}

/// A bundle whose every signature and day has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBundle {
    device: DeviceId,
    signed: Verified<SignedPrekey>,
    kem: BundleKem,
}

/// The KEM key of a bundle: a one-time pair if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleKem {
    /// Handed to nobody else.
    OneTime(Verified<OneTimePair>),
    /// Shared by all who come when the pairs have run out.
    LastResort(Verified<LastResortPrekey>),
}

impl VerifiedBundle {
    /// The device.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The signed prekey.
    pub fn signed(&self) -> &Verified<SignedPrekey> {
        &self.signed
    }

    /// The KEM key to use.
    pub fn kem(&self) -> &BundleKem {
        &self.kem
    }
}

impl PrekeyBundle {
    /// Checks that the bundle is of this device, as its card lists it, signed by
    /// its key, and usable `today`.
    pub fn verify(self, device: &Device, today: UnixDay) -> Result<VerifiedBundle, BundleError> {
        if self.device != device.id() {
            return Err(BundleError::OtherDevice);
        }
        let key = &device.signing;
        let signed = self.signed.verify(key)?;
        check_day(signed.expires, today)?;
        let last_resort = self.last_resort.verify(key)?;
        check_day(last_resort.expires, today)?;
        let kem = match self.one_time {
            Some(pair) => BundleKem::OneTime(pair.verify(key)?),
            None => BundleKem::LastResort(last_resort),
        };
        Ok(VerifiedBundle { device: self.device, signed, kem })
    }
}

fn check_day(expires: UnixDay, today: UnixDay) -> Result<(), BundleError> {
    let ago = today.0.saturating_sub(expires.0);
    if ago > CLOCK_GRACE_DAYS {
        return Err(BundleError::Expired { days: ago });
    }
    let ahead = expires.0.saturating_sub(today.0);
    if ahead > MAX_PREKEY_DAYS_AHEAD + CLOCK_GRACE_DAYS {
        return Err(BundleError::FromTheFuture { days: ahead });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
