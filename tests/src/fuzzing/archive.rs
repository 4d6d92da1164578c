//! Stored secrets that a damaged disk hands back: refused or read, never more than
//! was there, and what is read can be used and stored without another surprise.

use msg_crypto::{
    Session, accept,
    archive::{ArchiveError, Writer},
    identity::DeviceSecret,
    prekey::OwnPrekeys,
    session::pair::PeerSessions,
};

use super::{
    edit::edit,
    script::Script,
    world::{Honest, WORLD, dice},
};
use crate::party::NOW;

/// A session.
pub fn session_archive(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let moment = script.pick(&WORLD.sessions);
    let bytes = archive(&mut script, &moment.archive);
    let Some(mut session) = restored(&bytes, Session::restore, Session::archive) else {
        return false;
    };
    if let Ok(sealed) = session.seal(b"anything", &mut dice(7)) {
        assert!(sealed.body.as_bytes().len() <= 2 * 4_096, "a body for more than was said");
    }
    for Honest { sealed, .. } in &moment.sent {
        let before = session.archive().as_bytes().to_vec();
        if session.open(sealed.kind, &sealed.body, NOW).is_err() {
            assert!(session.archive().as_bytes() == before, "refused, and the state has changed");
        }
    }
    stored_again(&session, Session::restore, Session::archive);
    true
}

/// The sessions of a pair of devices.
pub fn pair_archive(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let moment = script.pick(&WORLD.pairs);
    let bytes = archive(&mut script, &moment.archive);
    let Some(mut pair) = restored(&bytes, PeerSessions::restore, PeerSessions::archive) else {
        return false;
    };
    let _ = pair.seal(b"anything", &mut dice(7));
    for Honest { sealed, .. } in &moment.sent {
        let _ = pair.open(sealed.kind, &sealed.body, NOW);
    }
    assert!(pair.next_generation(NOW) >= NOW.0);
    pair.retire_sending(NOW);
    stored_again(&pair, PeerSessions::restore, PeerSessions::archive);
    true
}

/// A device's own prekeys.
pub fn prekeys_archive(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let bytes = archive(&mut script, &WORLD.prekeys_archive);
    let Some(mut prekeys) = restored(&bytes, OwnPrekeys::restore, OwnPrekeys::archive) else {
        return false;
    };
    let device = DeviceSecret::restore(&WORLD.device_archive).unwrap();
    for Honest { sealed, .. } in &WORLD.flights {
        let _ = accept(&sealed.body, &device, &WORLD.card_history(), &mut prekeys, NOW);
    }
    let upload = prekeys.maintain(&device, usize::MAX, NOW, &mut dice(7));
    assert!(upload.one_time.is_empty(), "pairs that the relay does not lack");
    let current = prekeys.current(&device);
    assert!(current.signed.is_some() && current.last_resort.is_some(), "nothing to publish");
    stored_again(&prekeys, OwnPrekeys::restore, OwnPrekeys::archive);
    true
}

/// A device's keys.
pub fn device_archive(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let bytes = archive(&mut script, &WORLD.device_archive);
    restored(&bytes, DeviceSecret::restore, DeviceSecret::archive).is_some_and(|device| {
        let listed = device.public(NOW.day());
        assert_eq!(listed.id(), device.id());
        true
    })
}

/// An archive as the script changes it, or the rest of the script itself.
fn archive(script: &mut Script<'_>, honest: &[u8]) -> Vec<u8> {
    match script.byte() {
        0 => {
            let mut bytes = honest.to_vec();
            edit(script, &mut bytes, &[]);
            bytes
        }
        1 => {
            let length = usize::from(script.word()).min(honest.len());
            let mut bytes = honest[..length].to_vec();
            edit(script, &mut bytes, &[]);
            bytes
        }
        _ => script.bytes(usize::MAX).to_vec(),
    }
}

fn restored<T>(
    bytes: &[u8],
    restore: fn(&[u8]) -> Result<T, ArchiveError>,
    archive: fn(&T) -> Writer,
) -> Option<T> {
    let value = restore(bytes).ok()?;
    assert!(archive(&value).as_bytes().len() <= bytes.len(), "more than was stored");
    stored_again(&value, restore, archive);
    Some(value)
}

/// What is written reads back as the same.
fn stored_again<T>(
    value: &T,
    restore: fn(&[u8]) -> Result<T, ArchiveError>,
    archive: fn(&T) -> Writer,
) {
    let written = archive(value);
    let again = restore(written.as_bytes()).map(|again| archive(&again));
    assert!(again.is_ok_and(|again| again.as_bytes() == written.as_bytes()), "stored differently");
}
