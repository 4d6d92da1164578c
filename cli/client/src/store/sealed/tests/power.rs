//! The power goes at any operation of a section, and again in the next one: what was
//! told to be durable is there, nothing is there by halves, and the file is whole.
//!
//! Of each write that was not synced every 512-byte sector is kept, dropped or torn,
//! by a seed.

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard},
};

use msg_soak::{Found, Row, seeds};
use rand_core::Rng as _;
use redb::Builder;

use super::{
    super::{
        create,
        medium::{Ground, Medium},
    },
    *,
};

const SECTOR: usize = 512;
const COUNT: &[u8] = b"count";
/// Messages that are kept.
const KEPT: u64 = 8;
/// Sections of a run, if the power does not go before.
const SECTIONS: u32 = 8;
/// Operations after which it goes, at most: about as many as these sections make.
const OPERATIONS: u32 = 400;
/// The same for the section after it.
const OPERATIONS_AGAIN: u32 = 60;

/// A disk in memory. Clones share it.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    durable: Vec<u8>,
    now: Vec<u8>,
    /// Writes since the last sync: where, and what.
    unsynced: Vec<(usize, Vec<u8>)>,
    /// Operations until the power goes.
    left: Option<u32>,
}

impl Disk {
    fn with(bytes: Vec<u8>) -> Self {
        let state = State { durable: bytes.clone(), now: bytes, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn fail_after(&self, operations: u32) {
        self.state().left = Some(operations);
    }

    /// The power is back: of what was not synced, a part is there.
    fn lose_power(&self, rng: &mut ChaCha20Rng) {
        let mut state = self.state();
        let mut after = std::mem::take(&mut state.durable);
        for (offset, bytes) in std::mem::take(&mut state.unsynced) {
            for (sector, part) in bytes.chunks(SECTOR).enumerate() {
                let kept = match rng.next_u32() % 3 {
                    0 => part.len(),
                    1 => 0,
                    _ => rng.next_u32() as usize % part.len(),
                };
                let start = offset + sector * SECTOR;
                if after.len() < start + kept {
                    after.resize(start + kept, 0);
                }
                after[start..start + kept].copy_from_slice(&part[..kept]);
            }
        }
        *state = State { durable: after.clone(), now: after, ..State::default() };
    }
}

impl State {
    fn operate(&mut self) -> io::Result<()> {
        match &mut self.left {
            Some(0) => Err(io::Error::other("the power has gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Ground for Disk {
    fn length(&self) -> io::Result<u64> {
        Ok(self.state().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        let start = usize::try_from(offset).unwrap();
        let found = state.now.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        let start = usize::try_from(offset).unwrap();
        let end = (start + data.len()).max(state.now.len());
        state.now.resize(end, 0);
        state.now[start..start + data.len()].copy_from_slice(data);
        state.unsynced.push((start, data.to_vec()));
        Ok(())
    }

    fn resize(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        let length = usize::try_from(length).unwrap();
        // The length is the file system's own: it is kept in order.
        state.now.resize(length, 0);
        state.durable.resize(length, 0);
        state.unsynced.retain(|(offset, bytes)| offset + bytes.len() <= length);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        state.durable = state.now.clone();
        state.unsynced.clear();
        Ok(())
    }
}

fn path() -> PathBuf {
    "a disk in memory".into()
}

fn open(disk: &Disk) -> Result<Open, StoreError> {
    let medium = Medium::keeping(disk.clone()).unwrap();
    Open::over(path(), medium, None)
}

fn formatted(key: &StoreKey) -> Vec<u8> {
    let disk = Disk::default();
    let open = Open::over(path(), Medium::writing(disk.clone()), None).unwrap();
    open.change(|open, transaction| create::begin(open, transaction, key)).unwrap();
    disk.state().durable.clone()
}

fn count_in(rows: &dyn Rows) -> Result<u64, StoreError> {
    let count = rows.value(Table::Account, COUNT)?;
    Ok(count.map_or(0, |count| count[..8].try_into().map(u64::from_be_bytes).unwrap()))
}

/// A section that counts in one table and writes in another.
fn section(disk: &Disk, key: &StoreKey) -> Result<u64, StoreError> {
    let open = open(disk)?;
    let view = open.read()?;
    open.recognise(&view, key)?;
    let step = {
        let rows = Sealed::new(&open, &view, key);
        let draft = Draft::new(&rows);
        let count = count_in(&draft)? + 1;
        draft.put(Table::Account, COUNT, count.to_be_bytes().to_vec());
        draft.put(Table::Messages, &count.to_be_bytes(), text(count));
        if count > KEPT {
            draft.remove(Table::Messages, &(count - KEPT).to_be_bytes());
        }
        draft.step(count)
    };
    drop(view);
    step.commit(Writer { open, key })
}

fn text(number: u64) -> Vec<u8> {
    vec![number.to_be_bytes()[7]; 3_000]
}

/// Looks at everything; gives the count.
fn look(disk: &Disk, key: &StoreKey) -> Result<u64, StoreError> {
    let mut open = open(disk)?;
    let view = open.read()?;
    open.recognise(&view, key)?;
    let count = {
        let rows = Sealed::new(&open, &view, key);
        let count = count_in(&rows)?;
        assert_eq!(rows.last(Table::Messages, u64::MAX)?.unwrap_or(0), count);
        for number in count.saturating_sub(KEPT) + 1..=count {
            let found = rows.value(Table::Messages, &number.to_be_bytes())?;
            assert!(found.is_some_and(|found| *found == text(number)), "message {number}");
        }
        count
    };
    drop(view);
    open.end();
    Ok(count)
}

/// Sections until the power goes; gives the count that the last one was told.
fn work(disk: &Disk, key: &StoreKey, mut told: u64) -> u64 {
    for _ in 0..SECTIONS {
        match section(disk, key) {
            Ok(count) => told = count,
            Err(_) => return told,
        }
    }
    told
}

#[test]
fn nothing_that_was_durable_is_lost_with_the_power() {
    let key = StoreKey::generate(&mut rng());
    let template = formatted(&key);
    let seeds = seeds(500);
    let (mut sections, mut cut, mut again) = (0, 0_u64, 0_u64);
    let mut row = Row::begin("client-power", seeds.start);
    for seed in seeds {
        row.run(seed);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let disk = Disk::with(template.clone());
        let mut told = 0;
        for operations in [OPERATIONS, OPERATIONS_AGAIN] {
            disk.fail_after(rng.next_u32() % operations);
            let before = told;
            told = work(&disk, &key, told);
            cut += u64::from(disk.state().left == Some(0));
            sections += told - before;
            disk.lose_power(&mut rng);
            let count = look(&disk, &key).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert!(count == told || count == told + 1, "seed {seed}: {count} after {told}");
            told = count;
            if rng.next_u32().is_multiple_of(2) {
                break;
            }
            again += 1;
        }
        let backend = Medium::writing(disk.clone());
        let mut database = Builder::new().create_with_backend(backend).unwrap();
        assert!(database.check_integrity().unwrap(), "seed {seed}");
        drop(database);
        assert_eq!(section(&disk, &key), Ok(told + 1), "seed {seed}: it goes on");
    }
    assert!(cut > 0 && (again > 0 || row.runs() == 1));
    row.holds(&Found {
        acknowledged: sections,
        lost: Some(0),
        panics: Some(0),
        note: format!("cut off {cut} times, {again} of the runs twice"),
        ..Found::default()
    });
}
