//! The disk fails once, or from some operation on: nobody is told that anything
//! is kept which is not, and the engine goes on by itself when the disk does.

use std::{sync::Arc, time::Duration};

use msg_soak::{Found, Row, seeds};

use super::{
    open,
    power_loss::{Ledger, compare, work},
    registered,
};
use crate::simulation::disk::{Disk, Fault};
use crate::store::{
    Mailboxes as _,
    conformance::laboratory::{BOB, by_door},
    mailbox::Appended,
};

/// Every so many operations of the first 500.
const STEP: u64 = 7;

#[tokio::test]
async fn an_error_of_the_disk_is_never_taken_for_success() {
    let template = Disk::formatted();
    registered(&template, BOB).await.close();
    let template = template.bytes();
    let seeds = seeds(500 / STEP);
    let (mut row, mut stored) = (Row::begin("disk-errors", seeds.start), 0);
    for seed in seeds {
        let operation = seed * STEP % 500;
        for fault in [Fault::Once, Fault::ForEver] {
            row.run(seed);
            let disk = Disk::with(template.clone());
            let store = Arc::new(open(&disk).unwrap());
            let mut ledger = Ledger::default();
            disk.fail_after(operation, fault);
            work(&store, 4, &mut ledger).await;
            disk.repair();
            // Without help: what was refused is taken now.
            let mut outcome = store.append(by_door(BOB.mailbox(0), 999)).await;
            for _ in 0..600 {
                if outcome.is_ok() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
                outcome = store.append(by_door(BOB.mailbox(0), 999)).await;
            }
            assert!(
                matches!(outcome, Ok(Appended::Stored | Appended::Duplicate)),
                "{fault:?} at {operation}: {outcome:?}"
            );
            ledger.stored.insert(999);
            store.close();
            compare(&open(&disk).unwrap(), &ledger, seed).await;
            stored += ledger.stored.len() as u64;
        }
    }
    row.holds(&Found { acknowledged: stored, lost: Some(0), twice: Some(0), ..Found::default() });
}
