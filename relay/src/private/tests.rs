//! What is private, and what is not.

use std::os::unix::fs::symlink;

use super::*;
use crate::test_folder::Folder;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn loosen(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_made_is_private_whatever_the_umask() {
    // Other tests of this process make files too; none of them minds this mask.
    let before = rustix::process::umask(rustix::fs::Mode::empty());
    let folder = Folder::new("umask");
    let data = folder.path().join("a").join("data");
    make_folder(&data).unwrap();
    make_file(&data.join("key"), "secret").unwrap();
    rustix::process::umask(before);

    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("key")), 0o600);
    assert_eq!(read(&data.join("key")).unwrap().as_deref(), Some("secret"));
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing unfinished stays");
}

#[test]
fn what_others_can_reach_is_refused_with_the_command_to_type() {
    let folder = Folder::new("loose");
    let file = folder.path().join("key");
    make_file(&file, "secret").unwrap();
    for loose in [0o640, 0o604, 0o601, 0o620] {
        loosen(&file, loose);
        let error = read(&file).unwrap_err();
        assert!(matches!(error, PrivateError::Loose { .. }), "{error}");
        assert_eq!(error.hint(), Some(format!("chmod 600 {}", file.display())));
    }
    loosen(folder.path(), 0o750);
    let error = make_folder(folder.path()).unwrap_err();
    assert_eq!(error.hint(), Some(format!("chmod 700 {}", folder.path().display())));
}

#[test]
fn a_provided_key_may_be_read_by_a_group_and_by_nobody_else() {
    let folder = Folder::new("provided");
    let file = folder.path().join("key");
    make_file(&file, "secret").unwrap();
    for (mode, is_good) in [(0o600, true), (0o440, true), (0o644, false), (0o660, false)] {
        loosen(&file, mode);
        assert_eq!(read_provided(&file, true).is_ok(), is_good, "{mode:o}");
        assert!(read_provided(&file, false).is_ok(), "a certificate is public");
    }
}

#[test]
fn what_is_no_plain_file_of_ours_is_refused() {
    let folder = Folder::new("kinds");
    let [file, link] = ["key", "link"].map(|name| folder.path().join(name));
    make_file(&file, "secret").unwrap();
    symlink(&file, &link).unwrap();
    assert!(read(&link).is_err(), "a link may lead anywhere");
    assert!(read(folder.path()).is_err());
    assert!(make_file(&file, "other").is_err(), "nothing is overwritten");
    assert_eq!(read(&file).unwrap().as_deref(), Some("secret"));
    assert!(read(&folder.path().join("missing")).unwrap().is_none());
}

#[test]
fn a_path_is_quoted_for_a_shell() {
    assert_eq!(quoted(Path::new("/srv/relay")), "/srv/relay");
    assert_eq!(quoted(Path::new("/a b/it's")), "'/a b/it'\\''s'");
}
