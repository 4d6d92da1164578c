//! Messages: each kind of content in the plaintext of an envelope.

use alloc::{string::ToString as _, vec, vec::Vec};

use msg_protocol::{
    address::Pin,
    bounded::{Bytes, List, Str},
    card::{CardHash, CardRef},
    codec,
    content::{
        Confirm, ContactDetails, Content, Delete, Edit, Extension, File as SharedFile, FileHash,
        ImageSize, Line, Lines, Message, Ping, Pong, Reaction, Receipt, ReceiptLevel, Replay,
        Replayed, SessionReset, Text,
    },
    group::{GroupCommitHash, GroupContext, GroupOperation, GroupStateHash},
    id::{AccountId, GroupId, MessageId},
    secret::{BlobCapability, Door, FileKey, LinkToken},
};
use serde::Serialize;

use super::{
    case::{Case, File},
    draws::Draws,
    groups,
    json::{Json, object},
    value::json,
};

#[test]
fn messages_are_as_their_vectors_say() {
    let rng = &mut Draws::of("messages");
    let envelope = plain(rng);
    let mut cases: Vec<Case> = contents(rng)
        .into_iter()
        .map(|(name, content, fields)| case(name, fields, &Message { content, ..envelope.clone() }))
        .collect();
    cases.push(grouped(&envelope, rng));
    cases.extend(refused(&envelope));
    for (kind, name) in Content::KINDS {
        let shown =
            |case: &Case| case.member("inputs").unwrap().member("kind") == Some(&(*kind).into());
        assert!(cases.iter().any(shown), "no vector shows {name}");
    }
    File {
        name: "messages",
        about: "Plaintexts of envelopes. `message`: from the fields, in the order of the encoding, \
                to the bytes; `fields` are those of the content of that `kind`, and `body` is \
                their encoding. `plaintext`: bytes that must be refused.",
        spec: "protocol/SPEC.md, Messages",
        cases,
    }
    .keep();
}

fn bytes<const MAX: usize>(content: &[u8]) -> Bytes<MAX> {
    Bytes::new(content.to_vec()).unwrap()
}

fn text<const MAX: usize>(content: &str) -> Str<MAX> {
    Str::new(content.to_string()).unwrap()
}

fn card_ref(version: u32, rng: &mut Draws) -> CardRef {
    CardRef { version, hash: CardHash(rng.bytes()) }
}

fn plain(rng: &mut Draws) -> Message {
    Message {
        id: MessageId(rng.bytes()),
        sent_ms: 1_800_000_000_123,
        sender_card: card_ref(1, rng),
        recipient_card: card_ref(300, rng),
        confirm: Confirm::Later,
        group: None,
        content: Ping {}.into(),
        extensions: List::empty(),
    }
}

/// A content with its fields as JSON.
fn of<T: Serialize + Into<Content>>(name: &'static str, value: T) -> (&'static str, Content, Json) {
    let fields = json(&value);
    (name, value.into(), fields)
}

fn contents(rng: &mut Draws) -> Vec<(&'static str, Content, Json)> {
    let target = MessageId(rng.bytes());
    let line = |content: &[u8], rng: &mut Draws| Line {
        id: MessageId(rng.bytes()),
        bytes: bytes(content),
    };
    let lines = vec![line(b"one", rng), line(b"", rng)];
    let mut list = vec![
        of("a text", Text { bytes: bytes(b"hello"), reply_to: None, expire_s: None }),
        of(
            "an answer that is no UTF-8 and expires",
            Text { bytes: bytes(&[0xff, 0]), reply_to: Some(target), expire_s: Some(300) },
        ),
        of("a file", file(None, rng)),
        of("an image", file(Some(ImageSize { width: 1_920, height: 1_080 }), rng)),
        of("an edit", Edit { target, bytes: bytes(b"hullo") }),
        of("a deletion", Delete { target }),
        of("a reaction", Reaction { target, sign: text("\u{1f44d}") }),
        of("a reaction taken back", Reaction { target, sign: text("") }),
        of(
            "a receipt",
            Receipt { level: ReceiptLevel::Read, ids: List::new(vec![target]).unwrap() },
        ),
        of("a ping", Ping {}),
        of("a pong", Pong { ping: target }),
        of("several lines", Lines { lines: List::new(lines).unwrap(), expire_s: None }),
        of("contact details", contact(true, rng)),
        of("contact details, the least of them", contact(false, rng)),
        of("a session reset", SessionReset { unopened: 128 }),
    ];
    let signed = groups::signed(rng);
    let request =
        GroupOperation::Request { group: GroupId(rng.bytes()), after: GroupCommitHash::NONE };
    let commits = GroupOperation::Commits(List::new(vec![signed.commit]).unwrap());
    for (name, operation) in [
        ("commits of a group", commits),
        (
            "a statement of joining",
            GroupOperation::Accepts(List::new(vec![signed.accept]).unwrap()),
        ),
        ("a request for commits", request),
    ] {
        list.push(of(name, operation));
    }
    for (name, said) in [
        (
            "a text passed on",
            Replayed::Text(Text { bytes: bytes(b"earlier"), reply_to: None, expire_s: None }),
        ),
        ("a file passed on", Replayed::File(file(None, rng))),
    ] {
        let (author, id) = (AccountId(rng.bytes()), MessageId(rng.bytes()));
        list.push(of(name, Replay { author, id, sent_ms: 1_790_000_000_000, said }));
    }
    list
}

