//! Prekeys and bundles.

use msg_crypto::{agreement::AgreementSecret, identity::DeviceSecret, kem::KemSecret};
use msg_protocol::{
    card::Device,
    codec,
    key::{AgreementKey, KemKey, SigningKey},
    prekey::{
        BundleKem, LastResortPrekey, OneTimePair, PREKEY_FORMAT, PrekeyBundle, PrekeyId,
        SignedPrekey,
    },
    signed::{Signable, Signed},
    time::UnixDay,
};

use crate::{
    card::{signed, u32_of},
    case::{Fields, each_case},
};

#[test]
fn prekeys_are_as_the_vectors_say() {
    each_case("prekeys", |kind, case| match kind {
        "sign" => sign(case.inputs(), case.outputs()),
        "verify" => {
            assert!(case.is_refused());
            let inputs = case.inputs();
            let key = SigningKey(inputs.array("key"));
            match inputs.text("label") {
                "sig/spk" => refuse::<SignedPrekey>(inputs.object("signed"), &key),
                "sig/kem" => refuse::<LastResortPrekey>(inputs.object("signed"), &key),
                "sig/otp" => refuse::<OneTimePair>(inputs.object("signed"), &key),
                unknown => panic!("unknown label {unknown}"),
            }
        }
        "bundle" => bundle(case),
        unknown => panic!("unknown kind {unknown}"),
    });
}

fn refuse<T: Signable<Signer = SigningKey>>(fields: Fields<'_>, key: &SigningKey) {
    assert!(signed::<T>(fields).verify(key).is_err());
}

fn kem(fields: Fields<'_>, name: &str) -> KemKey {
    KemSecret::from_seed(fields.secret(name)).public().clone()
}

fn sign(inputs: Fields<'_>, outputs: Fields<'_>) {
    let device = DeviceSecret::from_seeds(&inputs.secret("seed"), &inputs.secret("seed"));
    let (format, id) = (PREKEY_FORMAT, PrekeyId(u32_of(inputs, "id")));
    let expires = || UnixDay(u32_of(inputs, "expires"));
    let agreement =
        |fields: Fields<'_>, name| *AgreementSecret::from_bytes(&fields.secret(name)).public();
    match inputs.text("label") {
        "sig/spk" => {
            let key = agreement(inputs, "private");
            made(&device.sign(&SignedPrekey { format, id, key, expires: expires() }), outputs);
        }
        "sig/kem" => {
            let key = kem(inputs, "private");
            made(&device.sign(&LastResortPrekey { format, id, key, expires: expires() }), outputs);
        }
        "sig/otp" => {
            let halves = inputs.object("private");
            let (agreement, kem) = (agreement(halves, "agreement"), kem(halves, "kem"));
            made(&device.sign(&OneTimePair { format, id, agreement, kem }), outputs);
        }
        unknown => panic!("unknown label {unknown}"),
    }
}

fn made<T: Signable<Signer = SigningKey>>(signed: &Signed<T>, outputs: Fields<'_>) {
    outputs.expect("raw", signed.raw());
    outputs.expect("signature", &signed.signature().0);
    assert!(signed.clone().verify(&SigningKey(outputs.array("key"))).is_ok());
}

fn bundle(case: Fields<'_>) {
    let inputs = case.inputs();
    let raw = inputs.bytes("bundle");
    let bundle: PrekeyBundle = codec::decode(&raw, raw.len()).unwrap();
    assert_eq!(codec::encode(&bundle), raw);
    let device = Device {
        signing: SigningKey(inputs.array("signing")),
        agreement: AgreementKey(inputs.array("agreement")),
        added: UnixDay(0),
    };
    let check = |day| bundle.clone().verify(&device, UnixDay(day));
    let today = u32_of(inputs, "today");
    if case.is_refused() {
        check(today).unwrap_err();
        return;
    }
    let outputs = case.outputs();
    let checked = check(today).unwrap();
    let (kind, id) = match checked.kem() {
        BundleKem::OneTime(pair) => ("one-time", pair.id),
        BundleKem::LastResort(key) => ("last-resort", key.id),
    };
    let signed = outputs.object("signed");
    assert_eq!(checked.signed().id.0, u32_of(signed, "id"));
    signed.expect("key", checked.signed().key.as_bytes());
    let stated = outputs.object("kem");
    assert_eq!((kind, id.0), (stated.text("kind"), u32_of(stated, "id")));
    let (first, last) = (u32_of(outputs, "first usable day"), u32_of(outputs, "last usable day"));
    for day in today - 100..today + 100 {
        assert_eq!(check(day).is_ok(), (first..=last).contains(&day), "on day {day}");
    }
}
