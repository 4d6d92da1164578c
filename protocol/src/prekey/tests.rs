//! Which bundles of prekeys may be used, by whom and when.

use super::*;
use crate::{
    key::{AgreementKey, KEM_KEY_BYTES, KemKey},
    laboratory::{device, sign},
};

const TODAY: UnixDay = UnixDay(20_000);
const SEED: u8 = 7;

fn signed_prekey(expires: u32) -> SignedPrekey {
    SignedPrekey {
        format: PREKEY_FORMAT,
        id: PrekeyId(1),
        key: AgreementKey([1; 32]),
        expires: UnixDay(expires),
    }
}

fn last_resort(expires: u32) -> LastResortPrekey {
    LastResortPrekey {
        format: PREKEY_FORMAT,
        id: PrekeyId(u32::MAX),
        key: KemKey::new([2; KEM_KEY_BYTES]),
        expires: UnixDay(expires),
    }
}

fn pair() -> OneTimePair {
    OneTimePair {
        format: PREKEY_FORMAT,
        id: PrekeyId(u32::MAX),
        agreement: AgreementKey([3; 32]),
        kem: KemKey::new([4; KEM_KEY_BYTES]),
    }
}

fn bundle() -> PrekeyBundle {
    PrekeyBundle {
        device: device(SEED).id(),
        signed: sign(SEED, &signed_prekey(20_010)),
        last_resort: sign(SEED, &last_resort(20_010)),
        one_time: Some(sign(SEED, &pair())),
    }
}

fn verify(bundle: PrekeyBundle) -> Result<VerifiedBundle, BundleError> {
    bundle.verify(&device(SEED), TODAY)
}

#[test]
fn a_bundle_prefers_the_pair_that_nobody_else_has() {
    let verified = verify(bundle()).unwrap();
    assert!(matches!(verified.kem(), BundleKem::OneTime(_)));
    let without = PrekeyBundle { one_time: None, ..bundle() };
    let verified = verify(without).unwrap();
    assert!(matches!(verified.kem(), BundleKem::LastResort(_)));
}

#[test]
fn a_bundle_of_another_device_is_refused() {
    let other = device(SEED + 1);
    let result = bundle().verify(&other, TODAY);
    assert_eq!(result, Err(BundleError::OtherDevice));
}

#[test]
fn attack_2_every_key_of_a_bundle_needs_the_devices_signature() {
    let foreign = Err(BundleError::Verify(VerifyError::BadSignature));
    let mut signed = bundle();
    signed.signed = sign(SEED + 1, &signed_prekey(20_010));
    assert_eq!(verify(signed), foreign);
    let mut resort = bundle();
    resort.last_resort = sign(SEED + 1, &last_resort(20_010));
    assert_eq!(verify(resort), foreign, "even where the pair is used");
    let mut one_time = bundle();
    one_time.one_time = Some(sign(SEED + 1, &pair()));
    assert_eq!(verify(one_time), foreign);
}

#[test]
fn attack_4_a_key_signed_as_one_kind_is_no_other_kind() {
    let mut confused = bundle();
    let resort = sign(SEED, &last_resort(20_010));
    confused.one_time = Some(Signed::from_parts(resort.raw().to_vec(), *resort.signature()));
    assert_eq!(verify(confused), Err(BundleError::Verify(VerifyError::BadSignature)));
}

#[test]
fn prekeys_have_their_days() {
    let days = |signed: u32, resort: u32| {
        verify(PrekeyBundle {
            signed: sign(SEED, &signed_prekey(signed)),
            last_resort: sign(SEED, &last_resort(resort)),
            ..bundle()
        })
    };
    assert!(days(19_999, 19_999).is_ok(), "a day of grace");
    assert_eq!(days(19_998, 20_000), Err(BundleError::Expired { days: 2 }));
    assert_eq!(days(20_000, 19_998), Err(BundleError::Expired { days: 2 }));
    assert!(days(20_061, 20_061).is_ok(), "60 days and one of grace");
    assert_eq!(days(20_062, 20_000), Err(BundleError::FromTheFuture { days: 62 }));
    assert_eq!(days(20_000, u32::MAX), Err(BundleError::FromTheFuture { days: u32::MAX - 20_000 }));
}

#[test]
fn a_prekey_of_a_later_format_is_refused() {
    let mut later = signed_prekey(20_010);
    later.format = 2;
    let bundle = PrekeyBundle { signed: sign(SEED, &later), ..bundle() };
    assert!(matches!(verify(bundle), Err(BundleError::Verify(VerifyError::Rule(_)))));
}
