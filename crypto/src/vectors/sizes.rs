//! The size of a body for each length of content, at every boundary.

use alloc::{format, vec::Vec};

use msg_protocol::envelope::EnvelopeKind;

use super::{
    case::{Case, File},
    json::{Json, object},
};
use crate::limits::{body_size, max_content};

const BODY_SIZES: [usize; 5] = [4_096, 8_192, 16_384, 32_768, 65_536];

/// Kind, bytes of the initiator's part, bytes of the block, and what stands in a
/// body beside the content, as SPEC's table has it.
const KINDS: [(EnvelopeKind, &str, usize, usize, usize); 3] = [
    (EnvelopeKind::Session, "session", 0, 0, 2_369),
    (EnvelopeKind::Handshake, "handshake", 512, 1_664, 2_945),
    (EnvelopeKind::Handshake, "handshake", 2_048, 3_200, 4_481),
];

#[test]
fn body_sizes_are_as_their_vectors_say() {
    let mut cases = Vec::new();
    for (kind, name, initiator, block, overhead) in KINDS {
        let inputs = |content: usize| {
            let length = if initiator == 0 { Json::Null } else { initiator.into() };
            object! { "envelope": name, "initiator": length, "content length": content }
        };
        let mut smallest = 0;
        for size in BODY_SIZES {
            let Some(most) = size.checked_sub(overhead) else { continue };
            for content in [smallest, most] {
                assert_eq!(body_size(kind, block, content), Some(size));
                let title = format!("{name} {initiator}, {content} bytes");
                let outputs = object! { "body length": size };
                cases.push(Case::new("body size", title, inputs(content)).outputs(outputs));
            }
            smallest = most + 1;
        }
        assert_eq!(max_content(kind, block), smallest - 1);
        assert_eq!(body_size(kind, block, smallest), None);
        let title = format!("{name} {initiator}, {smallest} bytes");
        cases.push(
            Case::new("body size", title, inputs(smallest)).refused("the content is too long"),
        );
    }
    File {
        name: "sizes",
        about: "Length of an envelope's body for a length of content, at every boundary. \
                `initiator` is the padded length of the initiator's part, null in a session.",
        spec: "crypto/SPEC.md §7",
        cases,
    }
    .keep();
}
