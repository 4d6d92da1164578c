//! Prekeys of the three kinds, and the bundle that a relay hands out.

use alloc::{vec, vec::Vec};
use core::fmt::Debug;

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    codec,
    hash::Label,
    key::{Signature, SigningKey},
    prekey::{
        BundleKem, LastResortPrekey, OneTimePair, PREKEY_FORMAT, PrekeyBundle, PrekeyId,
        SignedPrekey,
    },
    signed::{Signable, Signed},
    time::UnixDay,
};

use super::{
    card::{TODAY, signed_json},
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
};
use crate::{
    agreement::AgreementSecret,
    identity::DeviceSecret,
    kem::{KemSecret, SEED_BYTES},
    secret::Secret,
};

/// The private halves of one prekey of each kind.
struct Halves {
    signed: Secret<32>,
    last_resort: Secret<SEED_BYTES>,
    agreement: Secret<32>,
    kem: Secret<SEED_BYTES>,
}

/// A device that publishes prekeys.
struct Publisher {
    seed: Secret<32>,
    device: DeviceSecret,
    key: SigningKey,
    halves: Halves,
}

#[test]
fn prekeys_are_as_their_vectors_say() {
    let publisher = Publisher::new(&mut Draws::of("prekeys"));
    let (signed, last_resort, one_time) = publisher.publish(TODAY);
    let bundle =
        PrekeyBundle { device: publisher.device.id(), signed, last_resort, one_time: None };
    let full = PrekeyBundle { one_time: Some(one_time), ..bundle.clone() };
    let mut cases = publisher.signings(&full);
    cases.extend(publisher.refusals(&full));
    cases.push(publisher.usable("a bundle with a one-time pair", &full));
    cases.push(publisher.usable("a bundle without", &bundle));
    cases.extend(publisher.unusable(&full, &bundle));
    File {
        name: "prekeys",
        about: "Prekeys. `sign`: from private halves to signed bytes. `verify`: signed bytes that \
                must be refused. `bundle`: what a relay hands out, the days on which a sender may \
                use it, and the KEM key that serves.",
        spec: "crypto/SPEC.md §3, protocol/SPEC.md",
        cases,
    }
    .keep();
}

impl Publisher {
    fn new(rng: &mut Draws) -> Self {
        let seed: Secret<32> = rng.secret();
        let device = DeviceSecret::from_seeds(&seed, &rng.secret());
        let halves = Halves {
            signed: rng.secret(),
            last_resort: rng.secret(),
            agreement: rng.secret(),
            kem: rng.secret(),
        };
        Self { key: device.public(TODAY).signing, seed, device, halves }
    }

    fn publish(
        &self,
        expires: UnixDay,
    ) -> (Signed<SignedPrekey>, Signed<LastResortPrekey>, Signed<OneTimePair>) {
        let format = PREKEY_FORMAT;
        let agreement = |secret| *AgreementSecret::from_bytes(secret).public();
        let kem =
            |seed: &Secret<SEED_BYTES>| KemSecret::from_seed(seed.duplicate()).public().clone();
        let signed =
            SignedPrekey { format, id: PrekeyId(1), key: agreement(&self.halves.signed), expires };
        let last_resort = LastResortPrekey {
            format,
            id: PrekeyId(300),
            key: kem(&self.halves.last_resort),
            expires,
        };
        let one_time = OneTimePair {
            format,
            id: PrekeyId(u32::MAX),
            agreement: agreement(&self.halves.agreement),
            kem: kem(&self.halves.kem),
        };
        (self.device.sign(&signed), self.device.sign(&last_resort), self.device.sign(&one_time))
    }

    fn signings(&self, bundle: &PrekeyBundle) -> Vec<Case> {
        let (signed, last_resort) = (bundle.signed.clone(), bundle.last_resort.clone());
        let one_time = bundle.one_time.clone().unwrap();
        let (signed, last_resort, one_time) = (
            signed.verify(&self.key).unwrap(),
            last_resort.verify(&self.key).unwrap(),
            one_time.verify(&self.key).unwrap(),
        );
        let input = |label: &str, private: Json, id: PrekeyId, expires: Option<u32>| {
            object! {
                "label": label, "seed": &self.seed, "private": private, "id": id.0,
                "expires": expires,
            }
        };
        let output = |signed: &[u8], signature: &Signature| {
            object! { "key": self.key.as_bytes(), "raw": signed, "signature": &signature.0 }
        };
        let pair = object! { "agreement": &self.halves.agreement, "kem": &self.halves.kem };
        let inputs = [
            input("sig/spk", (&self.halves.signed).into(), signed.id, Some(signed.expires.0)),
            input(
                "sig/kem",
                (&self.halves.last_resort).into(),
                last_resort.id,
                Some(last_resort.expires.0),
            ),
            input("sig/otp", pair, one_time.id, None),
        ];
        let outputs = [
            output(signed.as_signed().raw(), signed.as_signed().signature()),
            output(last_resort.as_signed().raw(), last_resort.as_signed().signature()),
            output(one_time.as_signed().raw(), one_time.as_signed().signature()),
        ];
        let names = ["signed prekey", "last-resort prekey", "one-time pair"];
        let cases = names.into_iter().zip(inputs).zip(outputs);
        cases.map(|((name, inputs), made)| Case::new("sign", name, inputs).outputs(made)).collect()
    }

