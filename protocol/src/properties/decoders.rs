//! Every decoder takes any bytes, accepts only what its encoder writes, and
//! refuses a byte more.

use alloc::{string::String, vec, vec::Vec};
use core::fmt::Debug;

use proptest::{collection::vec, prelude::*};
use serde::{Serialize, de::DeserializeOwned};

use super::{nearly, pieces};
use crate::{
    bounded::{Bytes, List, Str},
    card::{Card, CardHash, CardRef, Device},
    codec,
    content::{Content, Message},
    envelope::{Body, Envelope, EnvelopeKind},
    error::{Code, Refusal},
    frame::{ClientFrame, FrameDecoder, RequestId, ServerFrame},
    group::{GroupAccept, GroupCommit, GroupState},
    id::{EnvelopeId, MailboxId, MessageId},
    key::{AgreementKey, IdentityKey, SigningKey},
    laboratory,
    limits::{MAX_FRAME_BYTES, MAX_MESSAGE_BYTES},
    prekey::{LastResortPrekey, OneTimePair, PrekeyBundle, SignedPrekey},
    push::{Arrived, Push},
    request::Request,
    response::{Collected, Response, Row},
    secret::SaltedHash,
    signed::Signed,
    time::{UnixDay, UnixSeconds},
    version::{Farewell, Hello, Welcome},
};

const LIMIT: usize = 2 * MAX_FRAME_BYTES;

/// Whether the bytes were accepted; if so, they are the value's only encoding.
fn strict<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) -> bool {
    let Ok(value) = codec::decode::<T>(bytes, LIMIT) else { return false };
    assert_eq!(codec::encode(&value), bytes);
    assert!(codec::decode::<T>(&[bytes, &[0]].concat(), LIMIT).is_err(), "a byte more");
    assert_eq!(codec::decode::<T>(bytes, LIMIT), Ok(value));
    true
}

/// Every type that is decoded from somebody else's bytes.
const DECODERS: &[fn(&[u8]) -> bool] = &[
    strict::<Card>,
    strict::<Signed<Card>>,
    strict::<SignedPrekey>,
    strict::<LastResortPrekey>,
    strict::<OneTimePair>,
    strict::<PrekeyBundle>,
    strict::<Envelope>,
    strict::<Content>,
    strict::<Message>,
    strict::<GroupCommit>,
    strict::<GroupAccept>,
    strict::<GroupState>,
    strict::<Hello>,
    strict::<Welcome>,
    strict::<Farewell>,
    strict::<Refusal>,
    strict::<SaltedHash>,
    strict::<Request>,
    strict::<Response>,
    strict::<Push>,
    strict::<ClientFrame>,
    strict::<ServerFrame>,
];

fn messages() -> Vec<Vec<u8>> {
    let contents = crate::content::tests::one_of_each_kind().into_iter();
    contents.map(|content| crate::content::tests::message(content).encode().unwrap()).collect()
}

fn requests() -> Vec<Vec<u8>> {
    let requests = crate::request::tests::one_of_each_kind().into_iter();
    requests.map(|request| codec::encode(&ClientFrame::Request(RequestId(300), request))).collect()
}

fn envelope() -> impl Strategy<Value = Envelope> {
    let handshake = prop_oneof![Just(EnvelopeKind::Session), Just(EnvelopeKind::Handshake)];
    let parts = (any::<[u8; 16]>(), any::<[u8; 16]>(), handshake, any::<u64>(), any::<u8>());
    parts.prop_map(|(mailbox, id, kind, expires, byte)| Envelope {
        mailbox: MailboxId(mailbox),
        id: EnvelopeId(id),
        kind,
        expires: UnixSeconds(expires),
        body: Body::new(vec![byte; 4_096]).unwrap(),
    })
}

fn card() -> impl Strategy<Value = Card> {
    let device = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<u32>());
    let device = device.prop_map(|(signing, agreement, added)| Device {
        signing: SigningKey(signing),
        agreement: AgreementKey(agreement),
        added: UnixDay(added),
    });
    let name = "[a-z][a-z0-9._-]{1,31}";
    let parts = (any::<[u8; 32]>(), name, any::<u32>(), any::<[u8; 32]>(), vec(device, 0..17));
    parts.prop_map(|(identity, name, version, previous, devices)| Card {
        identity: IdentityKey(identity),
        name: name.parse().unwrap(),
        version,
        previous: CardHash(previous),
        devices,
        ..laboratory::card(1)
    })
}