fn file(image: Option<ImageSize>, rng: &mut Draws) -> SharedFile {
    SharedFile {
        relay: "relay.example:443".parse().unwrap(),
        pin: image.map(|_| Pin::new(rng.bytes())),
        capability: BlobCapability::new(rng.bytes()),
        key: FileKey::new(rng.bytes()),
        hash: FileHash(rng.bytes()),
        length: 70_000,
        padded: 71_680,
        name: text("r\u{e9}sum\u{e9}.pdf"),
        as_text: image.is_none(),
        reply_to: image.map(|_| MessageId(rng.bytes())),
        expire_s: image.map(|_| 86_400),
        image,
    }
}

fn contact(whole: bool, rng: &mut Draws) -> ContactDetails {
    ContactDetails {
        address: if whole { "bob@[2001:db8::7]:443" } else { "bob@relay.example" }.parse().unwrap(),
        pin: whole.then(|| Pin::new(rng.bytes())),
        door: whole.then(|| Door::new(rng.bytes())),
        token: whole.then(|| LinkToken::new(rng.bytes())),
        card: card_ref(7, rng),
        display_name: text(if whole { "Bob" } else { "" }),
    }
}

fn case(name: &str, fields: Json, message: &Message) -> Case {
    let encoded = message.encode().unwrap();
    assert_eq!(Message::decode(&encoded).unwrap(), *message);
    let kind = message.content.kind();
    let content = codec::encode(&message.content);
    let prefix = codec::encode(&kind).len();
    let header = object! {
        "id": message.id.as_bytes(),
        "sent_ms": message.sent_ms,
        "sender's card": json(&message.sender_card),
        "recipient's card": json(&message.recipient_card),
        "confirm": json(&message.confirm),
        "group": message.group.as_ref().map(json),
        "extensions": json(&message.extensions),
    };
    let inputs = object! { "kind": kind, "fields": fields, "message": header };
    Case::new("message", name, inputs)
        .steps(object! { "content": &content, "body": &body(&content[prefix..]) })
        .outputs(object! { "plaintext": &encoded })
}

/// A byte string without its length.
fn body(encoded: &[u8]) -> Vec<u8> {
    let start = encoded.iter().position(|byte| *byte < 0x80).unwrap() + 1;
    encoded[start..].to_vec()
}

fn grouped(message: &Message, rng: &mut Draws) -> Case {
    let seen = List::new(vec![MessageId(rng.bytes()), MessageId(rng.bytes())]).unwrap();
    let group = GroupContext {
        group: GroupId(rng.bytes()),
        epoch: 7,
        state: GroupStateHash(rng.bytes()),
        seen,
    };
    let extension = |tag, content: &[u8]| Extension { tag, body: bytes(content) };
    let extensions = List::new(vec![extension(3, b"later"), extension(300, b"")]).unwrap();
    let (_, content, fields) =
        of("", Text { bytes: bytes(b"all"), reply_to: None, expire_s: None });
    let message = Message {
        group: Some(group),
        confirm: Confirm::AtOnce,
        extensions,
        content,
        ..message.clone()
    };
    case("a text to a group, with extensions", fields, &message)
}

fn refused(message: &Message) -> Vec<Case> {
    let good = message.encode().unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let mut trailing = good.clone();
    trailing.push(0);
    let extension = |tag: u16| codec::encode(&(tag, vec![0_u8]));
    let extended = |tags: [u16; 2]| {
        [&good[..good.len() - 1], &[2], &extension(tags[0]), &extension(tags[1])].concat()
    };
    assert!(Message::decode(&extended([1, 2])).is_ok());
    let list = [
        ("nothing", vec![]),
        ("an unknown format: to be kept", changed(0, 2)),
        ("a byte left over", trailing),
        ("cut short", good[..good.len() - 1].to_vec()),
        ("extensions out of order", extended([2, 1])),
        ("an extension twice", extended([2, 2])),
        ("a content shorter than its kind", [&good[..good.len() - 3], &[8, 0, 0]].concat()),
    ];
    list.into_iter()
        .map(|(name, bytes)| {
            assert!(Message::decode(&bytes).is_err());
            Case::new("plaintext", name, object! { "plaintext": &bytes }).refused(true)
        })
        .collect()
}
