//! What is to be sent as a file: a file, a folder, or whatever is read.

use std::{
    fs::{self, File, Metadata},
    io::{self, PipeReader, PipeWriter, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use tar::{Builder, EntryType, Header, HeaderMode};

use super::FileError;
use crate::{engine::files::name::safe_name, rows::Stamp};

/// What is to be sent.
pub enum Source {
    /// A file, or a folder as a tar stream.
    Path(PathBuf),
    /// What is read, and what that is called.
    Stream(Box<dyn Read + Send>, String),
}

/// A source that can be read.
pub(super) struct Opened {
    pub(super) source: Box<dyn Read + Send>,
    /// What errors call it.
    pub(super) what: String,
    /// What its recipients are told that it is called.
    pub(super) name: String,
    pub(super) length: Option<u64>,
    pub(super) stamp: Option<Stamp>,
}

impl Opened {
    pub(super) fn open(source: Source) -> Result<Self, FileError> {
        match source {
            Source::Stream(source, name) => {
                let (what, name) = (name.clone(), safe_name(&name));
                Ok(Self { source, what, name, length: None, stamp: None })
            }
            Source::Path(path) => Self::open_path(&path),
        }
    }

    fn open_path(path: &Path) -> Result<Self, FileError> {
        let what = path.display().to_string();
        let failed = || FileError::source(what.clone());
        let file = File::open(path).map_err(failed())?;
        let metadata = file.metadata().map_err(failed())?;
        let name = |path: &Path| safe_name(&path.file_name().unwrap_or_default().to_string_lossy());
        if metadata.is_dir() {
            // The last part of `.` or `..` is elsewhere.
            let whole = path.canonicalize().map_err(failed())?;
            let name = name(if path.file_name().is_some() { path } else { &whole });
            let source = Box::new(Packed::begin(whole, name.clone()).map_err(failed())?);
            let name = format!("{name}.tar");
            return Ok(Self { source, what, name, length: None, stamp: None });
        }
        let is_file = metadata.is_file();
        Ok(Self {
            source: Box::new(file),
            what,
            name: name(path),
            length: is_file.then_some(metadata.len()),
            stamp: is_file.then(|| stamp(&metadata)),
        })
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        length: metadata.len(),
        written: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// A folder as a tar stream, as it is read. An error while packing is an error at
/// the end of reading, so that no half of a folder passes for the whole.
struct Packed {
    stream: PipeReader,
    packing: Option<JoinHandle<io::Result<()>>>,
}

impl Packed {
    fn begin(folder: PathBuf, name: String) -> io::Result<Self> {
        let (stream, writer) = io::pipe()?;
        let packing = thread::spawn(move || pack(&folder, &name, writer));
        Ok(Self { stream, packing: Some(packing) })
    }
}

impl Read for Packed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(bytes)?;
        if read == 0
            && !bytes.is_empty()
            && let Some(packing) = self.packing.take()
        {
            packing.join().map_err(|_| io::Error::other("packing failed"))??;
        }
        Ok(read)
    }
}

fn pack(folder: &Path, name: &str, writer: PipeWriter) -> io::Result<()> {
    let mut builder = Builder::new(io::BufWriter::with_capacity(64 * 1024, writer));
    let mut waiting = vec![(folder.to_owned(), PathBuf::from(name))];
    while let Some((path, name)) = waiting.pop() {
        let about =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let metadata = path.symlink_metadata().map_err(about)?;
        let mut header = Header::new_gnu();
        header.set_metadata_in_mode(&metadata, HeaderMode::Complete);
        if metadata.is_dir() {
            builder.append_data(&mut header, &name, io::empty()).map_err(about)?;
            let entries: io::Result<Vec<_>> = fs::read_dir(&path).map_err(about)?.collect();
            let mut entries = entries.map_err(about)?;
            // Backwards, because the last is packed first.
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
            let below = |entry: fs::DirEntry| (entry.path(), name.join(entry.file_name()));
            waiting.extend(entries.into_iter().map(below));
        } else if metadata.is_symlink() {
            let target = fs::read_link(&path).map_err(about)?;
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            builder.append_link(&mut header, &name, target).map_err(about)?;
        } else if metadata.is_file() {
            let file = File::open(&path).map_err(about)?;
            header.set_size(metadata.len());
            let exactly = Exactly { file, left: metadata.len() };
            builder.append_data(&mut header, &name, exactly).map_err(about)?;
        } else {
            return Err(about(io::Error::other("neither a file nor a folder")));
        }
    }
    builder.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(())
}

/// A file of which the archive says the length: not one byte more or less.
struct Exactly {
    file: File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let read = (&mut self.file).take(self.left).read(bytes)?;
        if read == 0 && !bytes.is_empty() {
            return Err(io::Error::other("it was cut off while it was read"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_is_packed_whole_in_one_order_and_links_are_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("photos");
        fs::create_dir_all(folder.join("2026")).unwrap();
        fs::write(folder.join("2026/b.txt"), b"bee").unwrap();
        fs::write(folder.join("a.txt"), b"ay").unwrap();
        symlink("/etc/passwd", folder.join("c")).unwrap();
        let mut opened = Opened::open(Source::Path(folder)).unwrap();
        assert_eq!((opened.name.as_str(), opened.stamp), ("photos.tar", None));
        let mut stream = Vec::new();
        opened.source.read_to_end(&mut stream).unwrap();
        let mut archive = tar::Archive::new(stream.as_slice());
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let kind = entry.header().entry_type();
            found.push((entry.path().unwrap().display().to_string(), kind, text));
        }
        let (folder, file) = (EntryType::Directory, EntryType::Regular);
        let expected = [
            ("photos", folder, ""),
            ("photos/2026", folder, ""),
            ("photos/2026/b.txt", file, "bee"),
            ("photos/a.txt", file, "ay"),
            ("photos/c", EntryType::Symlink, ""),
        ];
        assert_eq!(found, expected.map(|(path, kind, text)| (path.into(), kind, text.into())));
    }

    #[test]
    fn a_folder_with_something_that_cannot_be_packed_is_no_half_a_folder() {
        let home = tempfile::tempdir().unwrap();
        std::os::unix::net::UnixListener::bind(home.path().join("socket")).unwrap();
        let mut opened = Opened::open(Source::Path(home.path().into())).unwrap();
        let read = opened.source.read_to_end(&mut Vec::new());
        assert!(read.unwrap_err().to_string().contains("neither a file nor a folder"));
    }
}
