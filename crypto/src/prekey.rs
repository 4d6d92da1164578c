//! The private halves of a device's prekeys: made, changed weekly, taken once,
//! destroyed in time. SPEC §3, §12.

mod stored;

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use msg_protocol::{
    prekey::{LastResortPrekey, OneTimePair, PREKEY_FORMAT, PrekeyId, SignedPrekey},
    signed::Signed,
    time::{UnixDay, UnixSeconds},
};
use rand_core::CryptoRng;

use crate::{
    agreement::AgreementSecret,
    handshake::HandshakeName,
    identity::DeviceSecret,
    kem::{KemSecret, SEED_BYTES},
    limits::{
        MAX_HANDSHAKES_REMEMBERED, MAX_ONE_TIME_KEPT, ONE_TIME_PAIRS, ONE_TIME_REFILL_BELOW,
        PREKEY_GRACE_DAYS, PREKEY_ROTATION_DAYS, PREKEY_USABLE_DAYS,
    },
    secret::Secret,
};

/// Seconds for one id, when ids leap: more than a device gives in the long run.
const LEAP_SECONDS: u64 = 16;

/// A device's own prekeys.
#[derive(Default)]
pub struct OwnPrekeys {
    last_id: u32,
    /// Newest last; all but the newest are superseded.
    signed: Vec<Rotating<AgreementSecret>>,
    last_resort: Vec<Rotating<LastResort>>,
    one_time: BTreeMap<PrekeyId, OneTimeSecret>,
}

/// A key that gets a successor from time to time.
struct Rotating<K> {
    id: PrekeyId,
    key: K,
    made: UnixSeconds,
    superseded: Option<UnixSeconds>,
}

/// A last-resort key, and the handshakes that have used it.
pub(crate) struct LastResort {
    pub(crate) key: KemSecret,
    seen: BTreeSet<HandshakeName>,
}

/// Both private halves of a one-time pair.
pub(crate) struct OneTimeSecret {
    pub(crate) agreement: Secret<32>,
    pub(crate) kem: Secret<SEED_BYTES>,
    superseded: Option<UnixSeconds>,
}

/// What a device has to publish.
#[derive(Debug, Default)]
#[must_use = "prekeys that nobody publishes serve nobody"]
pub struct Upload {
    /// A new signed prekey.
    pub signed: Option<Signed<SignedPrekey>>,
    /// A new last-resort key.
    pub last_resort: Option<Signed<LastResortPrekey>>,
    /// New one-time pairs, to be added to those at the relay.
    pub one_time: Vec<Signed<OneTimePair>>,
}

impl Upload {
    /// Whether there is nothing to publish.
    pub fn is_empty(&self) -> bool {
        self.signed.is_none() && self.last_resort.is_none() && self.one_time.is_empty()
    }
}

impl OwnPrekeys {
    /// Makes what is missing or due, destroys what is over, and says what to
    /// publish. `at_relay` is the number of one-time pairs still at the relay.
    ///
    /// The new state must be durable before the upload leaves.
    pub fn maintain<R: CryptoRng + ?Sized>(
        &mut self,
        device: &DeviceSecret,
        at_relay: usize,
        now: UnixSeconds,
        rng: &mut R,
    ) -> Upload {
        let mut upload = Upload::default();
        if is_due(self.signed.last(), now) {
            let key = AgreementSecret::generate(rng);
            upload.signed = Some(self.add_signed(device, key, now));
        }
        let full = self.last_resort.last().is_some_and(|newest| newest.key.is_full());
        if full || is_due(self.last_resort.last(), now) {
            let key = KemSecret::generate(rng);
            upload.last_resort = Some(self.add_last_resort(device, key, now));
        }
        if at_relay < ONE_TIME_REFILL_BELOW {
            upload.one_time = (at_relay..ONE_TIME_PAIRS)
                .map(|_| self.add_one_time(device, Secret::random(rng), Secret::random(rng)))
                .collect();
        }
        self.destroy_old(now);
        upload
    }

    /// The current signed and last-resort prekeys once more, for a relay that lost them.
    pub fn current(&self, device: &DeviceSecret) -> Upload {
        Upload {
            signed: self.signed.last().map(|newest| sign_signed(device, newest)),
            last_resort: self.last_resort.last().map(|newest| sign_last_resort(device, newest)),
            one_time: Vec::new(),
        }
    }

    /// Makes a signed prekey from a given key.
    pub fn add_signed(
        &mut self,
        device: &DeviceSecret,
        key: AgreementSecret,
        now: UnixSeconds,
    ) -> Signed<SignedPrekey> {
        let id = self.new_id();
        let newest = supersede(&mut self.signed, id, key, now);
        sign_signed(device, newest)
    }

    /// Makes a last-resort prekey from a given key.
    pub fn add_last_resort(
        &mut self,
        device: &DeviceSecret,
        key: KemSecret,
        now: UnixSeconds,
    ) -> Signed<LastResortPrekey> {
        let id = self.new_id();
        let key = LastResort { key, seen: BTreeSet::new() };
        let newest = supersede(&mut self.last_resort, id, key, now);
        sign_last_resort(device, newest)
    }

    /// Makes a one-time pair from given keys.
    pub fn add_one_time(
        &mut self,
        device: &DeviceSecret,
        agreement: Secret<32>,
        kem: Secret<SEED_BYTES>,
    ) -> Signed<OneTimePair> {
        let id = self.new_id();
        let secret = OneTimeSecret { agreement, kem, superseded: None };
        let (agreement, kem) = secret.expand();
        let pair = OneTimePair {
            format: PREKEY_FORMAT,
            id,
            agreement: *agreement.public(),
            kem: kem.public().clone(),
        };
        self.one_time.insert(id, secret);
        while self.one_time.len() > MAX_ONE_TIME_KEPT {
            self.one_time.pop_first();
        }
        device.sign(&pair)
    }

