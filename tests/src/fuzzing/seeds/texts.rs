//! Seeds of what people type and paste.

use msg_crypto::safety::SafetyValues;
use msg_protocol::key::IdentityKey;

use super::{Seed, seed};

const ID: &str = "mzxw6ytboimzxw6ytboimzxw6ytboimzxw6ytboimzxw6ytboima";
const INVITE: &str = "mzxw6ytboimzxw6ytboimzxw6ytboimz";

pub(super) fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let addresses = [
        ("name", "bob"),
        ("address", "bob@relay.example"),
        ("port", "a.b_c-9@relay.example:65535"),
        ("v4", "bob@127.0.0.1:1"),
        ("v6", "bob@[::ffff:1.2.3.4]:7778"),
    ];
    seeds.extend(addresses.map(|(name, text)| seed("address", name, text)));
    let links = [
        ("relay", "msg-relay://relay.example:7777/".to_owned()),
        ("relay-all", format!("msg-relay://[::1]:443/?pin={ID}&invite={INVITE}")),
        ("contact", format!("msg:bob@relay.example?id={ID}")),
        ("contact-all", format!("msg:bob@relay.example:7777?pin={ID}&id={ID}&token={ID}")),
    ];
    seeds.extend(links.map(|(name, text)| seed("link", name, text)));
    seeds.extend([("32", ID), ("20", INVITE)].map(|(name, text)| seed("base32_text", name, text)));

    let values = SafetyValues::between(&IdentityKey([1; 32]), &IdentityKey([2; 32]));
    seeds.push(seed("safety_number", "groups", values.number().to_string()));
    seeds.push(seed("safety_number", "digits", values.number().to_string().replace(' ', "")));
    seeds.push(seed("safety_code", "code", values.code().to_bytes()));
    seeds.push(seed("padding", "content", *b"content\x80\0\0\0"));
    seeds.push(seed("padding", "empty", [0x80]));
    seeds
}
