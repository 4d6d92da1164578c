//! Folders that mean harm, and one that does not.

use std::os::unix::fs::PermissionsExt as _;

use tar::{Builder, Header};

use super::*;

/// An archive whose headers say whatever they are to say.
struct Hostile(Builder<Vec<u8>>);

impl Default for Hostile {
    fn default() -> Self {
        Self(Builder::new(Vec::new()))
    }
}

impl Hostile {
    fn put(mut self, kind: EntryType, path: &str, target: &str, data: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        let old = header.as_old_mut();
        old.name[..path.len()].copy_from_slice(path.as_bytes());
        old.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        self.0.append(&header, data).unwrap();
        self
    }

    fn file(self, path: &str) -> Self {
        self.put(EntryType::Regular, path, "", b"data")
    }

    fn link(self, path: &str, target: &str) -> Self {
        self.put(EntryType::Symlink, path, target, b"")
    }

    fn unpack(self) -> (tempfile::TempDir, Result<Unpacked, FileError>) {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("into");
        fs::create_dir(&into).unwrap();
        let bytes = self.0.into_inner().unwrap();
        let unpacked = unpack(bytes.as_slice(), &into, 16);
        (folder, unpacked)
    }
}

fn all_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(at) = waiting.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(folder).unwrap().display().to_string());
            if is_folder(&path) {
                waiting.push(path);
            }
        }
    }
    found.sort();
    found
}

#[track_caller]
fn refused(archive: Hostile, because: &str) {
    let (folder, unpacked) = archive.unpack();
    let error = unpacked.unwrap_err().to_string();
    assert!(error.contains(because), "{error}");
    let beside: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is outside of the folder");
}

#[test]
fn what_would_be_written_elsewhere_is_refused() {
    let path = std::env::temp_dir().join("msg-was-here");
    refused(Hostile::default().file("../beside"), "not below");
    refused(Hostile::default().file("a/../../beside"), "not below");
    refused(Hostile::default().file(path.to_str().unwrap()), "not below");
    refused(
        Hostile::default().put(EntryType::GNULongName, "x", "", b"../beside\0").file("a"),
        "not below",
    );
    refused(
        Hostile::default().put(EntryType::XHeader, "x", "", b"18 path=../beside\n").file("a"),
        "not below",
    );
    assert!(!path.exists());
}

#[test]
fn nothing_is_written_through_a_link() {
    for target in ["/tmp", "..", "../.."] {
        let (folder, unpacked) = Hostile::default().link("a", target).file("a/beside").unpack();
        // The file's folder is there before the link.
        assert!(unpacked.is_ok_and(|unpacked| unpacked.left_out == 1));
        assert_eq!(all_in(folder.path()), ["into", "into/a", "into/a/beside"]);
    }
    let archive = Hostile::default().link("a", "b").file("a");
    let (folder, unpacked) = archive.unpack();
    assert!(unpacked.is_err(), "a name has one meaning");
    assert_eq!(all_in(folder.path()), ["into", "into/a"]);
}

#[test]
fn links_that_lead_elsewhere_are_left_out_and_the_others_made() {
    let archive = Hostile::default()
        .file("d/e/file")
        .link("absolute", "/etc/passwd")
        .link("up", "d/../../beside")
        .link("deep", "d/e")
        // `deep/..` is `d`, whatever it looks like.
        .link("trick", "deep/../../beside")
        .link("d/near", "../d/e/file")
        .link("d/far", "../../beside")
        .link("empty", "");
    let (folder, unpacked) = archive.unpack();
    assert_eq!(unpacked.unwrap(), Unpacked { left_out: 5 });
    let into = folder.path().join("into");
    assert_eq!(all_in(&into), ["d", "d/e", "d/e/file", "d/near", "deep"]);
    assert_eq!(fs::read(into.join("d/near")).unwrap(), b"data");
}

#[test]
fn a_link_that_leads_out_by_way_of_another_is_left_out() {
    let archive = Hostile::default()
        .file("d/e/file")
        .link("d/e/top", "../..")
        // Looks like `d/e/beside`, and is beside the folder.
        .link("round", "d/e/top/../beside");
    let (folder, unpacked) = archive.unpack();
    assert_eq!(unpacked.unwrap(), Unpacked { left_out: 1 });
    assert!(folder.path().join("into/round").symlink_metadata().is_err());
    assert_eq!(all_in(&folder.path().join("into")), ["d", "d/e", "d/e/file", "d/e/top"]);
}

#[test]
fn what_is_no_file_folder_or_link_is_refused() {
    for kind in [EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
        refused(Hostile::default().put(kind, "a", "/etc/passwd", b""), "neither");
    }
    refused(Hostile::default().put(EntryType::GNUSparse, "a", "", b""), "neither");
    let holes = b"22 GNU.sparse.major=1\n";
    refused(Hostile::default().put(EntryType::XHeader, "x", "", holes).file("a"), "holes");
}

#[test]
fn what_is_there_twice_or_too_much_or_too_long_is_refused() {
    refused(Hostile::default().file("a").file("./a"), "there already");
    refused(Hostile::default().link("a", "b").link("a", "c"), "there twice");
    refused(Hostile::default().file("a").file("a/b"), "there already");
    let many = (0..17).fold(Hostile::default(), |all, number| all.file(&number.to_string()));
    refused(many, "more than 16 entries");
    let long = vec![b'a'; usize::try_from(MAX_SAID_BYTES).unwrap() + 1];
    refused(Hostile::default().put(EntryType::GNULongName, "x", "", &long).file("a"), "too long");
    refused(Hostile::default().file("."), "without a name");
}

#[test]
fn what_is_no_archive_or_half_of_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let noise = vec![7; 4_096];
    assert!(unpack(noise.as_slice(), folder.path(), 8).is_err());
    let whole = Hostile::default().file("a").0.into_inner().unwrap();
    assert!(unpack(&whole[..514], folder.path(), 8).is_err());
}

#[test]
fn a_folder_comes_out_as_it_went_in_with_what_can_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
    let mut builder = Builder::new(Vec::new());
    for (path, mode) in [("run.sh", 0o4755), (&long, 0o600)] {
        let mut header = Header::new_gnu();
        header.set_size(4);
        header.set_mode(mode);
        builder.append_data(&mut header, path, b"data".as_slice()).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    assert_eq!(unpack(bytes.as_slice(), folder.path(), 8).unwrap().left_out, 0);
    assert_eq!(fs::read(folder.path().join(&long)).unwrap(), b"data");
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode();
    assert_eq!((mode("run.sh") & 0o7100, mode(&long) & 0o7111), (0o100, 0));
}

#[test]
fn folders_that_only_a_path_names_count_as_well() {
    let deep = |number: u8| format!("{number}/b/c/d/e/file");
    refused(
        Hostile::default().file(&deep(1)).file(&deep(2)).file(&deep(3)),
        "more than 16 entries",
    );
    let (folder, unpacked) = Hostile::default().file(&deep(1)).unpack();
    unpacked.unwrap();
    assert!(folder.path().join("into").join(deep(1)).exists());
}
