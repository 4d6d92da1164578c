//! Text forms: what is written reads back, and what is read has one way to be
//! written.

use alloc::{
    format,
    string::{String, ToString as _},
    vec,
};

use proptest::{option, prelude::*};

use crate::{
    address::{AccountName, Address, ContactLink, Pin, RelayAddress, RelayHost, RelayLink},
    fingerprint::Fingerprint,
    key::IdentityKey,
    secret::{Invite, LinkToken},
};

fn relay() -> impl Strategy<Value = RelayAddress> {
    let name = "[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?(\\.[a-z][a-z0-9]{0,8}){0,3}";
    let host = prop_oneof![
        name.prop_map(String::from),
        any::<[u8; 4]>().prop_map(|v4| core::net::Ipv4Addr::from(v4).to_string()),
        any::<[u8; 16]>().prop_map(|v6| format!("[{}]", core::net::Ipv6Addr::from(v6))),
    ];
    (host, 1..=u16::MAX).prop_map(|(host, port)| {
        RelayAddress::new(host.parse::<RelayHost>().unwrap(), port).unwrap()
    })
}

fn address() -> impl Strategy<Value = Address> {
    let name = "[a-z][a-z0-9._-]{1,31}";
    (name, relay()).prop_map(|(name, relay)| Address { name: name.parse().unwrap(), relay })
}

fn pin() -> impl Strategy<Value = Option<Pin>> {
    option::of(any::<[u8; 32]>().prop_map(Pin::new))
}

/// Texts made of what addresses and links are made of.
fn nearly_links() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("msg:"),
        Just("msg-relay://"),
        Just("bob"),
        Just("@"),
        Just("relay.example"),
        Just("[::1]"),
        Just("127.0.0.1"),
        Just(":"),
        Just("7777"),
        Just("0"),
        Just("/"),
        Just("?"),
        Just("&"),
        Just("pin="),
        Just("id="),
        Just("token="),
        Just("invite="),
        Just("aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaq"),
        Just("aiaqeayeaudaocajbifqydiob4ibceqt"),
        Just("."),
        Just("-"),
        Just("A"),
    ];
    proptest::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

/// What is accepted is written in one way, which reads back as the same.
fn canonical(text: &str) -> Result<(), TestCaseError> {
    if let Ok(name) = text.parse::<AccountName>() {
        prop_assert_eq!(name.to_string().parse(), Ok(name));
    }
    if let Ok(relay) = text.parse::<RelayAddress>() {
        prop_assert_eq!(relay.to_string().parse(), Ok(relay));
    }
    if let Ok(address) = text.parse::<Address>() {
        prop_assert_eq!(address.to_string().parse(), Ok(address));
    }
    if let Ok(link) = text.parse::<RelayLink>() {
        prop_assert_eq!(link.to_secret_text().parse(), Ok(link));
    }
    if let Ok(link) = text.parse::<ContactLink>() {
        prop_assert_eq!(link.to_secret_text().parse(), Ok(link));
    }
    if let Ok(pin) = text.parse::<Pin>() {
        prop_assert_eq!(pin.to_string(), text);
    }
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        prop_assert_eq!(fingerprint.to_string(), text);
    }
    if let Ok(invite) = Invite::from_secret_text(text) {
        prop_assert_eq!(invite.to_secret_text(), text);
    }
    if let Ok(token) = LinkToken::from_secret_text(text) {
        prop_assert_eq!(token.to_secret_text(), text);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_refused_or_has_one_form(text: String) {
        canonical(&text)?;
    }

    #[test]
    fn any_printable_text_is_refused_or_has_one_form(text in "[ -~]{0,80}") {
        canonical(&text)?;
    }

    #[test]
    fn any_base32_is_refused_or_has_one_form(text in "[a-z2-7]{31,33}|[a-z2-7]{51,53}") {
        canonical(&text)?;
    }

    #[test]
    fn nearly_valid_links_are_refused_or_have_one_form(text in nearly_links()) {
        canonical(&text)?;
    }

    #[test]
    fn addresses_read_back(address in address()) {
        prop_assert_eq!(address.to_string().parse(), Ok(address.clone()));
        prop_assert_eq!(address.relay.to_string().parse(), Ok(address.relay.clone()));
        let port = address.relay.with_port().to_string();
        prop_assert_eq!(port.parse(), Ok(address.relay));
    }

    #[test]
    fn capitals_make_no_other_address(address in address()) {
        prop_assert_eq!(address.to_string().to_ascii_uppercase().parse(), Ok(address));
    }

    #[test]
    fn relay_links_read_back(relay in relay(), pin in pin(), invite in option::of(any::<[u8; 20]>())) {
        let link = RelayLink { relay, pin, invite: invite.map(Invite::new) };
        prop_assert_eq!(link.to_secret_text().parse(), Ok(link));
    }

    #[test]
    fn contact_links_read_back(
        address in address(),
        pin in pin(),
        identity: [u8; 32],
        token in option::of(any::<[u8; 32]>()),
    ) {
        let id = Fingerprint::of(&IdentityKey(identity));
        let link = ContactLink { address, pin, id, token: token.map(LinkToken::new) };
        prop_assert_eq!(link.to_secret_text().parse(), Ok(link));
    }
}
