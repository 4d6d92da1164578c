//! Names, addresses and links.

use std::str::FromStr;

use msg_protocol::address::{AccountName, Address, ContactLink, RelayAddress, RelayLink};

use crate::{
    card::u32_of,
    case::{Fields, each_case},
};

#[test]
fn links_are_as_the_vectors_say() {
    each_case("links", |kind, case| match kind {
        "name" => read::<AccountName>(case, |name, outputs| {
            assert_eq!(name.as_str(), outputs.text("text"));
        }),
        "relay" => read::<RelayAddress>(case, |relay, outputs| {
            parts(relay, outputs);
            assert_eq!(relay.to_string(), outputs.text("text"));
        }),
        "address" => read::<Address>(case, |address, outputs| {
            assert_eq!(address.name.as_str(), outputs.text("name"));
            parts(&address.relay, outputs.object("relay"));
            assert_eq!(address.to_string(), outputs.text("text"));
        }),
        "relay link" => read::<RelayLink>(case, |link, outputs| {
            parts(&link.relay, outputs.object("relay"));
            bytes("pin", link.pin.as_ref().map(|pin| pin.as_bytes().as_slice()), outputs);
            bytes("invite", link.invite.as_ref().map(|it| it.expose().as_slice()), outputs);
            assert_eq!(link.to_secret_text(), outputs.text("text"));
        }),
        "contact link" => read::<ContactLink>(case, |link, outputs| {
            assert_eq!(link.address.name.as_str(), outputs.text("name"));
            parts(&link.address.relay, outputs.object("relay"));
            bytes("pin", link.pin.as_ref().map(|pin| pin.as_bytes().as_slice()), outputs);
            bytes("id", Some(link.id.as_bytes()), outputs);
            bytes("token", link.token.as_ref().map(|it| it.expose().as_slice()), outputs);
            assert_eq!(link.to_secret_text(), outputs.text("text"));
        }),
        unknown => panic!("unknown kind {unknown}"),
    });
}

/// Reads a text; what is written reads back to the same.
fn read<T: FromStr>(case: Fields<'_>, check: impl Fn(&T, Fields<'_>)) {
    let value = case.inputs().text("text").parse::<T>();
    assert_eq!(value.is_err(), case.is_refused());
    if let Ok(value) = value {
        check(&value, case.outputs());
        let Ok(again) = case.outputs().text("text").parse::<T>() else { panic!("not read back") };
        check(&again, case.outputs());
    }
}

fn parts(relay: &RelayAddress, stated: Fields<'_>) {
    assert_eq!(relay.host.to_string(), stated.text("host"));
    assert_eq!(u32::from(relay.port()), u32_of(stated, "port"));
}

fn bytes(name: &str, value: Option<&[u8]>, outputs: Fields<'_>) {
    assert_eq!(value.is_some(), outputs.has(name));
    if let Some(value) = value {
        outputs.expect(name, value);
    }
}
