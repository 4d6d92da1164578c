//! Decoders take no memory on the word of a stranger: inputs that state huge
//! counts and lengths, under an allocator that counts.

#![cfg(test)]

use msg_protocol::{
    card::{CARD_FORMAT, Card, CardHash},
    codec,
    content::Message,
    frame::{ClientFrame, FrameDecoder, ServerFrame},
    key::IdentityKey,
    limits::{MAX_CARD_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES, MAX_UNREADY_FRAME_BYTES},
    prekey::PrekeyBundle,
    time::UnixDay,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes taken at most while `work` ran, beside those taken before.
fn peak_of<T>(work: impl FnOnce() -> T) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = work();
    let peak = MEMORY.peak_usage();
    drop(result);
    peak.saturating_sub(before)
}

/// The varint of the largest count there is.
const HUGE: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];

/// Short inputs whose every part may be a count, and is a huge one.
fn lies() -> impl Iterator<Item = Vec<u8>> {
    let prefixes = (0..=u8::MAX).flat_map(|first| (0..24_u8).map(move |second| [first, second]));
    prefixes.flat_map(|prefix| {
        (0..40).step_by(5).map(move |zeros| {
            let mut input = prefix.to_vec();
            input.resize(input.len() + zeros, 0);
            input.extend(HUGE);
            input.extend([7; 64]);
            input
        })
    })
}

/// A kind and a body behind its length, for each kind and with a huge count at
/// each place of the body.
fn kinds_that_lie() -> impl Iterator<Item = Vec<u8>> {
    (0..128_u8).flat_map(|kind| {
        (0..80).map(move |zeros| {
            let mut body = vec![0; zeros];
            body.extend(HUGE);
            body.extend([7; 64]);
            let mut kinded = vec![kind];
            kinded.extend(varint(body.len()));
            kinded.extend(body);
            kinded
        })
    })
}

/// What stands before the content of a message.
fn message_head() -> Vec<u8> {
    let card = [&[1], [7; 32].as_slice()].concat();
    let (id, sent_ms, confirm_and_group) = ([7; 16], [1], [0, 0]);
    [&[1], id.as_slice(), &sent_ms, &card, &card, &confirm_and_group].concat()
}

/// Frames of a request or an answer of each kind whose body is full of counts.
fn full_frames(tag: u8) -> impl Iterator<Item = Vec<u8>> {
    (0..128_u8).flat_map(move |kind| {
        [0x00, 0x01, 0x10, 0x7f].map(|filling| {
            let length = MAX_FRAME_BYTES - 16;
            let mut frame = vec![tag, 1, kind];
            frame.extend(varint(length));
            frame.resize(frame.len() + length, filling);
            frame
        })
    })
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push(u8::try_from(number & 127).unwrap_or(0) | 128);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or(0));
    bytes
}

#[test]
fn no_decoder_takes_memory_on_a_strangers_word() {
    for lie in lies() {
        let peak = peak_of(|| {
            let frames = (ClientFrame::decode(&lie), ServerFrame::decode(&lie));
            let bundle = codec::decode::<PrekeyBundle>(&lie, MAX_FRAME_BYTES);
            let message = [&[1], lie.as_slice()].concat();
            (frames, bundle, Message::decode(&message))
        });
        assert!(peak <= 8 * 1024, "{peak} bytes for {} that lie", lie.len());
    }
    for (tag, decode) in [
        (1, (|frame| drop(ClientFrame::decode(frame))) as fn(&[u8])),
        (2, |frame| drop(ServerFrame::decode(frame))),
        (4, |frame| drop(ServerFrame::decode(frame))),
    ] {
        for frame in full_frames(tag) {
            let peak = peak_of(|| decode(&frame));
            assert!(peak <= 4 * MAX_FRAME_BYTES, "{peak} bytes for kind {:?}", frame.get(2));
        }
    }
    no_kind_takes_memory_for_a_count();
    a_stated_length_takes_no_memory();
    a_stated_number_of_devices_takes_no_memory();
    a_message_of_many_small_parts_is_bounded();
}

fn no_kind_takes_memory_for_a_count() {
    let head = message_head();
    for lie in kinds_that_lie() {
        let kind = lie.first();
        let message = [head.as_slice(), &lie].concat();
        let request = [&[1, 1], lie.as_slice()].concat();
        let (answer, push) = ([&[2, 1], lie.as_slice()].concat(), [&[4], lie.as_slice()].concat());
        let peak = peak_of(|| {
            let frames = (ServerFrame::decode(&answer), ServerFrame::decode(&push));
            (Message::decode(&message), ClientFrame::decode(&request), frames)
        });
        assert!(peak <= 8 * 1024, "{peak} bytes for a lie of kind {kind:?}");
    }
}

fn a_stated_length_takes_no_memory() {
    let length = u32::try_from(MAX_FRAME_BYTES).unwrap_or(u32::MAX).to_be_bytes();
    for limit in [MAX_UNREADY_FRAME_BYTES, MAX_FRAME_BYTES] {
        let peak = peak_of(|| {
            let mut decoder = FrameDecoder::new(limit);
            let frame = decoder.handle_bytes(&mut length.as_slice());
            (decoder, frame)
        });
        assert!(peak <= 64, "{peak} bytes for a length alone");
    }
}

fn a_stated_number_of_devices_takes_no_memory() {
    let card = Card {
        format: CARD_FORMAT,
        identity: IdentityKey([1; 32]),
        name: "bob".parse().unwrap(),
        version: 1,
        previous: CardHash::NONE,
        created: UnixDay(20_000),
        devices: Vec::new(),
    };
    let mut lie = codec::encode(&card);
    assert_eq!(lie.pop(), Some(0), "the number of devices comes last");
    lie.extend(varint(MAX_CARD_BYTES - 100));
    lie.resize(MAX_CARD_BYTES, 0);
    let peak = peak_of(|| codec::decode::<Card>(&lie, MAX_CARD_BYTES));
    assert!(peak <= 8 * 1024, "{peak} bytes for devices that are not there");
}

fn a_message_of_many_small_parts_is_bounded() {
    for filling in 0..=u8::MAX {
        let mut bytes = vec![1];
        bytes.resize(MAX_MESSAGE_BYTES, filling);
        let peak = peak_of(|| Message::decode(&bytes));
        assert!(peak <= 4 * MAX_MESSAGE_BYTES, "{peak} bytes for filling {filling}");
    }
}
