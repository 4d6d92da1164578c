//! Each address and link has one text, and each malformed text its own error.

use alloc::{format, string::ToString as _};

use super::*;
use crate::{base32::Base32Error, fingerprint::Fingerprint, key::IdentityKey, secret::LinkToken};

fn name(text: &str) -> Result<String, NameError> {
    text.parse::<AccountName>().map(|name| name.to_string())
}

fn relay(text: &str) -> Result<String, RelayAddressError> {
    text.parse::<RelayAddress>().map(|relay| relay.to_string())
}

fn address(text: &str) -> Result<String, AddressError> {
    text.parse::<Address>().map(|address| address.to_string())
}

const PIN: &str = "aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaq";
const INVITE: &str = "aiaqeayeaudaocajbifqydiob4ibceqt";

#[test]
fn names_are_lowered_and_bounded() {
    assert_eq!(name("Bob"), Ok("bob".into()));
    assert_eq!(name("b.o_b-7"), Ok("b.o_b-7".into()));
    assert_eq!(name(&"a".repeat(32)), Ok("a".repeat(32)));
    assert_eq!(name(""), Err(NameError::TooShort));
    assert_eq!(name("b"), Err(NameError::TooShort));
    assert_eq!(name(&"a".repeat(33)), Err(NameError::TooLong));
    assert_eq!(name("7up"), Err(NameError::NoLetterFirst));
    assert_eq!(name(".bob"), Err(NameError::NoLetterFirst));
    assert_eq!(name("bo b"), Err(NameError::Character(3)));
    assert_eq!(name("bob\n"), Err(NameError::Character(4)));
    assert_eq!(name("böb"), Err(NameError::Character(2)));
    assert_eq!(name("b\u{212a}"), Err(NameError::Character(2)), "the Kelvin sign lowers to k");
}

#[test]
fn relays_have_one_text() {
    assert_eq!(relay("Relay.Example"), Ok("relay.example".into()));
    assert_eq!(relay("relay.example:7777"), Ok("relay.example".into()));
    assert_eq!(relay("relay.example:443"), Ok("relay.example:443".into()));
    assert_eq!(relay("127.0.0.1:65535"), Ok("127.0.0.1:65535".into()));
    assert_eq!(relay("[::1]"), Ok("[::1]".into()));
    assert_eq!(relay("[2001:DB8:0:0::1]:1"), Ok("[2001:db8::1]:1".into()), "RFC 5952");
    assert_eq!(relay("xn--bcher-kva.example"), Ok("xn--bcher-kva.example".into()));
    let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61));
    assert_eq!(relay(&longest), Ok(longest));
}

#[test]
fn each_malformed_relay_has_its_error() {
    let cases = [
        ("", RelayAddressError::NoHost),
        (":7777", RelayAddressError::NoHost),
        ("relay.example.", RelayAddressError::TrailingDot),
        ("relay..example", RelayAddressError::EmptyLabel),
        (".example", RelayAddressError::EmptyLabel),
        ("-a.example", RelayAddressError::Hyphen),
        ("a-.example", RelayAddressError::Hyphen),
        ("a_b.example", RelayAddressError::Character(2)),
        ("bücher.example", RelayAddressError::Character(2)),
        ("a b", RelayAddressError::Character(2)),
        ("1.2.3", RelayAddressError::Ipv4),
        ("1.2.3.256", RelayAddressError::Ipv4),
        ("1.2.3.04", RelayAddressError::Ipv4),
        ("relay.7", RelayAddressError::Ipv4),
        ("2130706433", RelayAddressError::Ipv4),
        ("::1", RelayAddressError::NoBrackets),
        ("[::1", RelayAddressError::Bracket),
        ("::1]", RelayAddressError::NoBrackets),
        ("a]", RelayAddressError::Bracket),
        ("[relay]", RelayAddressError::Ipv6),
        ("[fe80::1%eth0]", RelayAddressError::Ipv6),
        ("[127.0.0.1]", RelayAddressError::Ipv6),
        ("[::1]7777", RelayAddressError::AfterBracket),
        ("a:", RelayAddressError::Port(PortError::Missing)),
        ("[::1]:", RelayAddressError::Port(PortError::Missing)),
        ("a:http", RelayAddressError::Port(PortError::NotANumber)),
        ("a:+1", RelayAddressError::Port(PortError::NotANumber)),
        ("a:-1", RelayAddressError::Port(PortError::NotANumber)),
        ("a:0", RelayAddressError::Port(PortError::Zero)),
        ("a:00", RelayAddressError::Port(PortError::LeadingZero)),
        ("a:07777", RelayAddressError::Port(PortError::LeadingZero)),
        ("a:65536", RelayAddressError::Port(PortError::TooLarge)),
        ("a:99999999999999999999", RelayAddressError::Port(PortError::TooLarge)),
    ];
    for (text, error) in cases {
        assert_eq!(relay(text), Err(error), "{text}");
    }
    assert_eq!(relay(&"a".repeat(64)), Err(RelayAddressError::LabelTooLong));
    assert_eq!(relay(&"a.".repeat(127)), Err(RelayAddressError::TooLong));
}

