//! Labels, hashes over fields, and identifiers.

use msg_protocol::{
    codec,
    fingerprint::Fingerprint,
    id::{AccountId, BlobId, DeviceId, MailboxId},
    key::{AgreementKey, IdentityKey, SigningKey},
    secret::{
        AccountCredential, BlobCapability, DeviceCredential, Door, Invite, LinkToken, Right,
        SaltedHash,
    },
};

use crate::case::{Fields, each_case};

#[test]
fn identifiers_are_as_the_vectors_say() {
    each_case("ids", |kind, case| {
        let (inputs, outputs) = (case.inputs(), case.outputs());
        match kind {
            "account" => {
                outputs.expect("id", &AccountId::of(&IdentityKey(inputs.array("identity"))).0);
            }
            "device" => {
                let signing = SigningKey(inputs.array("signing"));
                let agreement = AgreementKey(inputs.array("agreement"));
                outputs.expect("id", &DeviceId::of(&signing, &agreement).0);
            }
            "mailbox" => {
                let (account, device) = (inputs.array("account"), inputs.array("device"));
                let mailbox = MailboxId::of(AccountId(account), DeviceId(device));
                outputs.expect("id", &mailbox.0);
            }
            "fingerprint" => {
                let fingerprint = Fingerprint::of(&IdentityKey(inputs.array("identity")));
                outputs.expect("fingerprint", fingerprint.as_bytes());
                assert_eq!(outputs.text("text"), fingerprint.to_string());
                assert_eq!(outputs.text("text").parse(), Ok(fingerprint));
            }
            "blob" => {
                let capability = BlobCapability::new(inputs.array("capability"));
                outputs.expect("id", &BlobId::of(&capability).0);
            }
            "right" => match inputs.text("label") {
                "door" => right(&Door::new(inputs.array("right")), case),
                "token" => right(&LinkToken::new(inputs.array("right")), case),
                "invite" => right(&Invite::new(inputs.array("right")), case),
                "credential" => {
                    right(&DeviceCredential::new(inputs.array("right")), case);
                    right(&AccountCredential::new(inputs.array("right")), case);
                }
                unknown => panic!("unknown right {unknown}"),
            },
            unknown => panic!("unknown kind {unknown}"),
        }
    });
}

fn right<R: Right>(right: &R, case: Fields<'_>) {
    let salt = case.inputs().array("salt");
    let kept = [salt.as_slice(), &case.outputs().array::<32>("hash")].concat();
    let kept: SaltedHash = codec::decode(&kept, kept.len()).unwrap();
    assert!(kept.admits(right) && kept == SaltedHash::of(right, salt));
}
