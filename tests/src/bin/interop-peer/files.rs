//! A whole file in one command.

use msg_crypto::file::{Extent, Sealer, StreamOpener};
use msg_protocol::{content::FileHash, secret::FileKey};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use serde_json::json;

use crate::{
    Answer,
    fields::{Fields, hex},
};

pub(crate) fn upload(command: &Fields, rng: &mut ChaCha20Rng) -> Answer {
    let data = command.bytes("data");
    let extent = Extent::padded(data.len().try_into()?)?;
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let sealer = Sealer::resume(FileKey::new(command.array("key")), nonce, extent);
    let (mut payload, mut hasher) = (nonce.to_vec(), sealer.hasher());
    for index in 0..extent.chunks() {
        let content = extent.chunk(index).ok_or("no such chunk")?.content;
        let content = usize::try_from(content.start)?..usize::try_from(content.end)?;
        let chunk = sealer.seal(index, &data[content])?;
        hasher.update(&chunk);
        payload.extend_from_slice(&chunk);
    }
    Ok(json!({
        "payload": hex(&payload),
        "length": extent.content(),
        "padded": extent.plaintext(),
        "sha256": hex(&hasher.finish().0),
    }))
}

pub(crate) fn download(command: &Fields) -> Answer {
    let extent = Extent::stated(command.number("length"), command.number("padded"))?;
    let (key, hash) = (FileKey::new(command.array("key")), FileHash(command.array("sha256")));
    let mut opener = StreamOpener::new(key, extent, hash);
    let (payload, mut data) = (command.bytes("payload"), Vec::new());
    let mut input = payload.as_slice();
    while let Some(content) = opener.handle(&mut input)? {
        data.extend_from_slice(&content);
    }
    opener.finish()?;
    Ok(json!({"data": hex(&data)}))
}