    fn refusals(&self, bundle: &PrekeyBundle) -> Vec<Case> {
        let key = bundle.signed.raw().to_vec();
        let kem = bundle.last_resort.raw().to_vec();
        let (mut trailing, mut unknown, mut long) = (key.clone(), key.clone(), key.clone());
        trailing.push(0);
        unknown[0] = 2;
        long.splice(1..2, [0x81, 0]);
        vec![
            self.refusal::<SignedPrekey>("a byte left over", "sig/spk", trailing),
            self.refusal::<SignedPrekey>("unknown format", "sig/spk", unknown),
            self.refusal::<SignedPrekey>("an id in a longer form than need be", "sig/spk", long),
            self.refusal::<SignedPrekey>("signed as a card", "sig/card", key.clone()),
            self.refusal::<SignedPrekey>("a KEM key as an X25519 key", "sig/spk", kem.clone()),
            self.refusal::<SignedPrekey>("a KEM key, signed as one", "sig/kem", kem),
            self.refusal::<LastResortPrekey>("an X25519 key as a KEM key", "sig/kem", key),
        ]
    }

    fn refusal<T: Signable<Signer = SigningKey> + Debug>(
        &self,
        name: &str,
        label: &'static str,
        raw: Vec<u8>,
    ) -> Case {
        let message = Label::new(label).followed_by(&raw);
        let signature = Ed25519::from_bytes(self.seed.expose()).sign(&message).to_bytes();
        let signed = Signed::<T>::from_parts(raw, Signature(signature));
        assert!(signed.clone().verify(&self.key).is_err());
        let wanted = T::LABEL.bytes();
        let wanted = core::str::from_utf8(&wanted).unwrap();
        let inputs = object! {
            "label": wanted.trim_start_matches("msg/v1/"),
            "key": self.key.as_bytes(),
            "signed": signed_json(&signed),
        };
        Case::new("verify", name, inputs).refused(true)
    }

    fn bundle_inputs(&self, bundle: &PrekeyBundle, today: UnixDay) -> Json {
        object! {
            "bundle": &codec::encode(bundle),
            "signing": self.key.as_bytes(),
            "agreement": self.device.agreement().public().as_bytes(),
            "today": today.0,
        }
    }

    fn usable(&self, name: &str, bundle: &PrekeyBundle) -> Case {
        let check = |day| bundle.clone().verify(&self.device.public(TODAY), UnixDay(day));
        let checked = check(TODAY.0).unwrap();
        let (kind, id) = match checked.kem() {
            BundleKem::OneTime(pair) => ("one-time", pair.id),
            BundleKem::LastResort(key) => ("last-resort", key.id),
        };
        let days = (TODAY.0 - 61, TODAY.0 + 1);
        assert!(check(days.0).is_ok() && check(days.1).is_ok());
        assert!(check(days.0 - 1).is_err() && check(days.1 + 1).is_err());
        Case::new("bundle", name, self.bundle_inputs(bundle, TODAY)).outputs(object! {
            "signed": object! { "id": checked.signed().id.0, "key": checked.signed().key.as_bytes() },
            "kem": object! { "kind": kind, "id": id.0 },
            "first usable day": days.0,
            "last usable day": days.1,
        })
    }

    fn unusable(&self, full: &PrekeyBundle, bundle: &PrekeyBundle) -> Vec<Case> {
        let refuse = |name, bundle: PrekeyBundle| {
            assert!(bundle.clone().verify(&self.device.public(TODAY), TODAY).is_err());
            Case::new("bundle", name, self.bundle_inputs(&bundle, TODAY)).refused(true)
        };
        let (old_signed, old_last_resort, _) = self.publish(UnixDay(TODAY.0 - 2));
        let (_, future, _) = self.publish(UnixDay(TODAY.0 + 62));
        let mut other = bundle.clone();
        other.device.0[0] ^= 1;
        let pair = full.one_time.clone().unwrap();
        let mut signature = *pair.signature();
        signature.0[0] ^= 1;
        let forged = Signed::from_parts(pair.raw().to_vec(), signature);
        vec![
            refuse("of another device", other),
            refuse(
                "the signed prekey is too old",
                PrekeyBundle { signed: old_signed, ..bundle.clone() },
            ),
            refuse(
                "the last-resort key is too old, though a one-time pair is there",
                PrekeyBundle { last_resort: old_last_resort, ..full.clone() },
            ),
            refuse("from the future", PrekeyBundle { last_resort: future, ..bundle.clone() }),
            refuse(
                "a forged one-time pair",
                PrekeyBundle { one_time: Some(forged), ..bundle.clone() },
            ),
        ]
    }
}
