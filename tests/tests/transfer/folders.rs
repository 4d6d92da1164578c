//! Folders: sent as one, and what others packed unpacked without harm.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

use super::{folder, friends, id, names, random_file, received, relay, run_in, sha256};

/// A folder with a folder, a program, a link in it and one that leads out.
fn photos(home: &Path) -> std::path::PathBuf {
    let photos = home.join("photos");
    fs::create_dir_all(photos.join("2026")).unwrap();
    random_file(&photos.join("2026/a.jpg"), 100_000);
    fs::write(photos.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(photos.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("2026/a.jpg", photos.join("first.jpg")).unwrap();
    symlink("/etc/passwd", photos.join("users")).unwrap();
    photos
}

#[test]
fn a_folder_comes_as_a_tar_stream_or_as_a_folder() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let from = folder();
    let photos = photos(from.path());
    let photo = sha256(&photos.join("2026/a.jpg"));
    alice.done(&["send", "bob", "--file", photos.to_str().unwrap()]);
    let message = received(&bob);
    assert_eq!(message["file"]["name"], "photos.tar");

    let to = folder();
    let done = run_in(&bob, to.path(), &["get", id(&message)]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let status = Command::new("tar").args(["xf", "photos.tar"]).current_dir(to.path()).status();
    assert!(status.unwrap().success());
    assert_eq!(sha256(&to.path().join("photos/2026/a.jpg")), photo);

    // The name is taken by now.
    let done = run_in(&bob, to.path(), &["get", id(&message), "--unpack"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stderr.contains("1 link out of the folder left out"), "{}", done.stderr);
    assert_eq!(names(to.path()), ["photos", "photos-1", "photos.tar"]);
    let at = to.path().join("photos-1");
    assert_eq!(names(&at), ["2026", "first.jpg", "run.sh"]);
    assert_eq!(sha256(&at.join("first.jpg")), photo);
    let mode = fs::metadata(at.join("run.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o700, 0o700);

    let done = run_in(&bob, to.path(), &["get", id(&message), "-x", "-o", "photos"]);
    assert_eq!(done.code, Some(0), "in that folder: {}", done.stderr);
    assert!(to.path().join("photos/photos/2026/a.jpg").is_file());
    let done = run_in(&bob, to.path(), &["get", id(&message), "-x", "-o", "new"]);
    assert_eq!(done.code, Some(0), "under that name: {}", done.stderr);
    assert!(to.path().join("new/2026/a.jpg").is_file());
}

/// A header and its data, whatever they say.
fn entry(kind: u8, path: &str, target: &str, data: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..path.len()].copy_from_slice(path.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", data.len()).as_bytes());
    header[156] = kind;
    header[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header[257..265].copy_from_slice(b"ustar  \0");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = [header.as_slice(), data].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

#[test]
fn a_folder_that_means_harm_leaves_nothing() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let outside = folder();
    let target = outside.path().join("owned");
    let absolute = target.to_str().unwrap();
    let beside = outside.path().to_str().unwrap();
    for (case, entries) in [
        ("a path out of it", vec![entry(b'0', "../owned", "", b"x")]),
        ("an absolute path", vec![entry(b'0', absolute, "", b"x")]),
        ("a hard link", vec![entry(b'1', "a", "/etc/passwd", b"")]),
        ("a device", vec![entry(b'3', "a", "", b"")]),
        ("a pipe", vec![entry(b'6', "a", "", b"")]),
        ("a file twice", vec![entry(b'0', "a", "", b"x"), entry(b'0', "./a", "", b"y")]),
        (
            "a file where a link is",
            vec![entry(b'0', "a", "", b"x"), entry(b'2', "a", absolute, b"")],
        ),
        ("not an archive", vec![vec![b'x'; 2_048]]),
        ("half of one", vec![entry(b'0', "a", "", &[1; 2_000])[..700].to_vec()]),
    ] {
        let archive = entries.concat();
        let words = ["send", "bob", "--file", "-", "--name", "gift.tar"];
        assert_eq!(alice.pipe(&words, &archive).code, Some(0));
        let message = received(&bob);
        let to = folder();
        let done = run_in(&bob, to.path(), &["get", id(&message), "--unpack"]);
        if case == "a file where a link is" {
            // The link is left out, as it leads elsewhere.
            assert_eq!(done.code, Some(0), "{}", done.stderr);
            assert_eq!(fs::read(to.path().join("gift/a")).unwrap(), b"x");
        } else {
            assert_eq!(done.code, Some(1), "{case}: {}", done.stderr);
            assert!(done.stderr.contains("error: "), "{case}: {}", done.stderr);
            assert_eq!(names(to.path()), [""; 0], "{case}");
        }
        assert_eq!(names(outside.path()), [""; 0], "{case}");
    }
    // Through a link that is in it.
    let archive = [entry(b'2', "a", beside, b""), entry(b'0', "a/owned", "", b"x")].concat();
    alice.pipe(&["send", "bob", "--file", "-", "--name", "gift.tar"], &archive);
    let to = folder();
    run_in(&bob, to.path(), &["get", id(&received(&bob)), "--unpack"]);
    assert_eq!(names(outside.path()), [""; 0]);
}
