//! Messages read back, and what later versions add survives.

use alloc::{vec, vec::Vec};

use super::*;
use crate::{
    address::{Address, Pin},
    bounded::Str,
    group::{GroupCommitHash, GroupStateHash},
    id::{AccountId, GroupId},
    kinded::Unknown,
    laboratory::card_ref,
    secret::{BlobCapability, Door, FileKey},
};

pub(crate) fn message(content: impl Into<Content>) -> Message {
    Message {
        id: MessageId([1; 16]),
        sent_ms: 1_700_000_000_000,
        sender_card: card_ref(3),
        recipient_card: card_ref(4),
        confirm: Confirm::Later,
        group: None,
        content: content.into(),
        extensions: List::empty(),
    }
}

fn text(length: usize) -> Text {
    Text { bytes: Bytes::new(vec![b'x'; length]).unwrap(), reply_to: None, expire_s: None }
}

fn file() -> File {
    File {
        relay: "relay.example:443".parse().unwrap(),
        pin: Some(Pin::new([2; 32])),
        capability: BlobCapability::new([3; 32]),
        key: FileKey::new([4; 32]),
        hash: FileHash([5; 32]),
        length: 70_000,
        padded: 71_680,
        name: Str::new("report.pdf".into()).unwrap(),
        as_text: false,
        reply_to: Some(MessageId([6; 16])),
        expire_s: Some(60),
        image: Some(ImageSize { width: 640, height: 480 }),
    }
}

pub(crate) fn one_of_each_kind() -> Vec<Content> {
    let target = MessageId([9; 16]);
    vec![
        text(5).into(),
        file().into(),
        Edit { target, bytes: Bytes::new(vec![0xff, 0xfe]).unwrap() }.into(),
        Delete { target }.into(),
        Reaction { target, sign: Str::new("👍".into()).unwrap() }.into(),
        Receipt { level: ReceiptLevel::Read, ids: List::new(vec![target]).unwrap() }.into(),
        Ping {}.into(),
        Pong { ping: target }.into(),
        GroupOperation::Request { group: GroupId([8; 16]), after: GroupCommitHash::NONE }.into(),
        Lines {
            lines: List::new(vec![Line { id: target, bytes: Bytes::new(vec![]).unwrap() }])
                .unwrap(),
            expire_s: None,
        }
        .into(),
        ContactDetails {
            address: "bob@relay.example".parse::<Address>().unwrap(),
            pin: None,
            door: Some(Door::new([1; 32])),
            token: None,
            card: card_ref(2),
            display_name: Str::new("Bob".into()).unwrap(),
        }
        .into(),
        SessionReset { unopened: 3 }.into(),
        Replay {
            author: AccountId([7; 16]),
            id: target,
            sent_ms: 1_600_000_000_000,
            said: Replayed::File(file()),
        }
        .into(),
    ]
}

#[test]
fn every_kind_survives_a_round_trip() {
    let contents = one_of_each_kind();
    assert_eq!(contents.len(), Content::KINDS.len());
    for (content, (kind, name)) in contents.into_iter().zip(Content::KINDS) {
        assert_eq!(content.kind(), *kind, "{name}");
        let message = message(content);
        let bytes = message.encode().unwrap();
        assert_eq!(Message::decode(&bytes), Ok(message), "{name}");
        for length in 0..bytes.len() {
            assert!(Message::decode(&bytes[..length]).is_err(), "{name} cut at {length}");
        }
        let longer = [bytes, vec![0]].concat();
        assert!(Message::decode(&longer).is_err(), "{name} with a byte more");
    }
}

#[test]
fn a_content_of_a_later_kind_is_kept_byte_for_byte() {
    let later = message(Content::Unknown(Unknown {
        kind: 999,
        body: Bytes::new(b"from the future".to_vec()).unwrap(),
    }));
    let bytes = later.encode().unwrap();
    let read = Message::decode(&bytes).unwrap();
    assert_eq!(read.content.kind(), 999);
    assert_eq!(read.encode(), Ok(bytes));
}

#[test]
fn an_extension_from_later_is_kept_and_hinders_nothing() {
    let extension = |tag| Extension { tag, body: Bytes::new(vec![1, 2, 3]).unwrap() };
    let mut extended = message(text(5));
    extended.extensions = List::new(vec![extension(7), extension(900)]).unwrap();
    let bytes = extended.encode().unwrap();
    let read = Message::decode(&bytes).unwrap();
    assert_eq!(read.content, text(5).into());
    assert_eq!(read.encode(), Ok(bytes));

    extended.extensions = List::new(vec![extension(7), extension(7)]).unwrap();
    assert!(matches!(extended.encode(), Err(EncodeMessageError::Rule(_))));
}

#[test]
fn a_message_of_a_later_format_is_told_from_a_broken_one() {
    let mut bytes = message(Ping {}).encode().unwrap();
    bytes[0] = 2;
    assert_eq!(Message::decode(&bytes), Err(MessageError::UnknownFormat(2)));
    assert_eq!(Message::decode(&[]), Err(MessageError::Empty));
}

#[test]
fn what_may_not_be_is_refused_at_both_ends() {
    let mut long = file();
    long.padded = 1;
    let nothing = Receipt { level: ReceiptLevel::Read, ids: List::empty() };
    let silent = Lines { lines: List::empty(), expire_s: None };
    let idle = GroupOperation::Commits(List::empty());
    let nobody = GroupOperation::Accepts(List::empty());
    let contents: [Content; 5] =
        [long.into(), nothing.into(), silent.into(), idle.into(), nobody.into()];
    for content in contents {
        let bad = message(content);
        assert!(matches!(bad.encode(), Err(EncodeMessageError::Rule(_))));
        let bytes = [vec![MESSAGE_FORMAT], codec::encode(&bad)].concat();
        assert!(matches!(Message::decode(&bytes), Err(MessageError::Rule(_))));
    }
}

#[test]
fn the_largest_message_fills_the_largest_body() {
    let overhead = message(text(60_000)).encode().unwrap().len() - 60_000;
    let largest = message(text(MAX_MESSAGE_BYTES - overhead));
    assert_eq!(largest.encode().unwrap().len(), MAX_MESSAGE_BYTES);
    let over = message(text(MAX_MESSAGE_BYTES - overhead + 1));
    assert!(matches!(over.encode(), Err(EncodeMessageError::TooLong(_))));
    let far_over = message(text(MAX_MESSAGE_BYTES));
    assert!(matches!(far_over.encode(), Err(EncodeMessageError::TooLong(_))));
}

#[test]
fn a_group_text_of_1400_bytes_fits_the_smallest_body() {
    let mut message = message(text(1_400));
    message.group = Some(GroupContext {
        group: GroupId([1; 16]),
        epoch: 70_000,
        state: GroupStateHash([2; 32]),
        seen: List::new(vec![MessageId([3; 16]); 4]).unwrap(),
    });
    assert!(message.encode().unwrap().len() <= 1_727);
}

#[test]
fn debug_shows_no_word_of_a_message() {
    let mut secret = text(0);
    secret.bytes = Bytes::new(b"attack at dawn".to_vec()).unwrap();
    let shown = alloc::format!("{:?} {:?}", message(secret), message(file()));
    assert!(!shown.contains("attack") && !shown.contains("97, 116"), "{shown}");
    assert!(!shown.contains("report.pdf"), "{shown}");
}
