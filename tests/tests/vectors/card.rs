//! Cards.

use msg_crypto::identity::IdentitySecret;
use msg_protocol::{
    card::{Card, CardHash, Device, Succession, SuccessionError},
    key::{AgreementKey, IdentityKey, Signature, SigningKey},
    signed::{Signable, Signed, Verified},
    time::UnixDay,
};

use crate::case::{Fields, each_case};

/// A number that fits, as all of the vectors' do.
pub(crate) fn u32_of(fields: Fields<'_>, name: &str) -> u32 {
    fields.number(name).try_into().unwrap()
}

/// Signed bytes.
pub(crate) fn signed<T: Signable>(fields: Fields<'_>) -> Signed<T> {
    Signed::from_parts(fields.bytes("raw"), Signature(fields.array("signature")))
}

#[test]
fn cards_are_as_the_vectors_say() {
    each_case("card", |kind, case| match kind {
        "sign" => sign(case.inputs(), case.outputs()),
        "verify" => {
            assert!(case.is_refused());
            signed::<Card>(case.inputs()).verify_by_own_identity().unwrap_err();
        }
        "succession" => {
            let verify = |name| verified(case.inputs().object(name));
            assert_eq!(
                verdict(&verify("held"), &verify("offered")),
                case.outputs().text("verdict")
            );
        }
        unknown => panic!("unknown kind {unknown}"),
    });
}

fn verified(fields: Fields<'_>) -> Verified<Card> {
    signed(fields).verify_by_own_identity().unwrap()
}

fn sign(inputs: Fields<'_>, outputs: Fields<'_>) {
    let card = inputs.object("card");
    let device = |device: Fields<'_>| Device {
        signing: SigningKey(device.array("signing")),
        agreement: AgreementKey(device.array("agreement")),
        added: UnixDay(u32_of(device, "added")),
    };
    let card = Card {
        format: card.number("format").try_into().unwrap(),
        identity: IdentityKey(card.array("identity")),
        name: card.text("name").parse().unwrap(),
        version: u32_of(card, "version"),
        previous: CardHash(card.array("previous")),
        created: UnixDay(u32_of(card, "created")),
        devices: card.list("devices").map(device).collect(),
    };
    let signed = IdentitySecret::from_seed(&inputs.secret("seed")).sign(&card);
    outputs.expect("raw", signed.raw());
    outputs.expect("signature", &signed.signature().0);
    let card = signed.verify_by_own_identity().unwrap();
    outputs.expect("hash", &card.hash().0);
    outputs.expect("account", card.account().as_bytes());
    let stated = |name| outputs.value(name).as_array().unwrap().clone();
    let hex = |bytes: &[u8]| serde_json::Value::from(data_encoding::HEXLOWER.encode(bytes));
    let devices: Vec<_> = card.devices.iter().map(|device| hex(&device.id().0)).collect();
    let mailboxes: Vec<_> = card.mailboxes().map(|mailbox| hex(&mailbox.0)).collect();
    assert_eq!((stated("devices"), stated("mailboxes")), (devices, mailboxes));
}

fn verdict(held: &Verified<Card>, offered: &Verified<Card>) -> &'static str {
    match held.admits(offered) {
        Ok(Succession::Same) => "same",
        Ok(Succession::Next) => "next",
        Err(SuccessionError::ForeignIdentity) => "foreign identity",
        Err(SuccessionError::Renamed) => "renamed",
        Err(SuccessionError::Rollback { .. }) => "rollback",
        Err(SuccessionError::Fork { .. }) => "fork",
        Err(SuccessionError::Gap { .. }) => "gap",
        Err(error) => panic!("{error}"),
    }
}