fn message() -> impl Strategy<Value = Message> {
    let kinds = crate::content::tests::one_of_each_kind();
    let card = (any::<u32>(), any::<[u8; 32]>());
    let card = card.prop_map(|(version, hash)| CardRef { version, hash: CardHash(hash) });
    let parts = (any::<[u8; 16]>(), any::<u64>(), card.clone(), card, 0..kinds.len());
    parts.prop_map(move |(id, sent_ms, sender_card, recipient_card, kind)| Message {
        id: MessageId(id),
        sent_ms,
        sender_card,
        recipient_card,
        ..crate::content::tests::message(kinds[kind].clone())
    })
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_have_one_meaning(bytes in vec(any::<u8>(), 0..512)) {
        for decoder in DECODERS {
            decoder(&bytes);
        }
        let _ = Message::decode(&bytes);
    }

    #[test]
    fn nearly_valid_messages_are_refused_or_have_one_meaning(bytes in nearly(messages())) {
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode(), Ok(bytes));
        }
    }

    #[test]
    fn nearly_valid_requests_are_refused_or_have_one_meaning(bytes in nearly(requests())) {
        strict::<ClientFrame>(&bytes);
    }

    #[test]
    fn envelopes_read_back(envelope in envelope(), sequence: u64, knock: bool, more: bool) {
        prop_assert!(strict::<Envelope>(&codec::encode(&envelope)));
        let row = Row { sequence, knock, envelope };
        let rows = List::new(vec![row.clone(); 3]).unwrap();
        let answer = ServerFrame::Response(RequestId(1), Collected { rows, more }.into());
        prop_assert!(strict::<ServerFrame>(&codec::encode(&answer)));
        let push = ServerFrame::Push(Arrived { row }.into());
        prop_assert!(strict::<ServerFrame>(&codec::encode(&push)));
    }

    #[test]
    fn cards_read_back(card in card()) {
        let bytes = codec::encode(&card);
        prop_assert!(strict::<Card>(&bytes));
        prop_assert_eq!(codec::decode(&bytes, LIMIT), Ok(card));
    }

    #[test]
    fn messages_read_back(message in message()) {
        let bytes = message.encode().unwrap();
        prop_assert!(bytes.len() <= MAX_MESSAGE_BYTES);
        prop_assert_eq!(Message::decode(&bytes), Ok(message));
    }

    #[test]
    fn refusals_read_back(code: u16, retry_after_s: Option<u32>, keep: bool) {
        let refusal = Refusal { code: Code(code), retry_after_s, keep };
        prop_assert!(strict::<Refusal>(&codec::encode(&refusal)));
        prop_assert!(strict::<ServerFrame>(&codec::encode(&ServerFrame::Refusal(RequestId(7), refusal))));
    }

    #[test]
    fn bounded_types_keep_their_bounds(bytes in vec(any::<u8>(), 0..40), text: String) {
        let fits = bytes.len() <= 20;
        prop_assert_eq!(Bytes::<20>::new(bytes.clone()).is_ok(), fits);
        prop_assert_eq!(List::<u8, 20>::new(bytes.clone()).is_ok(), fits);
        let encoded = codec::encode(&Bytes::<40>::new(bytes).unwrap());
        prop_assert_eq!(codec::decode::<Bytes<20>>(&encoded, 64).is_ok(), fits);
        prop_assert_eq!(codec::decode::<List<u8, 20>>(&encoded, 64).is_ok(), fits);
        let encoded = codec::encode(&text);
        prop_assert_eq!(codec::decode::<Str<20>>(&encoded, LIMIT).is_ok(), text.len() <= 20);
    }

    #[test]
    fn frames_are_the_same_however_the_stream_is_cut(
        bodies in vec(vec(any::<u8>(), 1..300), 0..8),
        sizes in vec(1..700_usize, 1..20),
    ) {
        let mut stream = Vec::new();
        for body in &bodies {
            stream.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
            stream.extend_from_slice(body);
        }
        let mut decoder = FrameDecoder::new(512);
        let mut found = Vec::new();
        for mut piece in pieces(&stream, &sizes) {
            while !piece.is_empty() {
                found.extend(decoder.handle_bytes(&mut piece).unwrap());
                prop_assert!(decoder.capacity() <= 512);
            }
        }
        prop_assert_eq!(found, bodies);
        prop_assert!(!decoder.is_inside_frame());
    }

    #[test]
    fn any_stream_leaves_the_frame_decoder_bounded(
        stream in vec(any::<u8>(), 0..2_000),
        sizes in vec(1..700_usize, 1..20),
        limit in 0..1_000_usize,
    ) {
        let mut decoder = FrameDecoder::new(limit);
        'stream: for mut piece in pieces(&stream, &sizes) {
            while !piece.is_empty() {
                match decoder.handle_bytes(&mut piece) {
                    Ok(Some(frame)) => prop_assert!((1..=limit).contains(&frame.len())),
                    Ok(None) => prop_assert!(piece.is_empty()),
                    Err(_) => break 'stream,
                }
                prop_assert!(decoder.capacity() <= limit);
            }
        }
    }
}
