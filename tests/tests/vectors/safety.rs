//! Safety numbers.

use msg_crypto::safety::{SafetyCode, SafetyValues};
use msg_protocol::key::IdentityKey;

use crate::case::each_case;

#[test]
fn safety_numbers_are_as_the_vectors_say() {
    each_case("safety", |kind, case| {
        let inputs = case.inputs();
        match kind {
            "number" => {
                let [own, peer] = ["own", "peer"].map(|name| IdentityKey(inputs.array(name)));
                let values = SafetyValues::between(&own, &peer);
                assert_eq!(case.outputs().text("number"), values.number().to_string());
                assert_eq!(case.outputs().text("number").parse(), Ok(values.number()));
                case.outputs().expect("code", &values.code().to_bytes());
            }
            "scan" => {
                let shown = SafetyCode::from_bytes(&inputs.bytes("shown")).unwrap();
                let scanned = SafetyCode::from_bytes(&inputs.bytes("scanned"));
                assert_eq!(scanned.is_err(), case.is_refused());
                if let Ok(scanned) = scanned {
                    let same = case.outputs().value("same").as_bool().unwrap();
                    assert_eq!(shown.is_answered_by(&scanned), same);
                }
            }
            unknown => panic!("unknown kind {unknown}"),
        }
    });
}
