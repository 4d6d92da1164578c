//! The power goes at any operation, and again while the store recovers: what was
//! answered is there, what was acknowledged is gone, and everything fits.

use std::{collections::BTreeSet, sync::Arc};

use msg_soak::{Found, Row, seeds};
use redb::Builder;

use super::{numbers, open, registered};
use crate::simulation::disk::{Dice, Disk, Fault, Plugged};
use crate::store::{
    Mailboxes as _, Maintenance as _, StoreError,
    conformance::laboratory::{BOB, NOW, by_door},
    mailbox::{Acknowledged, Appended},
    redb::Redb,
};

/// What whoever asked knows.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) stored: BTreeSet<u32>,
    pub(super) acknowledged: BTreeSet<u32>,
    /// An acknowledgement without an answer: gone or not.
    pub(super) unsure: BTreeSet<u32>,
}

/// Deposits and acknowledges until something fails.
pub(super) async fn work(store: &Arc<Redb>, rounds: u32, ledger: &mut Ledger) {
    let mailbox = BOB.mailbox(0);
    for round in 0..rounds {
        let deposits: Vec<_> = (0..6)
            .map(|place| {
                let (store, number) = (Arc::clone(store), round * 6 + place);
                tokio::spawn(async move { (number, store.append(by_door(mailbox, number)).await) })
            })
            .collect();
        let mut failed = false;
        for deposit in deposits {
            match deposit.await.unwrap() {
                (number, Ok(Appended::Stored)) => drop(ledger.stored.insert(number)),
                (_, outcome) => failed |= outcome == Err(StoreError::Unavailable),
            }
        }
        if failed {
            return;
        }
        let Ok(page) = store.collect(mailbox, 0, 2, usize::MAX, NOW).await else { return };
        for row in page.rows {
            let number = u32::from_be_bytes(row.envelope.id.0[..4].try_into().unwrap());
            let gone = store.acknowledge(mailbox, Acknowledged::One(row.sequence)).await;
            let list = if gone.is_ok() { &mut ledger.acknowledged } else { &mut ledger.unsure };
            list.insert(number);
            ledger.stored.remove(&number);
        }
    }
}

/// What the store has is what the ledger says.
pub(super) async fn compare(store: &Redb, ledger: &Ledger, seed: u64) {
    let numbers = numbers(store, BOB.mailbox(0)).await.unwrap();
    let there: BTreeSet<u32> = numbers.iter().copied().collect();
    assert_eq!(there.len(), numbers.len(), "seed {seed}: stored twice");
    assert!(there.is_superset(&ledger.stored), "seed {seed}: stored and not there");
    assert!(there.is_disjoint(&ledger.acknowledged), "seed {seed}: acknowledged and there");
    let checked = store.check().await.unwrap();
    assert_eq!(checked.faults, [""; 0], "seed {seed}");
}

#[tokio::test]
async fn nothing_that_was_answered_is_lost_with_the_power() {
    let template = Disk::formatted();
    registered(&template, BOB).await.close();
    let template = template.bytes();
    let (mut stored, mut acknowledged, mut again) = (0, 0, 0);
    let seeds = seeds(1_000);
    let mut row = Row::begin("relay-power", seeds.start);
    for seed in seeds {
        row.run(seed);
        let mut dice = Dice(seed);
        let disk = Disk::with(template.clone());
        let mut ledger = Ledger::default();
        let store = Arc::new(open(&disk).unwrap());
        disk.fail_after(dice.below(120), Fault::ForEver);
        work(&store, 6, &mut ledger).await;
        store.close();
        disk.lose_power(&mut dice);
        if dice.below(2) == 0 {
            disk.fail_after(dice.below(20), Fault::ForEver);
            if let Ok(store) = open(&disk) {
                store.close();
            }
            disk.lose_power(&mut dice);
            again += 1;
        }
        let store = open(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        compare(&store, &ledger, seed).await;
        store.close();
        let mut database = Builder::new().create_with_backend(Plugged(disk)).unwrap();
        assert!(database.check_integrity().unwrap(), "seed {seed}");
        stored += ledger.stored.len() as u64;
        acknowledged += ledger.acknowledged.len() as u64;
    }
    assert!(stored > 0 && (again > 0 || row.runs() == 1));
    row.holds(&Found {
        acknowledged: stored + acknowledged,
        lost: Some(0),
        twice: Some(0),
        panics: Some(0),
        note: format!("{again} of them hit again while recovering"),
        ..Found::default()
    });
}
