//! Names, addresses and links: what is read, and how it is written.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use msg_protocol::{
    address::{AccountName, Address, ContactLink, Pin, RelayAddress, RelayLink},
    secret::{Invite, LinkToken},
};

use super::{
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
};

#[test]
fn links_are_as_their_vectors_say() {
    let rng = &mut Draws::of("links");
    let mut cases = addresses();
    cases.extend(relay_links(rng));
    cases.extend(contact_links(rng));
    File {
        name: "links",
        about: "Texts that people type and paste, as they are read, and the one form in which \
                they are written.",
        spec: "protocol/SPEC.md, Text forms to Addresses and links",
        cases,
    }
    .keep();
}

fn base32(bytes: &[u8]) -> String {
    msg_protocol::base32::encode(bytes)
}

fn reading(kind: &str, text: &str, read: Option<Json>) -> Case {
    let name = if text.is_empty() { "nothing" } else { text };
    let case = Case::new(kind, name, object! { "text": text });
    match read {
        Some(outputs) => case.outputs(outputs),
        None => case.refused(true),
    }
}

fn parts(relay: &RelayAddress) -> Json {
    object! { "host": relay.host.to_string(), "port": relay.port() }
}

fn addresses() -> Vec<Case> {
    let name = |text: &str| {
        let read = text.parse::<AccountName>();
        let written = read.map(|name| object! { "text": name.as_str() });
        reading("name", text, written.ok())
    };
    let relay = |text: &str| {
        let read = text.parse::<RelayAddress>();
        let written = read.map(|relay| parts(&relay).with("text", relay.to_string()));
        reading("relay", text, written.ok())
    };
    let address = |text: &str| {
        let read = text.parse::<Address>();
        let written = read.map(|address| {
            object! { "name": address.name.as_str(), "relay": parts(&address.relay) }
                .with("text", address.to_string())
        });
        reading("address", text, written.ok())
    };
    let longest = format!("a{}", "b".repeat(31));
    let names =
        ["bob", "Bob", "b.o_b-7", &longest, "b", "7up", "bo b", "b\u{f6}b", &format!("{longest}b")];
    let relays = [
        "relay.example",
        "Relay.Example",
        "relay.example:7777",
        "relay.example:443",
        "192.0.2.7:65535",
        "[2001:DB8:0:0::1]:1",
        "xn--bcher-kva.example",
        "",
        "relay.example.",
        "relay..example",
        "-a.example",
        "a_b.example",
        "1.2.3.256",
        "1.2.3.04",
        "::1",
        "[::1",
        "[fe80::1%eth0]",
        "[::1]7777",
        "a:",
        "a:0",
        "a:07777",
        "a:65536",
        "a:+1",
    ];
    let addresses = ["Bob@Relay.Example", "bob@[::1]:80", "bob", "bob@a@b", "@a", "bob@"];
    let names = names.into_iter().map(name);
    names.chain(relays.into_iter().map(relay)).chain(addresses.into_iter().map(address)).collect()
}

fn relay_links(rng: &mut Draws) -> Vec<Case> {
    let (pin, invite) = (base32(&rng.bytes::<32>()), base32(&rng.bytes::<20>()));
    let texts = [
        format!("msg-relay://relay.example:7777/?pin={pin}&invite={invite}"),
        format!("msg-relay://relay.example/?invite={invite}&pin={pin}"),
        format!("msg-relay://[::1]:443/?pin={pin}"),
        "msg-relay://relay.example".into(),
        "msg-relay://relay.example:7777/".into(),
        format!("msg-relay://relay.example/?pin={}", pin.to_uppercase()),
        format!("msg-relay://relay.example/?pin={}", &pin[..51]),
        format!("msg-relay://relay.example/?pin={pin}&pin={pin}"),
        format!("msg-relay://relay.example/?key={pin}"),
        format!("msg-relay://relay.example/path?pin={pin}"),
        format!("MSG-RELAY://relay.example/?pin={pin}"),
        "msg-relay://relay.example/#x".into(),
        "msg-relay:///".into(),
    ];
    let read = |text: &String| {
        let link = text.parse::<RelayLink>().map(|link| {
            object! {
                "relay": parts(&link.relay),
                "pin": link.pin.as_ref().map(Pin::as_bytes),
                "invite": link.invite.as_ref().map(Invite::expose),
                "text": link.to_secret_text(),
            }
        });
        reading("relay link", text, link.ok())
    };
    texts.iter().map(read).collect()
}

fn contact_links(rng: &mut Draws) -> Vec<Case> {
    let [pin, id, token] =
        [rng.bytes::<32>(), rng.bytes(), rng.bytes()].map(|bytes| base32(&bytes));
    let texts = [
        format!("msg:bob@relay.example:7777?pin={pin}&id={id}&token={token}"),
        format!("msg:Bob@Relay.Example?token={token}&id={id}"),
        format!("msg:bob@[::1]:443?id={id}"),
        format!("msg:bob@relay.example?pin={pin}"),
        "msg:bob@relay.example".into(),
        format!("msg:bob@relay.example/?id={id}"),
        format!("msg:bob@relay.example?id={id}&id={id}"),
        format!("msg:bob@relay.example?id={id}&door={token}"),
        format!("msg://bob@relay.example?id={id}"),
        format!("msg:relay.example?id={id}"),
        format!("msg:bob@relay.example?id={id} "),
    ];
    let read = |text: &String| {
        let link = text.parse::<ContactLink>().map(|link| {
            object! {
                "name": link.address.name.as_str(),
                "relay": parts(&link.address.relay),
                "pin": link.pin.as_ref().map(Pin::as_bytes),
                "id": link.id.as_bytes(),
                "token": link.token.as_ref().map(LinkToken::expose),
                "text": link.to_secret_text(),
            }
        });
        reading("contact link", text, link.ok())
    };
    texts.iter().map(read).collect()
}
