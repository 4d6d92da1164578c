//! The process, with a shell script in the relay's place.

use std::{fs, os::unix::fs::PermissionsExt as _};

use msg_protocol::address::Pin;

use super::*;

/// A script that counts its starts in its data folder, prints a link and waits.
fn script(folder: &TempDir, body: &str) -> RelayBuilder {
    let path = folder.path().join("relay");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    RelayBuilder::new(path)
}

fn waiting(folder: &TempDir) -> RelayBuilder {
    let pin = Pin::new([7; 32]);
    let link = format!("msg-relay://127.0.0.1:9/?pin={pin}");
    let count = "mkdir -p \"$4\"; echo \"$2\" >> \"$4/starts\"";
    script(folder, &format!("{count}; echo oops >&2; echo the link is {link} now; exec sleep 600"))
}

#[test]
fn a_relay_is_killed_and_started_again_on_its_folder_and_port() {
    let folder = TempDir::new().unwrap();
    let mut relay = waiting(&folder).start();
    assert_eq!(relay.endpoint().pin, Pin::new([7; 32]));
    relay.kill();
    relay.restart();
    let starts = fs::read_to_string(relay.data().join("starts")).unwrap();
    assert_eq!(starts, "127.0.0.1:0\n127.0.0.1:9\n");
    assert_eq!(relay.log(), "oops\noops\n");
    assert!(!relay.stop().success(), "a script does not handle the signal");
}

#[test]
fn a_relay_that_is_dropped_has_ended() {
    let folder = TempDir::new().unwrap();
    let relay = waiting(&folder).start();
    let process = Path::new("/proc").join(relay.id().to_string());
    assert!(process.exists());
    drop(relay);
    assert!(!process.exists());
}

#[test]
#[should_panic(expected = "the relay printed no link:\nno room")]
fn a_relay_that_does_not_start_shows_what_it_said() {
    let folder = TempDir::new().unwrap();
    script(&folder, "echo no room >&2; exit 1").start();
}