#[test]
fn addresses_join_name_and_relay() {
    assert_eq!(address("Bob@Relay.Example"), Ok("bob@relay.example".into()));
    assert_eq!(address("bob@[::1]:80"), Ok("bob@[::1]:80".into()));
    assert_eq!(address("bob"), Err(AddressError::NoAt));
    assert_eq!(address("bob@a@b"), Err(AddressError::SecondAt));
    assert_eq!(address("@a"), Err(AddressError::Name(NameError::TooShort)));
    assert_eq!(address("bob@"), Err(AddressError::Relay(RelayAddressError::NoHost)));
}

#[test]
fn a_relay_link_reads_back() {
    let text = format!("msg-relay://relay.example:7777/?pin={PIN}&invite={INVITE}");
    let link: RelayLink = text.parse().unwrap();
    assert_eq!(link.relay.to_string(), "relay.example");
    assert_eq!(link.pin.unwrap().as_bytes(), &[1; 32]);
    assert!(link.invite.is_some());
    assert_eq!(link.to_secret_text(), text);
    assert!(!format!("{link:?}").contains(INVITE));
}

#[test]
fn a_relay_link_may_be_short() {
    let link: RelayLink = "msg-relay://[::1]".parse().unwrap();
    assert_eq!((&link.pin, &link.invite), (&None, &None));
    assert_eq!(link.to_secret_text(), "msg-relay://[::1]:7777/");
    let invited: RelayLink = format!("msg-relay://a/?invite={INVITE}").parse().unwrap();
    assert_eq!(invited.to_secret_text(), format!("msg-relay://a:7777/?invite={INVITE}"));
}

#[test]
fn parameters_may_come_in_any_order() {
    let link: RelayLink = format!("msg-relay://a?invite={INVITE}&pin={PIN}").parse().unwrap();
    assert_eq!(link.to_secret_text(), format!("msg-relay://a:7777/?pin={PIN}&invite={INVITE}"));
}

#[test]
fn each_malformed_relay_link_has_its_error() {
    let scheme = LinkError::Scheme("msg-relay://");
    let cases = [
        (String::new(), scheme),
        ("https://a/".into(), scheme),
        ("MSG-RELAY://a/".into(), scheme),
        ("msg-relay:a".into(), scheme),
        (" msg-relay://a/".into(), LinkError::Space(1)),
        ("msg-relay://a/\n".into(), LinkError::Space(15)),
        ("msg-relay://a/\u{7f}".into(), LinkError::Space(15)),
        ("msg-relay://\u{430}/".into(), LinkError::NotAscii(13)),
        ("msg-relay://a/?pin=%61".into(), LinkError::Percent),
        ("msg-relay://a/#top".into(), LinkError::Fragment),
        ("msg-relay://bob@a/".into(), LinkError::UserInfo),
        ("msg-relay://bob:pw@a/".into(), LinkError::UserInfo),
        ("msg-relay:///".into(), LinkError::Relay(RelayAddressError::NoHost)),
        ("msg-relay://?pin=a".into(), LinkError::Relay(RelayAddressError::NoHost)),
        ("msg-relay://a:0/".into(), LinkError::Relay(RelayAddressError::Port(PortError::Zero))),
        ("msg-relay://a/b".into(), LinkError::Path),
        ("msg-relay://a//".into(), LinkError::Path),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<RelayLink>(), Err(error), "{text}");
    }
}

