//! From the shelf to where its owner wants it: opened as a whole, checked as a
//! whole, and only then named.

use std::{
    io::{self, Write},
    path::PathBuf,
    thread,
};

use msg_crypto::file::StreamOpener;
use msg_protocol::content::File;
use tokio::time::sleep;

use super::{
    FileError, Progress, Stage, fetch,
    place::{self, Place},
    shelf::{Held, Shelf},
    unpack::{MAX_ENTRIES, unpack},
};
use crate::{
    driver::{Client, ClientError},
    engine::files,
    rows::MessageRow,
    world::aside,
};

/// Bytes of the payload that are opened at a time.
const READ_BYTES: usize = 64 * 1024;
/// Between two looks whether another process has ended.
const LOOK: std::time::Duration = std::time::Duration::from_millis(200);

/// Where a file is to be put.
pub enum Destination {
    /// In that folder, under the name that its sender gave it, made safe; under
    /// another if that is taken.
    Folder(PathBuf),
    /// There, and nowhere else.
    Path(PathBuf),
    /// To whoever reads this.
    Writer(Box<dyn Write + Send>),
    /// In that folder, as the folder that was sent, under its name made safe, or
    /// another if that is taken.
    UnpackedIn(PathBuf),
    /// There, and nowhere else, as the folder that was sent.
    UnpackedAt(PathBuf),
}

/// A file that has come.
#[derive(Debug, Clone)]
pub struct Got {
    /// Where it is; nowhere, if it was written to somebody.
    pub path: Option<PathBuf>,
    /// Its bytes.
    pub length: u64,
    /// Links in a folder that would lead out of it, and were not made.
    pub left_out: usize,
}

impl Client {
    /// Fetches the file of a message and puts it in its place.
    pub async fn get(
        &self,
        message: &MessageRow,
        to: Destination,
        progress: &Progress,
    ) -> Result<Got, ClientError> {
        let file = files::file_in(&message.content).ok_or(FileError::NoFile)?;
        if let Destination::Path(path) | Destination::UnpackedAt(path) = &to
            && path.symlink_metadata().is_ok()
        {
            return Err(FileError::Exists(path.clone()).into());
        }
        let mut target = match to {
            Destination::Folder(folder) => Target::Place(Place::named(folder, &file.name)),
            Destination::Path(path) => Target::Place(Place::exactly(&path)),
            Destination::Writer(writer) => Target::Writer(writer),
            Destination::UnpackedIn(folder) => {
                let name = file.name.strip_suffix(".tar").unwrap_or(&file.name);
                Target::Folder(Place::named(folder, name))
            }
            Destination::UnpackedAt(path) => Target::Folder(Place::exactly(&path)),
        };
        let held = self.hold_for(file).await?;
        let (path, left_out) = loop {
            let was_there = self.fetch(file, &held, progress).await?;
            let opened;
            (target, opened) = open_to(file, held.clone(), target, progress.clone()).await?;
            match opened {
                Ok(put) => break put,
                Err(ClientError::File(FileError::Altered)) => {
                    held.cut(0)?;
                    // What was here before may have been damaged here.
                    if !was_there {
                        held.remove();
                        return Err(FileError::Altered.into());
                    }
                }
                Err(error) => return Err(error),
            }
        };
        if !file.as_text {
            let blob = files::blob_of(file);
            // It may be our own, on its way to our relay.
            if self.look(move |rows| Ok(files::upload(rows, blob)?)).await?.is_none() {
                held.remove();
            }
        }
        Ok(Got { path, length: file.length, left_out })
    }

    /// Takes the payload of a file in hand, when no other process has it.
    pub(super) async fn hold_for(&self, file: &File) -> Result<Held, ClientError> {
        let rack = Shelf::of(self.store.home())?;
        let blob = files::blob_of(file);
        loop {
            match rack.hold(blob)? {
                Some(held) => return Ok(held),
                None => sleep(LOOK).await,
            }
        }
    }
}

/// Where something was put, and how many links were left out.
type Put = (Option<PathBuf>, usize);

