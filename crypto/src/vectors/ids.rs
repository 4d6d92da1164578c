//! Identifiers, fingerprints, and the hashes of rights that relays keep.

use alloc::{string::ToString as _, vec, vec::Vec};

use msg_protocol::{
    codec,
    fingerprint::Fingerprint,
    hash::{Label, hash},
    id::{AccountId, BlobId, DeviceId, MailboxId},
    key::{AgreementKey, IdentityKey, SigningKey},
    secret::{
        AccountCredential, BlobCapability, DeviceCredential, Door, Invite, LinkToken, Right,
        SaltedHash,
    },
};

use super::{
    case::{Case, File},
    draws::Draws,
    json::object,
};

#[test]
fn identifiers_are_as_their_vectors_say() {
    let rng = &mut Draws::of("ids");
    let identity = IdentityKey(rng.bytes());
    let account = AccountId::of(&identity);
    let (signing, agreement) = (SigningKey(rng.bytes()), AgreementKey(rng.bytes()));
    let device = DeviceId::of(&signing, &agreement);
    let mailbox = MailboxId::of(account, device);
    let fingerprint = Fingerprint::of(&identity);
    let capability = BlobCapability::new(rng.bytes());
    let keys = object! { "signing": signing.as_bytes(), "agreement": agreement.as_bytes() };
    let owner = object! { "account": account.as_bytes(), "device": device.as_bytes() };
    let mut cases = vec![
        Case::new("account", "account id", object! { "identity": identity.as_bytes() })
            .outputs(object! { "id": account.as_bytes() }),
        Case::new("device", "device id", keys).outputs(object! { "id": device.as_bytes() }),
        Case::new("mailbox", "mailbox id", owner).outputs(object! { "id": mailbox.as_bytes() }),
        Case::new("fingerprint", "fingerprint", object! { "identity": identity.as_bytes() })
            .outputs(object! {
                "fingerprint": fingerprint.as_bytes(), "text": fingerprint.to_string(),
            }),
        Case::new("blob", "blob id", object! { "capability": capability.expose() })
            .outputs(object! { "id": BlobId::of(&capability).as_bytes() }),
    ];
    cases.extend(rights(rng));
    File {
        name: "ids",
        about: "Identifiers made of keys, the fingerprint that people compare, and the salted \
                hashes that a relay keeps of doors, tokens and credentials.",
        spec: "protocol/SPEC.md",
        cases,
    }
    .keep();
}

fn rights(rng: &mut Draws) -> Vec<Case> {
    vec![
        right("door", "door", &Door::new(rng.bytes()), rng),
        right("token of a contact link", "token", &LinkToken::new(rng.bytes()), rng),
        right("invitation", "invite", &Invite::new(rng.bytes()), rng),
        right("credential of a device", "credential", &DeviceCredential::new(rng.bytes()), rng),
        right("credential of an account", "credential", &AccountCredential::new(rng.bytes()), rng),
    ]
}

fn right<R: Right>(name: &str, label: &'static str, right: &R, rng: &mut Draws) -> Case {
    let salt = rng.bytes();
    let kept = SaltedHash::of(right, salt);
    assert!(kept.admits(right));
    let hash = hash(Label::new(label), &[&salt, right.expose()]);
    assert_eq!(codec::encode(&kept), [salt.as_slice(), &hash].concat());
    Case::new("right", name, object! { "label": label, "salt": &salt, "right": right.expose() })
        .outputs(object! { "hash": &hash })
}