#[test]
fn each_malformed_parameter_has_its_error() {
    let value = |parameter, error| LinkError::Value { parameter, error };
    let length = |expected, found| Base32Error::Length { expected, found };
    let cases = [
        ("msg-relay://a/?".into(), LinkError::EmptyParameter(1)),
        (format!("msg-relay://a/?pin={PIN}&"), LinkError::EmptyParameter(2)),
        ("msg-relay://a/?pin".into(), LinkError::NoValue(1)),
        ("msg-relay://a/?pin=".into(), value("pin", length(52, 0))),
        ("msg-relay://a/?Pin=a".into(), LinkError::UnknownParameter(1)),
        (format!("msg-relay://a/?pin={PIN}&token={PIN}"), LinkError::UnknownParameter(2)),
        (format!("msg-relay://a/?pin={PIN}&pin={PIN}"), LinkError::Twice("pin")),
        (format!("msg-relay://a/?pin={PIN}a"), value("pin", length(52, 53))),
        (
            format!("msg-relay://a/?pin={}", PIN.to_ascii_uppercase()),
            value("pin", Base32Error::UpperCase(1)),
        ),
        (
            format!("msg-relay://a/?pin={}", PIN.replace("aeaq", "ae1q")),
            value("pin", Base32Error::Character(3)),
        ),
        (format!("msg-relay://a/?pin={}r", &PIN[..51]), value("pin", Base32Error::StrayBits)),
        (format!("msg-relay://a/?pin={PIN}="), value("pin", Base32Error::Character(53))),
        (format!("msg-relay://a/?invite={}", &INVITE[..31]), value("invite", length(32, 31))),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<RelayLink>(), Err(error), "{text}");
    }
    let long = format!("msg-relay://a/?pin={}", "a".repeat(512));
    assert_eq!(long.parse::<RelayLink>(), Err(LinkError::TooLong));
}

#[test]
fn a_contact_link_reads_back() {
    let id = Fingerprint::of(&IdentityKey([5; 32]));
    let link = ContactLink {
        address: "bob@relay.example:443".parse().unwrap(),
        pin: Some(Pin::new([1; 32])),
        id,
        token: Some(LinkToken::new([1; 32])),
    };
    let text = link.to_secret_text();
    assert_eq!(text, format!("msg:bob@relay.example:443?pin={PIN}&id={id}&token={PIN}"));
    assert_eq!(text.parse(), Ok(link));
    let short = format!("msg:bob@relay.example:7777?id={id}");
    assert_eq!(short.parse::<ContactLink>().map(|link| link.to_secret_text()), Ok(short));
}

#[test]
fn each_malformed_contact_link_has_its_error() {
    let cases = [
        ("bob@a", LinkError::Scheme("msg:")),
        ("msg-relay://a/", LinkError::Scheme("msg:")),
        ("msg://bob@a", LinkError::Name(NameError::Character(1))),
        ("msg:bob", LinkError::NoAt),
        ("msg:bob:pw@a?id=b", LinkError::UserInfo),
        ("msg:bob@a@b?id=b", LinkError::UserInfo),
        ("msg:bob@a/?id=b", LinkError::Path),
        ("msg:b@a?id=b", LinkError::Name(NameError::TooShort)),
        ("msg:bob@?id=b", LinkError::Relay(RelayAddressError::NoHost)),
        ("msg:bob@a.?id=b", LinkError::Relay(RelayAddressError::TrailingDot)),
        ("msg:bob@a", LinkError::Missing("id")),
        ("msg:bob@a?door=b", LinkError::UnknownParameter(1)),
        (
            "msg:bob@a?id=b",
            LinkError::Value {
                parameter: "id",
                error: Base32Error::Length { expected: 52, found: 1 },
            },
        ),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<ContactLink>(), Err(error), "{text}");
    }
}

#[test]
fn errors_never_repeat_a_secret() {
    let secret = "s3cr3tv4lu3";
    for text in [
        format!("msg:bob@a?id={PIN}&token={secret}"),
        format!("msg:bob@a?id={PIN}&{secret}"),
        format!("msg:bob@a?id={PIN}&{secret}={secret}"),
        format!("msg:bob@a?id={PIN}&token={PIN}&token={secret}"),
    ] {
        let error = text.parse::<ContactLink>().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(secret), "{shown}");
        assert!(!shown.starts_with(char::is_uppercase));
    }
}

#[test]
fn the_wire_takes_canonical_text_only() {
    use crate::codec::{DecodeError, decode, encode};

    let address: Address = "bob@relay.example:443".parse().unwrap();
    let mut bytes = encode(&address);
    assert_eq!(decode(&bytes, 64), Ok(address));
    bytes[1] = b'B';
    assert_eq!(decode::<Address>(&bytes, 64), Err(DecodeError::NotCanonical));
}
