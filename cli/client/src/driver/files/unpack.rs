//! A folder out of a tar stream that somebody else has made: into a new folder of its
//! own, which gets its name only as a whole.
//!
//! Nothing is written through a link: links are made last, and only those that lead
//! to something in the folder. Paths stay below it, nothing is there twice, and
//! nothing is made but files, folders and links. Owners, times and rights of others
//! are not taken over; whether a file can be run is.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink},
    },
    path::{Component, Path, PathBuf},
};

use tar::{Archive, EntryType, PaxExtensions};

use super::FileError;

/// Files, folders and links in one folder.
pub(super) const MAX_ENTRIES: usize = 1_000_000;
/// Bytes of a path, or of what is said about an entry otherwise.
const MAX_SAID_BYTES: u64 = 64 * 1024;

/// What was unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// Links that would lead elsewhere, and were not made.
    pub(super) left_out: usize,
}

/// What stands before an entry because its header has no room for it.
#[derive(Default)]
struct Said {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

/// Unpacks a stream into an empty folder.
pub(super) fn unpack(stream: impl Read, into: &Path, most: usize) -> Result<Unpacked, FileError> {
    let mut archive = Archive::new(stream);
    let mut links = BTreeMap::new();
    let (mut said, mut count) = (Said::default(), 0);
    // As they are: what is said about an entry is read with a limit.
    for entry in archive.entries().map_err(odd)?.raw(true) {
        let mut entry = entry.map_err(odd)?;
        let kind = entry.header().entry_type();
        if said.heard(kind, &mut entry)? {
            continue;
        }
        let Said { path, target } = std::mem::take(&mut said);
        let path = path.unwrap_or_else(|| entry.path_bytes().into_owned());
        let path = below(&path)?;
        // Folders that only a path names are made too.
        count += 1 + missing_above(into, &path);
        if count > most {
            return Err(FileError::NotUnpacked(format!("it has more than {most} entries")));
        }
        let at = into.join(&path);
        match kind {
            EntryType::Directory => make_folder(&at)?,
            _ if path.as_os_str().is_empty() => return Err(is_no(&path, "a file without a name")),
            EntryType::Regular | EntryType::Continuous => {
                let mode = entry.header().mode().map_err(odd)?;
                make_parent(&at)?;
                write(&mut entry, &at, mode)?;
            }
            EntryType::Symlink => {
                let target = target.or_else(|| entry.link_name_bytes().map(Into::into));
                let target = target.filter(|target| !target.contains(&0)).unwrap_or_default();
                let target = PathBuf::from(OsStr::from_bytes(&target));
                make_parent(&at)?;
                if links.insert(path.clone(), target).is_some() {
                    return Err(is_no(&path, "there twice"));
                }
            }
            _ => return Err(is_no(&path, "neither a file, a folder nor a link")),
        }
    }
    make_links(into, &links)
}

impl Said {
    /// Whether it was no entry, but something about the next one.
    fn heard(&mut self, kind: EntryType, entry: &mut impl Read) -> Result<bool, FileError> {
        if kind.is_gnu_longname() {
            self.path = Some(text(entry)?);
        } else if kind.is_gnu_longlink() {
            self.target = Some(text(entry)?);
        } else if kind.is_pax_local_extensions() {
            let bytes = limited(entry)?;
            for record in PaxExtensions::new(&bytes) {
                let record = record.map_err(odd)?;
                match record.key_bytes() {
                    b"path" => self.path = Some(record.value_bytes().into()),
                    b"linkpath" => self.target = Some(record.value_bytes().into()),
                    key if key == b"size" || key.starts_with(b"GNU.sparse.") => {
                        let what = "it has files with holes, or larger than 8 GiB";
                        return Err(FileError::NotUnpacked(what.into()));
                    }
                    _ => {}
                }
            }
        } else {
            return Ok(kind.is_pax_global_extensions());
        }
        Ok(true)
    }
}

fn limited(entry: &mut impl Read) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    entry.take(MAX_SAID_BYTES + 1).read_to_end(&mut bytes).map_err(odd)?;
    if bytes.len() as u64 > MAX_SAID_BYTES {
        return Err(FileError::NotUnpacked("a path in it is too long".into()));
    }
    Ok(bytes)
}

/// What ends with a zero.
fn text(entry: &mut impl Read) -> Result<Vec<u8>, FileError> {
    let mut bytes = limited(entry)?;
    bytes.pop_if(|byte| *byte == 0);
    Ok(bytes)
}

/// A path that stays below the folder.
fn below(path: &[u8]) -> Result<PathBuf, FileError> {
    let given = Path::new(OsStr::from_bytes(path));
    let mut found = PathBuf::new();
    for component in given.components() {
        match component {
            Component::Normal(name) if !path.contains(&0) => found.push(name),
            Component::CurDir => {}
            _ => return Err(is_no(given, "not below the folder")),
        }
    }
    Ok(found)
}

/// How many folders above a path are not there yet.
fn missing_above(into: &Path, path: &Path) -> usize {
    let above = path.ancestors().skip(1);
    above.take_while(|above| into.join(above).symlink_metadata().is_err()).count()
}

fn make_folder(at: &Path) -> Result<(), FileError> {
    make_parent(at)?;
    match fs::DirBuilder::new().mode(0o777).create(at) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_folder(at) => Ok(()),
        made => made.map_err(FileError::write(at)),
    }
}

fn make_parent(at: &Path) -> Result<(), FileError> {
    match at.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(FileError::write(parent)),
        None => Ok(()),
    }
}

fn is_folder(at: &Path) -> bool {
    at.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn write(entry: &mut impl Read, at: &Path, mode: u32) -> Result<(), FileError> {
    let mode = if mode & 0o111 == 0 { 0o666 } else { 0o777 };
    let file = File::options().write(true).create_new(true).mode(mode).open(at);
    let mut file = file.map_err(FileError::write(at))?;
    io::copy(entry, &mut file).map_err(FileError::write(at))?;
    Ok(())
}

fn make_links(into: &Path, links: &BTreeMap<PathBuf, PathBuf>) -> Result<Unpacked, FileError> {
    let mut left_out = 0;
    for (path, target) in links {
        if stays_below(path, target, links) {
            let at = into.join(path);
            symlink(target, &at).map_err(FileError::write(at))?;
        } else {
            left_out += 1;
        }
    }
    Ok(Unpacked { left_out })
}

/// Whether a link leads to something in the folder. It may not lead through another
/// link, behind which `..` would be somewhere else.
fn stays_below(path: &Path, target: &Path, links: &BTreeMap<PathBuf, PathBuf>) -> bool {
    let mut at = path.parent().map(Path::to_owned).unwrap_or_default();
    if target.as_os_str().is_empty() {
        return false;
    }
    for component in target.components() {
        if links.contains_key(&at) {
            return false;
        }
        let is_below = match component {
            Component::Normal(name) => {
                at.push(name);
                true
            }
            Component::CurDir => true,
            Component::ParentDir => at.pop(),
            _ => false,
        };
        if !is_below {
            return false;
        }
    }
    true
}

fn is_no(path: &Path, why: &str) -> FileError {
    FileError::NotUnpacked(format!("{} is {why}", path.display()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn odd(error: io::Error) -> FileError {
    FileError::NotUnpacked(error.to_string())
}

#[cfg(test)]
mod tests;
