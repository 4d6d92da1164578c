//! Padding: what is appended, and what is not padding.

use alloc::vec::Vec;

use super::{
    case::{Case, File},
    handshake::padded,
    json::object,
    ratchet::content_json,
};
use crate::padding::{pad, unpadded_length};

#[test]
fn padding_is_as_its_vectors_say() {
    let contents: [(&str, &[u8], usize); 5] = [
        ("nothing", b"", 8),
        ("a text", b"hello", 8),
        ("the most that fits", b"hello", 6),
        ("content that ends like padding", &[0x61, 0x80, 0, 0], 8),
        ("content of zero bytes", &[0; 5], 8),
    ];
    let mut cases: Vec<Case> =
        contents.into_iter().map(|(name, content, size)| both_ways(name, content, size)).collect();
    cases.extend([
        refused("nothing at all", &[]),
        refused("zero bytes only", &[0; 8]),
        refused("another byte than 80 before the zero bytes", &[0x61, 0x81, 0, 0]),
        refused("a byte behind the zero bytes", &[0x61, 0x80, 0, 1]),
    ]);
    File {
        name: "padding",
        about: "Padding. `pad`: content to padded, and back. `unpad`: what must be refused.",
        spec: "crypto/SPEC.md §7",
        cases,
    }
    .keep();
}

fn both_ways(name: &str, content: &[u8], size: usize) -> Case {
    let mut made = content.to_vec();
    pad(&mut made, size);
    assert_eq!(made, padded(content, size));
    assert_eq!(unpadded_length(&made), Ok(content.len()));
    Case::new("pad", name, object! { "content": content_json(content), "size": size })
        .outputs(object! { "padded": &made })
}

fn refused(name: &str, bytes: &[u8]) -> Case {
    unpadded_length(bytes).unwrap_err();
    Case::new("unpad", name, object! { "padded": bytes }).refused("malformed padding")
}
