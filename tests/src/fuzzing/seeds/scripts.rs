//! Seeds of targets that read their input as a script.

use msg_protocol::codec;

use super::{Seed, seed};
use crate::fuzzing::world::WORLD;

pub(super) fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let moments = [
        ("session_open", &WORLD.sessions),
        ("session_archive", &WORLD.sessions),
        ("pair_open", &WORLD.pairs),
        ("pair_archive", &WORLD.pairs),
    ];
    for (target, moments) in moments {
        for (index, moment) in (0..).zip(moments) {
            if target.ends_with("archive") {
                seeds.push(seed(target, &format!("{index}"), [index, 0]));
                continue;
            }
            for (message, sent) in (0..).zip(&moment.sent) {
                if sent.is_new {
                    let name = format!("{index}-{message}");
                    seeds.push(seed(target, &name, [index, message, 0]));
                    let altered = [index, message, 0, 0, 0x0f, 0xa0, 1];
                    seeds.push(seed(target, &format!("{name}-altered"), altered));
                }
            }
            seeds.push(seed(target, &format!("{index}-spliced"), [index, 0, 0, 2, 0, 0, 1, 9, 0]));
        }
    }
    for index in 0..WORLD.flights.len() {
        let index = u8::try_from(index).unwrap();
        seeds.push(seed("first_flight", &format!("{index}"), [index, 0]));
        seeds.push(seed("first_flight", &format!("{index}-altered"), [index, 0, 0, 0, 9, 1]));
    }
    for target in ["prekeys_archive", "device_archive"] {
        seeds.push(seed(target, "whole", [0]));
        seeds.push(seed(target, "cut", [1, 0, 40]));
    }
    seeds.push(seed("device_archive", "bytes", [&[2], WORLD.device_archive.as_slice()].concat()));
    seeds.extend(conversations());
    seeds.extend(streams());
    seeds.extend(links());
    seeds.extend(stored());
    seeds.extend(rogues());
    for (index, card) in WORLD.cards.iter().enumerate() {
        let bytes = [&[0], codec::encode(&**card).as_slice()].concat();
        seeds.push(seed("signed_object", &format!("card-{index}"), bytes));
    }
    seeds
}

fn conversations() -> Vec<Seed> {
    let ping_pong = [1, 1, 4, 0, 2, 4].repeat(6);
    let gaps = [1, 1, 1, 1, 1, 1, 4, 3, 0, 0, 0, 1, 4, 3, 0, 1, 5, 0, 2, 0, 9, 1, 6, 0, 2];
    let late = [[1, 1, 1, 1, 4, 0, 1, 4].repeat(7).as_slice(), &[7, 36, 3, 0, 0]].concat();
    let jump = [1, 0, 4, 0, 0, 4, 2, 125, 1, 0, 4, 2, 126, 4];
    vec![
        seed("conversation", "ping-pong", ping_pong),
        seed("conversation", "gaps", gaps),
        seed("conversation", "late", late),
        seed("conversation", "jump", jump),
    ]
}

fn rogues() -> Vec<Seed> {
    vec![
        seed("rogue_peer", "honest", [0, 0, 9, 0, 9, 1, 0, 3, 0, 9]),
        seed("rogue_peer", "far", [1, 1, 4, 0, 0, 9, 1, 0x80, 0, 16, 9]),
        seed("rogue_peer", "keys", [1, 4, 0, 9, 8, 3, 0, 1, 255, 9]),
        seed("initiator_part", "honest", [0]),
        seed("initiator_part", "longer", [1]),
        seed("initiator_part", "other-device", [0, 0, 0, 9, 1]),
        seed("initiator_part", "other-length", [0, 1, 0, 24, 2, 1, 0]),
    ]
}

fn links() -> Vec<Seed> {
    let welcome = [1, 0, 0, 16];
    let client = [&[1], &welcome[..], &[1, 1, 2, 0, 2, 1, 3, 3, 3, 1, 2, 1, 4, 1, 0]].concat();
    let server = [16, 1, 1, 1, 3, 0, 8, 2, 0, 1, 3, 1, 0, 1, 3, 2, 1, 3, 0, 5, 5, 7];
    let asks = [0, 0, 0, 4, 3, 5, 99, 1, 4, 6, 50];
    let pair = |kind: u8| [&[kind, 8, 3, 3, 5, 255, 4, 4, 6, 255], &asks[..], &asks[..]].concat();
    vec![
        seed(
            "link_client",
            "anonymous",
            [&[0], &welcome[..], &[2, 3, 2, 6, 3, 3, 1, 3, 1]].concat(),
        ),
        seed("link_client", "unasked", [&[0], &welcome[..], &[1, 2, 9, 1, 2, 9]].concat()),
        seed("link_client", "signed-in", client),
        seed("link_server", "anonymous", [16, 1, 0, 1, 3, 1, 0, 3, 0, 5, 5, 6, 255, 255]),
        seed("link_server", "signed-in", server),
        seed("link_pair", "anonymous", pair(0)),
        seed("link_pair", "signed-in", pair(1)),
    ]
}

fn stored() -> Vec<Seed> {
    let key_file = "msg-store-key-1:aqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqca\n";
    let password =
        [b"msgkey\x01\x01", &[0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1][..], &[7; 88]].concat();
    let mut seeds = vec![
        seed("key_file", "key", key_file),
        seed("wrapped_key", "key-file", [0]),
        seed("wrapped_key", "password", [&[1], &*password].concat()),
        seed("sealed_row", "whole", [0, 0, 0, 0]),
        seed("sealed_row", "older", [0, 0, 1, 0]),
        seed("sealed_row", "moved", [1, 0, 0, 0]),
        seed("sealed_row", "cut", [0, 0, 0, 1]),
        seed("file_lengths", "small", [0, 0, 200, 128]),
        seed("file_lengths", "large", [40, 1, 0, 128, 40, 1, 0, 128, 40, 1, 0, 128, 8, 1, 0, 0]),
    ];
    for shape in 0..5 {
        seeds.push(seed("file_payload", &format!("{shape}"), [shape, 0, 0, 7, 255, 255]));
        seeds.push(seed("file_payload", &format!("{shape}-cut"), [shape, 3, 16]));
    }
    seeds
}

fn streams() -> Vec<Seed> {
    let frames = [&[0, 0, 0, 3], b"abc".as_slice(), &[0, 0, 0, 1], b"d"].concat();
    let stream = |limit: u8, pieces: &[u8], stream: &[u8]| {
        let count = u8::try_from(pieces.len()).unwrap();
        [&[limit, count], pieces, stream].concat()
    };
    vec![
        seed("frame_stream", "pieces", stream(0, &[1, 5, 2], &frames)),
        seed("frame_stream", "whole", stream(1, &[], &frames)),
        seed("frame_stream", "long", stream(2, &[4], &[frames.as_slice(), &[0, 0, 0, 9]].concat())),
        seed("frame_stream", "promised", stream(0, &[], &[0, 0, 0x10, 0, 1, 2, 3])),
        seed("frame_stream", "empty", stream(0, &[], &[0; 4])),
    ]
}
