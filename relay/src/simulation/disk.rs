//! A disk in memory that loses power, or fails, at an operation of choice.
//!
//! What has been written and not synced is lost in part when the power goes: of
//! each write every 512-byte sector is kept, dropped, or torn, by a seed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test's disk stops at its first surprise"
)]

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use redb::{Builder, Database, DatabaseError, StorageBackend};

use crate::store::redb::{Medium, Space, initialise};

const SECTOR: usize = 512;

/// What happens at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and the next one does not.
    Once,
    /// It fails, and all after it.
    ForEver,
}

#[derive(Debug, Default)]
struct State {
    durable: Vec<u8>,
    now: Vec<u8>,
    /// Writes since the last sync: where, and what.
    unsynced: Vec<(usize, Vec<u8>)>,
    operations: u64,
    fault: Option<(u64, Fault)>,
}

/// A disk.
#[derive(Debug, Default)]
pub struct Disk(Mutex<State>);

/// A generator that is good enough to choose sectors.
pub struct Dice(
    /// Its seed.
    pub u64,
);

impl Dice {
    /// A number below `most`.
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most.max(1)
    }
}

impl Disk {
    /// A disk with an empty store on it.
    pub fn formatted() -> Arc<Self> {
        let disk = Arc::new(Self::default());
        let backend = Plugged(Arc::clone(&disk));
        let database = Builder::new().create_with_backend(backend).unwrap();
        initialise(&database).unwrap();
        drop(database);
        disk
    }

    /// A disk with those bytes.
    pub fn with(bytes: Vec<u8>) -> Arc<Self> {
        let state = State { durable: bytes.clone(), now: bytes, ..State::default() };
        Arc::new(Self(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// What is on it.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().now.clone()
    }

    /// Fails at the operation that comes after so many others.
    pub fn fail_after(&self, operations: u64, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.operations + operations, fault));
    }

    /// Works again.
    pub fn repair(&self) {
        self.state().fault = None;
    }

    /// The power has gone and is back: of what was not synced, a part is there.
    pub fn lose_power(&self, dice: &mut Dice) {
        let mut state = self.state();
        let mut after = std::mem::take(&mut state.durable);
        for (offset, bytes) in std::mem::take(&mut state.unsynced) {
            for (sector, part) in bytes.chunks(SECTOR).enumerate() {
                let kept = match dice.below(3) {
                    0 => part.len(),
                    1 => 0,
                    _ => usize::try_from(dice.below(part.len() as u64)).unwrap(),
                };
                let start = offset + sector * SECTOR;
                if after.len() < start + kept {
                    after.resize(start + kept, 0);
                }
                after[start..start + kept].copy_from_slice(&part[..kept]);
            }
        }
        state.now.clone_from(&after);
        state.durable = after;
        state.fault = None;
    }
}

impl State {
    fn operate(&mut self) -> io::Result<()> {
        let place = self.operations;
        self.operations += 1;
        match self.fault {
            Some((at, Fault::Once)) if place == at => Err(io::Error::other("the disk failed")),
            Some((at, Fault::ForEver)) if place >= at => Err(io::Error::other("the disk failed")),
            _ => Ok(()),
        }
    }
}

/// A disk as a relay has it.
#[derive(Debug)]
pub struct Socket(
    /// The disk.
    pub Arc<Disk>,
);

impl Medium for Socket {
    fn open(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        builder.create_with_backend(Plugged(Arc::clone(&self.0)))
    }

    fn bytes(&self) -> u64 {
        self.0.state().now.len() as u64
    }

    fn space(&self) -> Option<Space> {
        None
    }

    fn has_ballast(&self, _: u64) -> bool {
        true
    }

    fn take_ballast(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn give_up_ballast(&self) -> bool {
        false
    }
}

/// A disk as redb has it.
#[derive(Debug)]
pub struct Plugged(
    /// The disk.
    pub Arc<Disk>,
);

impl StorageBackend for Plugged {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.state().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.0.state();
        state.operate()?;
        let start = usize::try_from(offset).unwrap();
        let found = start.checked_add(out.len()).and_then(|end| state.now.get(start..end));
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.0.state();
        state.operate()?;
        let len = usize::try_from(len).unwrap();
        state.now.resize(len, 0);
        // The length is the file system's own: it is kept in order.
        state.durable.resize(len, 0);
        state.unsynced.retain(|(offset, bytes)| offset + bytes.len() <= len);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.state();
        state.operate()?;
        let State { now, durable, .. } = &mut *state;
        durable.clone_from(now);
        state.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.0.state();
        state.operate()?;
        let start = usize::try_from(offset).unwrap();
        state.now[start..start + data.len()].copy_from_slice(data);
        state.unsynced.push((start, data.to_vec()));
        Ok(())
    }
}
