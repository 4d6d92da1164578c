//! A store that is not what was written: bits have turned, the end is missing, a
//! page is empty. The relay serves what is well and counts what is not, or it
//! does not start and says so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use msg_protocol::{
    request::Collect,
    response::{Response, Row},
};
use msg_tests::{
    panics,
    relay::{Identity, Peer, PeerError, RelayProcess},
    seed,
    soak::{self, Found},
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::scene::{PROGRAM, Scene, relay};

const CASES: u64 = 60;
const PAGE: usize = 4_096;
const ENVELOPES: usize = 60;

/// How a file is damaged.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Bit(usize, u8),
    End(usize),
    Page(usize),
}

impl Damage {
    /// Every second one turns a bit; the others take a page or the end.
    fn random(case: u64, length: usize, rng: &mut ChaCha20Rng) -> Self {
        let place = usize::try_from(rng.next_u64() % length as u64).unwrap();
        match case % 4 {
            0 | 1 => Self::Bit(place, 1 << (rng.next_u32() % 8)),
            2 => Self::Page(place / PAGE * PAGE),
            _ => Self::End(place),
        }
    }

    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bit(place, mask) => bytes[place] ^= mask,
            Self::End(place) => bytes.truncate(place),
            Self::Page(place) => {
                let end = bytes.len().min(place + PAGE);
                bytes[place..end].fill(0);
            }
        }
    }
}

/// The sums over all cases.
#[derive(Debug, Default)]
struct Sums {
    refused_to_start: u32,
    served: u32,
    whole: u32,
    missing: usize,
    unreadable_mailboxes: u32,
    /// Stores that miss something and do not say so: an index can lose a whole
    /// page of its keys without a row that is damaged.
    uncounted: u32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_serves_what_is_well_or_does_not_start_and_says_so() {
    let base = soak::base(8);
    let (mut earned, mut rng) = (soak::Row::begin("relay-damage", base), seed::rng(base));
    let mut scene = Scene::new(relay(), 3).await;
    for (number, identity) in scene.people.iter().enumerate() {
        scene.send(identity, 4_096 << number, ENVELOPES, &mut rng).await;
    }
    assert!(scene.relay.stop().success());
    let data = scene.relay.data();
    let store = store_in(&data);
    let whole = fs::read(&store).unwrap();
    let mut sums = Sums::default();
    for case in 0..soak::times(CASES) {
        earned.run(base);
        let damage = Damage::random(case, whole.len(), &mut rng);
        let mut damaged = whole.clone();
        damage.apply(&mut damaged);
        let folder = copy(&data, &store, &damaged);
        examine(&scene, folder, damage, &mut sums).await;
    }
    assert!(sums.uncounted * 8 <= sums.served, "what is missing is counted: {sums:?}");
    assert!(sums.served > 0 && sums.whole > 0, "damage does not take everything: {sums:?}");
    let Sums { refused_to_start, served, whole, missing, .. } = sums;
    earned.holds(&Found {
        panics: Some(0),
        note: format!(
            "{refused_to_start} refused to start, {served} served, {whole} of them all; {missing} envelopes damaged"
        ),
        ..Found::default()
    });
}

/// The one file of the store in a data folder.
fn store_in(data: &Path) -> PathBuf {
    let files = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let mut stores = files.filter(|path| path.extension().is_some_and(|end| end == "redb"));
    let store = stores.next().expect("there is a store");
    assert_eq!(stores.next(), None);
    store
}

/// A copy of a data folder with another store in it.
fn copy(data: &Path, store: &Path, bytes: &[u8]) -> TempDir {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("data");
    fs::DirBuilder::new().mode(0o700).create(&to).unwrap();
    for entry in fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() && entry.path() != store {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    let store = to.join(store.file_name().unwrap());
    fs::write(&store, bytes).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

/// Starts a relay on a damaged store, and holds what it does against the ledger.
async fn examine(scene: &Scene, folder: TempDir, damage: Damage, sums: &mut Sums) {
    let store = store_in(&folder.path().join("data"));
    let builder = relay().arg("--limit").arg("ballast-bytes=0");
    let mut relay = match builder.try_start_in(folder) {
        Ok(relay) => relay,
        Err((status, said)) => {
            assert_eq!(status.code(), Some(1), "{damage:?}: {status}, {said}");
            assert!(said.contains(&store.display().to_string()), "{damage:?}: {said}");
            assert!(said.contains("restore"), "{damage:?}, no hint: {said}");
            assert_eq!(panics_of_its_own(&said), 0, "{damage:?}: {said}");
            sums.refused_to_start += 1;
            return;
        }
    };
    let mut missing = 0;
    for identity in &scene.people {
        match collect(&relay, identity).await {
            Ok(rows) => {
                scene.ledger.sees_all(identity.mailbox(), &rows);
                missing += ENVELOPES - rows.len();
            }
            Err(_) => sums.unreadable_mailboxes += 1,
        }
    }
    let counted = damaged_rows(&relay).await;
    sums.uncounted += u32::from(missing > 0 && counted == 0);
    let status = relay.stop();
    assert!(status.success(), "{damage:?}: {status}");
    assert_eq!(panics_of_its_own(&relay.log()), 0, "{damage:?}: {}", relay.log());
    sums.served += 1;
    sums.whole += u32::from(missing == 0);
    sums.missing += missing;
}

/// Panics but for those of redb on a file that is not what it wrote: the relay ends
/// them where it calls it, and takes them for damage.
fn panics_of_its_own(log: &str) -> u64 {
    log.lines().filter(|line| !line.contains("/redb-")).map(panics::told_in).sum()
}

/// Rows that the relay says it found damaged. It sets them aside by itself, after
/// it has answered.
async fn damaged_rows(relay: &RelayProcess) -> u64 {
    for _ in 0..20 {
        let stats = Command::new(PROGRAM)
            .args(["stats", "--json", "--data"])
            .arg(relay.data())
            .output()
            .unwrap();
        let line: Value = serde_json::from_slice(&stats.stdout).unwrap_or_default();
        if let Some(rows) = line["damaged"].as_u64().filter(|rows| *rows > 0) {
            return rows;
        }
        sleep(Duration::from_millis(5)).await;
    }
    0
}

/// One's mailbox, as far as the relay gives it; an error that tells to try again
/// if it does not.
async fn collect(relay: &RelayProcess, identity: &Identity) -> Result<Vec<Row>, PeerError> {
    let mut peer = Peer::sign_in(&relay.endpoint(), identity).await?;
    let (mut rows, mut after) = (Vec::<Row>::new(), 0);
    loop {
        let request = peer.send(Collect { after, envelopes: 17, bytes: 1 << 20 })?;
        let Ok(Response::Collected(page)) = peer.wait(request).await? else {
            return Ok(rows);
        };
        let more = page.more;
        rows.extend(page.rows.into_vec());
        match rows.last() {
            Some(row) if more => after = row.sequence,
            _ => return Ok(rows),
        }
    }
}
