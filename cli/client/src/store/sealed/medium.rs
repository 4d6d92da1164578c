//! The file under redb, with its writes in our hands.
//!
//! ```text
//! Keeping ── write ──▶ Writing ── close ──▶ Closed
//!    └───────────────── close ────────────────┘
//! ```
//!
//! redb writes and syncs when it opens a file and again when it closes one. Both
//! are for a process that may be gone for long; here another may come a moment
//! later, and each commit leaves by itself all that the next opening needs
//! (two phases, and the state of the allocator with it), as after a crash. So:
//!
//! - While *Keeping*, nothing reaches the file. What opening wrote is replayed in
//!   its order, with its syncs, before the first write of a commit, unless it
//!   comes to what is there already.
//! - Once *Closed*, nothing reaches the file any more, whatever redb still wants.
//! - What has not been written since the last sync is not synced again.
//!
//! A file that is only looked at is never written.

use core::fmt;
use std::{
    collections::BTreeMap,
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::StorageBackend;
use rustix::io::Errno;

use crate::private::is_full;

const BLOCK_BYTES: usize = 4096;
const BLOCK: u64 = BLOCK_BYTES as u64;

/// What bytes lie in: a file, or a test's disk.
pub(super) trait Ground: fmt::Debug + Send + Sync {
    /// How many there are.
    fn length(&self) -> io::Result<u64>;

    /// Reads as many as are wanted, from there on.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes, there and beyond the end.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Cuts off what is too much, or adds zeros.
    fn resize(&self, length: u64) -> io::Result<()>;

    /// Makes durable what was written.
    fn sync(&self) -> io::Result<()>;
}

impl Ground for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(out, offset)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.write_all_at(data, offset)
    }

    fn resize(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A file under redb. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Medium(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file: Box<dyn Ground>,
    phase: Mutex<Phase>,
    full: AtomicBool,
}

#[derive(Debug)]
enum Phase {
    Keeping(Kept),
    Writing { unsynced: bool },
    Closed,
}

/// What has been asked for and has not reached the file.
#[derive(Debug)]
struct Kept {
    length: u64,
    /// Below this the file has what no block has.
    solid: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
    operations: Vec<Operation>,
}

#[derive(Debug)]
enum Operation {
    Write { offset: u64, bytes: Vec<u8> },
    Length(u64),
    Sync,
}

impl Medium {
    /// A file that is only read until [`Self::begin_writing`].
    pub(super) fn keeping(file: impl Ground + 'static) -> io::Result<Self> {
        let length = file.length()?;
        let kept = Kept { length, solid: length, blocks: BTreeMap::new(), operations: Vec::new() };
        Ok(Self::new(file, Phase::Keeping(kept)))
    }

    /// A new file, written from the start.
    pub(super) fn writing(file: impl Ground + 'static) -> Self {
        Self::new(file, Phase::Writing { unsynced: true })
    }

    fn new(file: impl Ground + 'static, phase: Phase) -> Self {
        let file = Box::new(file);
        Self(Arc::new(Shared { file, phase: Mutex::new(phase), full: AtomicBool::new(false) }))
    }

    /// From here on writes reach the file.
    pub(super) fn begin_writing(&self) -> io::Result<()> {
        let mut phase = self.phase();
        let Phase::Keeping(kept) = &*phase else { return Ok(()) };
        let mut unsynced = false;
        if kept.differs(&*self.0.file)? {
            for operation in &kept.operations {
                match operation {
                    Operation::Write { offset, bytes } => self.0.file.write(*offset, bytes),
                    Operation::Length(length) => self.0.file.resize(*length),
                    Operation::Sync => self.0.file.sync(),
                }
                .inspect_err(|error| self.note(error))?;
                unsynced = !matches!(operation, Operation::Sync);
            }
        }
        *phase = Phase::Writing { unsynced };
        Ok(())
    }

    /// From here on nothing reaches the file.
    pub(super) fn close(&self) {
        *self.phase() = Phase::Closed;
    }

    /// Whether writes reach the file.
    pub(super) fn is_writing(&self) -> bool {
        matches!(*self.phase(), Phase::Writing { .. })
    }

    /// Makes durable what is in the file.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.file.sync()
    }

    /// Whether a write has failed for want of room.
    pub(super) fn was_full(&self) -> bool {
        self.0.full.load(Ordering::Relaxed)
    }

    fn note(&self, error: &io::Error) {
        if Errno::from_io_error(error).is_some_and(is_full) {
            self.0.full.store(true, Ordering::Relaxed);
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.0.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something that writes, now or later.
    fn change(
        &self,
        keep: impl FnOnce(&mut Kept, &dyn Ground) -> io::Result<()>,
        run: impl FnOnce(&dyn Ground) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut phase = self.phase();
        match &mut *phase {
            Phase::Keeping(kept) => keep(kept, &*self.0.file),
            Phase::Writing { unsynced } => {
                *unsynced = true;
                run(&*self.0.file).inspect_err(|error| self.note(error))
            }
            Phase::Closed => Err(closed()),
        }
    }
}

fn closed() -> io::Error {
    io::Error::other("the section is over")
}

impl StorageBackend for Medium {
    fn len(&self) -> io::Result<u64> {
        match &*self.phase() {
            Phase::Keeping(kept) => Ok(kept.length),
            _ => self.0.file.length(),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &*self.phase() {
            Phase::Keeping(kept) => kept.read(&*self.0.file, offset, out),
            _ => self.0.file.read(offset, out),
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(|kept, file| kept.set_length(file, length), |file| file.resize(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut phase = self.phase();
        match &mut *phase {
            Phase::Keeping(kept) => kept.operations.push(Operation::Sync),
            Phase::Writing { unsynced } => {
                if *unsynced {
                    self.0.file.sync().inspect_err(|error| self.note(error))?;
                    *unsynced = false;
                }
            }
            Phase::Closed => return Err(closed()),
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(|kept, file| kept.write(file, offset, data), |file| file.write(offset, data))
    }
}

/// The parts of a range, block by block: number of the block, where the part
/// begins in it, and its length.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut at = offset;
    let mut left = length;
    core::iter::from_fn(move || {
        let begin = usize::try_from(at % BLOCK).unwrap_or(0);
        let part = left.min(BLOCK_BYTES - begin);
        let block = at / BLOCK;
        at += part as u64;
        left -= part;
        (part > 0).then_some((block, begin, part))
    })
}

impl Kept {
    fn read(&self, file: &dyn Ground, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = &mut *out;
        for (block, begin, part) in parts(offset, rest.len()) {
            let (out, behind) = rest.split_at_mut(part);
            rest = behind;
            match self.blocks.get(&block).and_then(|bytes| bytes.get(begin..begin + part)) {
                Some(bytes) => out.copy_from_slice(bytes),
                None => self.read_solid(file, block * BLOCK + begin as u64, out)?,
            }
        }
        Ok(())
    }

    /// What the file has, and zeros where it has nothing.
    fn read_solid(&self, file: &dyn Ground, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = self.solid.saturating_sub(offset).min(out.len() as u64);
        let (there, nothing) = out.split_at_mut(usize::try_from(there).unwrap_or(0));
        file.read(offset, there)?;
        nothing.fill(0);
        Ok(())
    }

    fn block(&mut self, file: &dyn Ground, block: u64) -> io::Result<&mut Vec<u8>> {
        if !self.blocks.contains_key(&block) {
            let mut bytes = vec![0; BLOCK_BYTES];
            self.read_solid(file, block * BLOCK, &mut bytes)?;
            self.blocks.insert(block, bytes);
        }
        self.blocks.get_mut(&block).ok_or_else(closed)
    }

    fn write(&mut self, file: &dyn Ground, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut rest = data;
        for (block, begin, part) in parts(offset, data.len()) {
            let (bytes, behind) = rest.split_at(part);
            rest = behind;
            if let Some(place) = self.block(file, block)?.get_mut(begin..begin + part) {
                place.copy_from_slice(bytes);
            }
        }
        self.length = self.length.max(offset + data.len() as u64);
        self.operations.push(Operation::Write { offset, bytes: data.to_vec() });
        Ok(())
    }

    fn set_length(&mut self, file: &dyn Ground, length: u64) -> io::Result<()> {
        if length < self.length {
            self.blocks.split_off(&length.div_ceil(BLOCK));
            self.solid = self.solid.min(length);
            let begin = usize::try_from(length % BLOCK).unwrap_or(0);
            if begin > 0 {
                let last = self.block(file, length / BLOCK)?;
                last.iter_mut().skip(begin).for_each(|byte| *byte = 0);
            }
        }
        self.length = length;
        self.operations.push(Operation::Length(length));
        Ok(())
    }

    /// Whether the file would be another one.
    fn differs(&self, file: &dyn Ground) -> io::Result<bool> {
        if self.length != file.length()? || self.solid != self.length {
            return Ok(true);
        }
        for (block, kept) in &self.blocks {
            let mut there = vec![0; BLOCK_BYTES];
            self.read_solid(file, block * BLOCK, &mut there)?;
            if there != *kept {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
