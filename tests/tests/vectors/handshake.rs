//! Handshakes.

use msg_tests::seed::rng;

use crate::{
    case::each_case,
    party::{begin, sides},
};

#[test]
fn handshakes_are_as_the_vectors_say() {
    each_case("handshake", |kind, case| {
        assert_eq!(kind, "handshake");
        if case.is_refused() {
            begin(case.inputs()).err().unwrap();
            return;
        }
        let (mut session, _) = sides(case.inputs());
        case.outputs().expect("name", &session.name().0);
        let sealed = session.seal(b"", &mut rng(1)).unwrap();
        let block = case.outputs().bytes("block");
        assert_eq!(sealed.body.as_bytes()[..block.len()], block);
    });
}
