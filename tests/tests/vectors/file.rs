//! Files.

use msg_crypto::{
    file::{Extent, FileSecret, Sealer, StreamOpener},
    secret::Secret,
};
use msg_protocol::{content::FileHash, secret::FileKey};
use sha2::{Digest as _, Sha256};

use crate::case::{Fields, each_case};

#[test]
fn files_are_as_the_vectors_say() {
    each_case("file", |kind, case| match kind {
        "payload" => payload(case),
        "upload" => upload(case.inputs(), case.outputs()),
        "padded length" => {
            let padded = Extent::padded(case.inputs().number("length")).unwrap();
            assert_eq!(padded.plaintext(), case.outputs().number("padded length"));
        }
        unknown => panic!("unknown kind {unknown}"),
    });
}

fn secret(inputs: Fields<'_>) -> FileSecret {
    match inputs.bytes("file key").len() {
        16 => Secret::<16>::new(inputs.array("file key")).into(),
        _ => FileKey::new(inputs.array("file key")).into(),
    }
}

fn seal(inputs: Fields<'_>, content: &[u8], extent: Extent) -> Vec<u8> {
    let sealer = Sealer::resume(secret(inputs), inputs.array("nonce"), extent);
    let mut payload = sealer.nonce().to_vec();
    for index in 0..extent.chunks() {
        let place = extent.chunk(index).unwrap().content;
        let (start, end) = (place.start.try_into().unwrap(), place.end.try_into().unwrap());
        payload.extend(sealer.seal(index, &content[start..end]).unwrap());
    }
    payload
}

/// The content of a payload that has these lengths; none if it is refused.
fn open(inputs: Fields<'_>, payload: &[u8], extent: Extent) -> Option<Vec<u8>> {
    let hash = FileHash(Sha256::digest(payload).into());
    let mut opener = StreamOpener::new(secret(inputs), extent, hash);
    let (mut content, mut rest) = (Vec::new(), payload);
    while let Some(chunk) = opener.handle(&mut rest).ok()? {
        content.extend(chunk);
    }
    opener.finish().ok().map(|()| content)
}

fn payload(case: Fields<'_>) {
    let inputs = case.inputs();
    let plaintext = inputs.bytes("plaintext");
    let payload = seal(inputs, &plaintext, Extent::exact(plaintext.len() as u64).unwrap());
    case.outputs().expect("payload", &payload);
    let open = |payload: &[u8]| {
        let extent = Extent::of_payload(payload.len() as u64).ok()?;
        open(inputs, payload, extent)
    };
    assert!(open(&payload) == Some(plaintext));
    for alteration in case.list("alterations") {
        let keep = usize::try_from(alteration.number("keep")).unwrap();
        let altered = [&payload[..keep], &alteration.bytes("append")].concat();
        assert!(open(&altered).is_none(), "{}", alteration.text("name"));
    }
}

fn upload(inputs: Fields<'_>, outputs: Fields<'_>) {
    let content = inputs.bytes("content");
    let padded = outputs.number("padded length");
    let extent = Extent::stated(content.len() as u64, padded).unwrap();
    let payload = seal(inputs, &content, extent);
    outputs.expect("payload", &payload);
    assert!(open(inputs, &payload, extent) == Some(content));
}
