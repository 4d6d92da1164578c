//! A process that is killed in the middle of a section: what it was told to be
//! durable is there, nothing is there by halves, and nobody waits for the dead.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use msg_soak::{Found, Row, times};
use rand_core::{Rng as _, SeedableRng as _};

use super::*;

const KILLS: u64 = 50;
const LONGEST_LIFE_MS: u32 = 60;
const HOME: &str = "MSG_TEST_KILLED_HOME";
const COUNT: &[u8] = b"count";

/// Not a test but what is killed: it counts in one table and in another.
#[test]
fn victim() {
    let Ok(home) = std::env::var(HOME) else { return };
    let store = Store::unlock(Home::at(home), Protection::KeyFile).unwrap();
    loop {
        let counted: Result<u64, StoreError> = store.section("count", |draft| {
            let count = draft.value(Table::Account, COUNT)?;
            let count =
                count.map_or(0, |count| count[..8].try_into().map(u64::from_be_bytes).unwrap()) + 1;
            draft.put(Table::Account, COUNT, count.to_be_bytes().to_vec());
            draft.put(Table::Messages, &count.to_be_bytes(), vec![7; 4_000]);
            if count > 20 {
                draft.remove(Table::Messages, &(count - 20).to_be_bytes());
            }
            Ok(draft.step(count))
        });
        // A test's output begins in the middle of a line.
        println!("\ncounted {}", counted.unwrap());
    }
}

fn counts(store: &Store) -> (u64, u64) {
    let looked: Result<_, StoreError> = store.look("test", |rows| {
        let count = rows.value(Table::Account, COUNT)?;
        let count = count.map_or(0, |count| count[..8].try_into().map(u64::from_be_bytes).unwrap());
        Ok((count, rows.last(Table::Messages, u64::MAX)?.unwrap_or(0)))
    });
    looked.unwrap()
}

#[test]
fn a_killed_process_leaves_all_that_was_durable_and_nothing_by_halves() {
    let (_folder, store) = unattended();
    let base = msg_soak::base(7);
    let mut row = Row::begin("store-kills", base);
    let mut rng = ChaCha20Rng::seed_from_u64(base);
    let (mut after_death, mut sections) = (0, 0);
    for _ in 0..times(KILLS) {
        row.run(base);
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::sealed::tests::kills::victim", "--nocapture"])
            .env(HOME, store.home().folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let mut counted =
            || lines.find_map(|line| line.unwrap().strip_prefix("counted ")?.parse::<u64>().ok());
        let mut told = counted().unwrap();
        thread::sleep(Duration::from_millis(u64::from(rng.next_u32() % LONGEST_LIFE_MS)));
        victim.kill().unwrap();
        victim.wait().unwrap();
        while let Some(more) = counted() {
            told = more;
        }
        let lock = Lock::acquire(&store.home().lock(), "test", LOCK_WAIT).unwrap();
        after_death += u32::from(lock.is_after_death());
        drop(lock);
        let (count, last) = counts(&store);
        assert_eq!(count, last);
        assert!(count == told || count == told + 1, "{count} after {told}");
        sections = count;
    }
    assert!(after_death > 0, "nobody was killed in a section");
    row.holds(&Found {
        acknowledged: sections,
        lost: Some(0),
        note: format!("{after_death} in the middle of a section"),
        ..Found::default()
    });
}