    /// New one-time pairs in the place of all at the relay: at each new epoch of the
    /// relay, and once a month, so that a pair which was handed out for a message
    /// that never came does not stay for good. Those so far are destroyed after a time.
    ///
    /// The new state must be durable before the pairs leave.
    pub fn replace_one_time<R: CryptoRng + ?Sized>(
        &mut self,
        device: &DeviceSecret,
        now: UnixSeconds,
        rng: &mut R,
    ) -> Vec<Signed<OneTimePair>> {
        for pair in self.one_time.values_mut() {
            pair.superseded.get_or_insert(now);
        }
        self.destroy_old(now);
        (0..ONE_TIME_PAIRS)
            .map(|_| self.add_one_time(device, Secret::random(rng), Secret::random(rng)))
            .collect()
    }

    /// Goes over to ids that were never given: after this state turned out to be an
    /// older copy, whose ids after this point have been given already. They rise
    /// with time, so that no two such copies give the same.
    pub fn leap(&mut self, now: UnixSeconds) {
        let later = u32::try_from(now.0 / LEAP_SECONDS).unwrap_or(u32::MAX);
        self.last_id = self.last_id.max(later);
    }

    pub(crate) fn signed(&self, id: PrekeyId) -> Option<&AgreementSecret> {
        find(&self.signed, id).map(|found| &found.key)
    }

    pub(crate) fn last_resort(&self, id: PrekeyId) -> Option<&LastResort> {
        find(&self.last_resort, id).map(|found| &found.key)
    }

    pub(crate) fn one_time(&self, id: PrekeyId) -> Option<&OneTimeSecret> {
        self.one_time.get(&id)
    }

    /// Destroys a pair that has served.
    pub(crate) fn spend_one_time(&mut self, id: PrekeyId) {
        self.one_time.remove(&id);
    }

    /// Remembers that a handshake has used a last-resort key.
    pub(crate) fn remember(&mut self, id: PrekeyId, name: HandshakeName) {
        if let Some(found) = self.last_resort.iter_mut().find(|key| key.id == id) {
            found.key.seen.insert(name);
        }
    }

    fn destroy_old(&mut self, now: UnixSeconds) {
        self.signed.retain(|key| !key.is_over(now));
        self.last_resort.retain(|key| !key.is_over(now));
        self.one_time.retain(|_, pair| !is_over(pair.superseded, now));
    }

    fn new_id(&mut self) -> PrekeyId {
        self.last_id = self.last_id.wrapping_add(1);
        PrekeyId(self.last_id)
    }
}

impl LastResort {
    pub(crate) fn has_seen(&self, name: &HandshakeName) -> bool {
        self.seen.contains(name)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.seen.len() >= MAX_HANDSHAKES_REMEMBERED
    }
}

impl OneTimeSecret {
    /// The two keys, ready for use.
    pub(crate) fn expand(&self) -> (AgreementSecret, KemSecret) {
        (AgreementSecret::from_bytes(&self.agreement), KemSecret::from_seed(self.kem.duplicate()))
    }
}

impl<K> Rotating<K> {
    fn is_over(&self, now: UnixSeconds) -> bool {
        is_over(self.superseded, now)
    }

    fn last_usable_day(&self) -> UnixDay {
        self.made.plus_days(PREKEY_USABLE_DAYS).day()
    }
}

fn is_over(superseded: Option<UnixSeconds>, now: UnixSeconds) -> bool {
    superseded.is_some_and(|since| now.is_days_after(since, PREKEY_GRACE_DAYS))
}

/// A key is due when it is old, or when it comes from a clock that has since
/// been set back: senders would refuse its day.
fn is_due<K>(newest: Option<&Rotating<K>>, now: UnixSeconds) -> bool {
    newest.is_none_or(|key| {
        now >= key.made.plus_days(PREKEY_ROTATION_DAYS) || key.made > now.plus_days(1)
    })
}

fn supersede<K>(
    keys: &mut Vec<Rotating<K>>,
    id: PrekeyId,
    key: K,
    now: UnixSeconds,
) -> &Rotating<K> {
    if let Some(newest) = keys.last_mut() {
        newest.superseded = Some(now);
    }
    keys.push(Rotating { id, key, made: now, superseded: None });
    #[expect(clippy::expect_used, reason = "one was pushed in the line above")]
    keys.last().expect("a newest key")
}

fn find<K>(keys: &[Rotating<K>], id: PrekeyId) -> Option<&Rotating<K>> {
    keys.iter().find(|key| key.id == id)
}

fn sign_signed(device: &DeviceSecret, prekey: &Rotating<AgreementSecret>) -> Signed<SignedPrekey> {
    device.sign(&SignedPrekey {
        format: PREKEY_FORMAT,
        id: prekey.id,
        key: *prekey.key.public(),
        expires: prekey.last_usable_day(),
    })
}

fn sign_last_resort(
    device: &DeviceSecret,
    prekey: &Rotating<LastResort>,
) -> Signed<LastResortPrekey> {
    device.sign(&LastResortPrekey {
        format: PREKEY_FORMAT,
        id: prekey.id,
        key: prekey.key.key.public().clone(),
        expires: prekey.last_usable_day(),
    })
}
