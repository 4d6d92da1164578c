//! Modes, owners, and names that lead elsewhere.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn loosen(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn kind(result: &Result<Option<File>, PrivateError>) -> bool {
    matches!(result, Err(PrivateError::Kind { expected: "file", .. }))
}

#[test]
fn what_is_made_is_private_whatever_is_above_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b/c");
    make_folder(&path).unwrap();
    make_folder(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&folder.path().join("a")), 0o700);
    replace(&path.join("file"), b"text").unwrap();
    assert_eq!(mode(&path.join("file")), 0o600);
}

#[test]
fn what_others_can_get_at_is_refused_with_the_way_to_mend_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("it's");
    make_folder(&path).unwrap();
    loosen(&path, 0o750);
    let error = make_folder(&path).unwrap_err();
    let shown = path.display().to_string();
    assert_eq!(error.to_string(), format!("{shown} has mode 750, so that others can get at it"));
    assert_eq!(error.hint().unwrap(), format!("chmod 700 '{}'", shown.replace('\'', "'\\''")));
    loosen(&path, 0o700);
    let file = path.join("file");
    replace(&file, b"text").unwrap();
    for loose in [0o604, 0o640, 0o601, 0o666] {
        loosen(&file, loose);
        assert!(matches!(open(&file), Err(PrivateError::Loose { proper: 0o600, .. })));
        assert!(matches!(replace(&file, b"new"), Err(PrivateError::Loose { .. })));
    }
    loosen(&file, 0o400);
    assert_eq!(fs::read(&file).unwrap(), b"text");
}

#[test]
fn what_belongs_to_another_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    replace(&path, b"text").unwrap();
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
        println!("skipped: only root can give a file away");
        return;
    }
    let error = open(&path).unwrap_err();
    assert!(matches!(error, PrivateError::Foreign { owner: 12_345, .. }));
    assert!(error.hint().unwrap().starts_with("chown "));
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let folder = TempDir::new().unwrap();
    let [real, link, pipe, second] =
        ["real", "link", "pipe", "second"].map(|name| folder.path().join(name));
    replace(&real, b"text").unwrap();
    symlink(&real, &link).unwrap();
    assert!(kind(&open(&link)));
    assert!(kind(&replace(&link, b"new").map(|()| None)));
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        Mode::RWXU - Mode::XUSR,
        0,
    )
    .unwrap();
    assert!(kind(&open(&pipe)));
    assert!(kind(&open(folder.path())));
    make_folder(&folder.path().join("folder")).unwrap();
    symlink(folder.path().join("folder"), folder.path().join("alias")).unwrap();
    assert!(check_folder(&folder.path().join("alias")).is_err());
    assert!(check_folder(&real).is_err());
    fs::hard_link(&real, &second).unwrap();
    assert_eq!(open(&real).unwrap_err(), PrivateError::Linked { path: real.clone() });
    assert_eq!(fs::read(&real).unwrap(), b"text");
}

#[test]
fn what_is_not_there_is_none_and_not_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("nothing");
    assert!(open(&path).unwrap().is_none());
    assert!(read(&path).unwrap().is_none());
    assert_eq!(check_folder(&path), Ok(false));
    remove(&path).unwrap();
}

#[test]
fn a_replaced_file_is_whole_and_its_old_contents_are_gone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    replace(&path, b"the old contents").unwrap();
    let mut old = open(&path).unwrap().unwrap();
    fs::write(beside(&path), b"what a crash left").unwrap();
    replace(&path, b"new").unwrap();
    assert_eq!(read(&path).unwrap().unwrap().as_slice(), b"new");
    assert!(!beside(&path).exists());
    let mut left = Vec::new();
    old.read_to_end(&mut left).unwrap();
    assert_eq!(left, [0; 16]);
}

#[test]
fn a_file_is_never_made_over_another() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    symlink("/nowhere/at/all", &path).unwrap();
    assert!(create(&path).is_err());
    fs::remove_file(&path).unwrap();
    create(&path).unwrap();
    assert!(matches!(create(&path), Err(PrivateError::Io { source: Errno::EXIST, .. })));
}
