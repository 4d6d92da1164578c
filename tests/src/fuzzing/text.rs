//! Texts that people type, paste and scan: what is read is written back, and
//! written text reads as the same value.

use std::{fmt::Display, str::FromStr};

use msg_crypto::{
    padding::unpadded_length,
    safety::{SafetyCode, SafetyNumber},
};
use msg_protocol::{
    address::{AccountName, Address, ContactLink, Pin, RelayAddress, RelayHost, RelayLink},
    fingerprint::Fingerprint,
    limits::MAX_LINK_BYTES,
    secret::{Invite, LinkToken},
};

fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// Whether the text is a `T`; checked to come back from the text it is written as.
fn reads<T: FromStr + Display + PartialEq>(text: &str) -> bool {
    let Ok(value) = text.parse::<T>() else {
        return false;
    };
    let written = value.to_string();
    let again = written.parse::<T>().ok();
    assert!(again.as_ref() == Some(&value), "{written:?} is another value");
    assert_eq!(again.unwrap().to_string(), written, "two texts for one value");
    assert!(!written.contains(|c: char| c.is_whitespace() || c.is_ascii_uppercase()));
    true
}

/// Names, hosts, addresses.
pub fn address(input: &[u8]) -> bool {
    let Some(text) = text(input) else {
        return false;
    };
    let name = reads::<AccountName>(text);
    let host = reads::<RelayHost>(text);
    let relay = reads::<RelayAddress>(text);
    assert!(relay || !host || text.starts_with('['), "a host is no relay");
    let address = reads::<Address>(text);
    assert!(!(address && (name || relay)), "an address is only an address");
    name || relay || address
}

/// Names of accounts: those of the specification and no others, in lower case.
pub fn username(input: &[u8]) -> bool {
    let Some(text) = text(input) else {
        return false;
    };
    let is_of_names = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    let is_name = (2..=32).contains(&input.len())
        && input[0].is_ascii_alphabetic()
        && input.iter().all(|c| is_of_names(*c));
    let name = text.parse::<AccountName>().ok();
    assert_eq!(name.is_some(), is_name, "{text:?}");
    assert!(name.is_none_or(|name| name.as_str() == text.to_ascii_lowercase()));
    reads::<AccountName>(text)
}

/// Links.
pub fn link(input: &[u8]) -> bool {
    let Some(text) = text(input) else {
        return false;
    };
    let contact = text.parse::<ContactLink>().map(|link| {
        let written = link.to_secret_text();
        assert_eq!(written.parse().as_ref(), Ok(&link), "{written:?} is another link");
        written
    });
    let relay = text.parse::<RelayLink>().map(|link| {
        let written = link.to_secret_text();
        assert_eq!(written.parse().as_ref(), Ok(&link), "{written:?} is another link");
        written
    });
    match (contact, relay) {
        (Ok(written), Err(_)) | (Err(_), Ok(written)) => {
            assert!(written.len() <= MAX_LINK_BYTES && written.is_ascii());
            true
        }
        (Err(_), Err(_)) => false,
        (Ok(_), Ok(_)) => panic!("both kinds of link at once"),
    }
}

/// Fingerprints, pins, tokens, invitations: each value has one text.
pub fn base32_text(input: &[u8]) -> bool {
    let Some(text) = text(input) else {
        return false;
    };
    let long = [
        text.parse::<Fingerprint>().map(|value| value.to_string()),
        text.parse::<Pin>().map(|value| value.to_string()),
        LinkToken::from_secret_text(text).map(|value| value.to_secret_text()),
    ];
    assert!(long.iter().all(|written| *written == long[0]), "one text form, three answers");
    let [long, ..] = long;
    let invite = Invite::from_secret_text(text).map(|value| value.to_secret_text());
    let Ok(written) = long.or(invite) else {
        return false;
    };
    assert_eq!(written, text, "two texts for one value");
    true
}

/// Safety numbers as somebody types them.
pub fn safety_number(input: &[u8]) -> bool {
    let Some(number) = text(input).and_then(|text| text.parse::<SafetyNumber>().ok()) else {
        return false;
    };
    let written = number.to_string();
    assert_eq!(written.len(), 71);
    assert!(written.parse() == Ok(number), "{written:?} is another number");
    true
}

/// Safety codes as a camera reads them.
pub fn safety_code(input: &[u8]) -> bool {
    let Ok(code) = SafetyCode::from_bytes(input) else {
        return false;
    };
    assert_eq!(code.to_bytes().as_slice(), input);
    let (own, peer) = input[1..].split_at(32);
    assert_eq!(code.is_answered_by(&code), own == peer);
    let crossed = [&[1], peer, own].concat();
    assert!(code.is_answered_by(&SafetyCode::from_bytes(&crossed).unwrap()));
    true
}

/// Padding: the content is what stands before the last 80, and nothing else.
pub fn padding(input: &[u8]) -> bool {
    let Ok(length) = unpadded_length(input) else {
        assert!(input.iter().rev().find(|byte| **byte != 0) != Some(&0x80), "good padding refused");
        return false;
    };
    assert_eq!(input[length], 0x80);
    assert!(input[length + 1..].iter().all(|byte| *byte == 0));
    true
}