/// Where plaintext goes.
enum Target {
    Place(Place),
    Folder(Place),
    Writer(Box<dyn Write + Send>),
}

/// Opens what is held; the target comes back for another try.
async fn open_to(
    file: &File,
    held: Held,
    mut target: Target,
    progress: Progress,
) -> Result<(Target, Result<Put, ClientError>), ClientError> {
    let file = file.clone();
    let opening = aside(move || {
        let opened = open_into(&file, &held, &mut target, &progress);
        (target, opened)
    });
    opening.await.map_err(|_| ClientError::Panicked)
}

fn open_into(
    file: &File,
    held: &Held,
    target: &mut Target,
    progress: &Progress,
) -> Result<Put, ClientError> {
    match target {
        Target::Place(place) => {
            let blob = files::blob_of(file).to_string();
            let put = place.fill(&blob, |new| {
                let mut new = io::BufWriter::with_capacity(READ_BYTES * 4, new);
                open(file, held, progress, &mut |bytes| {
                    new.write_all(bytes).map_err(place::unwritten(place))
                })?;
                Ok(new.flush().map_err(place::unwritten(place))?)
            });
            put.map(|path| (Some(path), 0))
        }
        Target::Folder(place) => {
            let blob = files::blob_of(file).to_string();
            unpack_into(file, held, place, &blob, progress)
        }
        Target::Writer(writer) => {
            // Nobody reads a byte of what may turn out to be something else.
            open(file, held, progress, &mut |_| Ok(()))?;
            open(file, held, progress, &mut |bytes| {
                writer.write_all(bytes).map_err(FileError::write("output"))
            })?;
            writer.flush().map_err(FileError::write("output"))?;
            Ok((None, 0))
        }
    }
}

fn unpack_into(
    file: &File,
    held: &Held,
    place: &Place,
    id: &str,
    progress: &Progress,
) -> Result<Put, ClientError> {
    // What may turn out to be something else is not even looked at.
    open(file, held, progress, &mut |_| Ok(()))?;
    let (path, unpacked) = place.fill_folder(id, |folder| {
        let (stream, mut writer) = io::pipe().map_err(place::unwritten(place))?;
        thread::scope(|scope| {
            let opening = scope.spawn(move || {
                open(file, held, progress, &mut |bytes| {
                    writer.write_all(bytes).map_err(FileError::write("pipe"))
                })
            });
            let mut stream = io::BufReader::with_capacity(READ_BYTES, stream);
            let unpacked = unpack(&mut stream, folder, MAX_ENTRIES);
            // What stands behind the end of an archive is of no use, and no harm.
            if unpacked.is_ok() {
                let _ = io::copy(&mut stream, &mut io::sink());
            }
            drop(stream);
            let opened = opening.join().map_err(|_| ClientError::Panicked)?;
            let unpacked = unpacked?;
            opened.map(|()| unpacked)
        })
    })?;
    Ok((Some(path), unpacked.left_out))
}

/// Opens a payload chunk by chunk. What was given out is the file only if this
/// succeeds.
pub(super) fn open(
    file: &File,
    held: &Held,
    progress: &Progress,
    give: &mut dyn FnMut(&[u8]) -> Result<(), FileError>,
) -> Result<(), ClientError> {
    let extent = fetch::extent(file)?;
    let payload = extent.payload();
    let mut opener = StreamOpener::new(file.key.clone(), extent, file.hash);
    let (mut at, mut done) = (0, 0);
    let mut buffer = vec![0; READ_BYTES];
    while at < payload {
        let bytes = usize::try_from((payload - at).min(READ_BYTES as u64)).unwrap_or(READ_BYTES);
        let part = buffer.get_mut(..bytes).unwrap_or_default();
        held.read(at, part)?;
        at += bytes as u64;
        let mut input: &[u8] = part;
        while let Some(content) = opener.handle(&mut input).map_err(|_| FileError::Altered)? {
            give(&content)?;
            done += content.len() as u64;
        }
        progress.tell(Stage::Opening, done, Some(file.length));
    }
    Ok(opener.finish().map_err(|_| FileError::Altered)?)
}
