//! Decoders of what travels: a value that is accepted encodes to the bytes it came
//! from, and keeps to its bounds.

use std::fmt::Debug;

use msg_protocol::{
    card::Card,
    codec,
    content::{Content, Message},
    envelope::Envelope,
    frame::{ClientFrame, LENGTH_BYTES, ServerFrame},
    group::GroupState,
    limits::{
        BODY_SIZES, MAX_CARD_BYTES, MAX_FRAME_BYTES, MAX_GROUP_COMMIT_BYTES, MAX_MESSAGE_BYTES,
    },
    prekey::PrekeyBundle,
    request::Request,
    signed::Signable as _,
};
use serde::{Serialize, de::DeserializeOwned};

use super::world::WORLD;
use crate::party::NOW;

/// The value, if there is one; checked to have no other encoding.
fn decode<T>(input: &[u8], limit: usize) -> Option<T>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let value: T = codec::decode(input, limit).ok()?;
    assert!(input.len() <= limit, "longer than the limit");
    assert_eq!(codec::encode(&value), input, "another encoding");
    Some(value)
}

/// A card, without its signature.
pub fn card(input: &[u8]) -> bool {
    let Some(card) = decode::<Card>(input, MAX_CARD_BYTES) else {
        return false;
    };
    if card.check().is_err() {
        return false;
    }
    assert_eq!(card.mailboxes().count(), card.devices.len());
    for device in &card.devices {
        assert_eq!(card.device(device.id()), Some(device), "two devices with one id");
    }
    true
}

/// A bundle of prekeys: only what the device has signed gets through.
pub fn prekey_bundle(input: &[u8]) -> bool {
    let Some(bundle) = decode::<PrekeyBundle>(input, MAX_FRAME_BYTES) else {
        return false;
    };
    let world = &*WORLD;
    let honest = |raw: &[u8]| world.signed_raws.iter().any(|signed| signed == raw);
    if let Ok(verified) = bundle.verify(&world.device, NOW.day()) {
        assert!(honest(verified.signed().as_signed().raw()), "a forged prekey");
        assert_eq!(verified.device(), world.device.id());
    }
    true
}

/// The plaintext of an envelope.
pub fn message(input: &[u8]) -> bool {
    let Ok(message) = Message::decode(input) else {
        return false;
    };
    assert!(input.len() <= MAX_MESSAGE_BYTES, "longer than the limit");
    assert_eq!(message.encode().as_deref(), Ok(input), "another encoding");
    if let Content::Unknown(unknown) = &message.content {
        assert!(Content::KINDS.iter().all(|(kind, _)| *kind != unknown.kind()), "a known kind");
    }
    true
}

/// A group's state, and what is hashed of it.
pub fn group_state(input: &[u8]) -> bool {
    let Some(state) = decode::<GroupState>(input, MAX_GROUP_COMMIT_BYTES) else {
        return false;
    };
    let found = state.members.iter().all(|member| state.member(member.account()).is_some());
    assert!(found, "a member is not found");
    true
}

/// What a relay keeps for a mailbox.
pub fn envelope(input: &[u8]) -> bool {
    let Some(envelope) = decode::<Envelope>(input, MAX_FRAME_BYTES) else {
        return false;
    };
    assert!(BODY_SIZES.contains(&envelope.body.as_bytes().len()), "a size that no body has");
    true
}

/// A frame of a client, without its length.
pub fn client_frame(input: &[u8]) -> bool {
    let Ok(frame) = ClientFrame::decode(input) else {
        return false;
    };
    assert_eq!(&frame.encode().unwrap()[LENGTH_BYTES..], input, "another encoding");
    if let ClientFrame::Request(_, request) = &frame {
        let known = Request::KINDS.iter().any(|(kind, _)| *kind == request.kind());
        assert_eq!(request.rules().is_some(), known);
    }
    true
}

/// A frame of a relay, without its length.
pub fn server_frame(input: &[u8]) -> bool {
    let Ok(frame) = ServerFrame::decode(input) else {
        return false;
    };
    assert_eq!(&frame.encode().unwrap()[LENGTH_BYTES..], input, "another encoding");
    true
}
