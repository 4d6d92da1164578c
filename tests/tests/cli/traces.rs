//! What is left on the disks.

use std::path::PathBuf;

use super::{friends, relay};

#[test]
fn no_text_or_address_is_in_any_file_and_all_are_private() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let canary = "canary-4711-in-a-text";
    alice.done(&["send", "bob", canary]);
    let address = format!("bob@{}", relay.link().relay);
    for file in bob.files().into_iter().chain(alice.files()).chain(relay_files(&relay)) {
        let (path, bytes) = file;
        for needle in [canary, address.as_str()] {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "{needle} is in {}", path.display());
        }
    }
    bob.read();
    for person in [&alice, &bob] {
        for (path, _) in person.files() {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &std::fs::metadata(&path).unwrap().permissions(),
            );
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        }
    }
}

/// Every file of a relay, as bytes.
pub(super) fn relay_files(relay: &msg_tests::relay::RelayProcess) -> Vec<(PathBuf, Vec<u8>)> {
    std::fs::read_dir(relay.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}
