//! The store's files: who may read them, who has them, copies of them.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc};

use super::{Asleep, OPTIONS, folder, numbers};
use crate::store::{
    Accounts as _, Mailboxes as _, Maintenance as _, StoreError, Upkeep as _,
    conformance::laboratory::{BOB, NOW, by_door},
    mailbox::{Acknowledged, Appended},
    redb::{OpenError, Redb},
};

fn open(folder: &std::path::Path) -> Result<Redb, OpenError> {
    Redb::open(folder, OPTIONS, Arc::new(Asleep))
}

#[tokio::test]
async fn a_second_relay_on_the_folder_is_refused_by_name() {
    let folder = folder();
    let first = open(folder.path()).unwrap();
    let refused = open(folder.path()).err().unwrap();
    assert!(matches!(refused, OpenError::InUse { .. }));
    assert!(refused.to_string().starts_with("another relay runs on "), "{refused}");
    first.close();
    open(folder.path()).unwrap();
}

#[tokio::test]
async fn the_file_is_its_owners_alone_and_nothing_else_is_left() {
    let folder = folder();
    drop(open(folder.path()).unwrap());
    let file = fs::metadata(folder.path().join("store.redb")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["store.redb"]);
}

#[tokio::test]
async fn a_file_that_is_no_store_is_named_and_left_as_it_is() {
    let folder = folder();
    let path = folder.path().join("store.redb");
    for bytes in [&b""[..], b"not a store", &[0; 8_192]] {
        fs::write(&path, bytes).unwrap();
        let refused = open(folder.path()).err().unwrap().to_string();
        assert!(
            refused.contains("store.redb") && refused.contains("msg-relay restore"),
            "{refused}"
        );
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_backup_beside_deposits_restores_to_a_whole_store() {
    let folder = folder();
    let store = Arc::new(open(folder.path()).unwrap());
    store.create_account(BOB.registration(), NOW).await.unwrap();
    let mailbox = BOB.mailbox(0);
    for number in 0..20 {
        store.append(by_door(mailbox, number)).await.unwrap();
    }
    let busy = Arc::clone(&store);
    let deposits = tokio::spawn(async move {
        for number in 20..60 {
            assert_eq!(busy.append(by_door(mailbox, number)).await, Ok(Appended::Stored));
        }
    });
    let backup = folder.path().join("backup");
    assert!(store.back_up(backup.clone()).await.unwrap() > 0);
    deposits.await.unwrap();
    assert_eq!(store.back_up(backup.clone()).await, Err(StoreError::Unavailable), "it is there");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);

    let rows = store.collect(mailbox, 0, 100, usize::MAX, NOW).await.unwrap().rows;
    let other = folder.path().join("other");
    Redb::restore(&backup, &other).unwrap();
    assert!(matches!(Redb::restore(&backup, &other), Err(OpenError::Exists { .. })));
    let restored = open(&other).unwrap();
    assert_ne!(restored.epoch(), store.epoch());
    assert_eq!(restored.secret(), store.secret());
    let there = numbers(&restored, mailbox).await.unwrap();
    assert!(there.len() >= 20 && (0..).zip(&there).all(|(place, number)| place == *number));
    assert_eq!(restored.check().await.unwrap().faults, [""; 0]);
    restored.append(by_door(mailbox, 1_000)).await.unwrap();
    let page = restored.collect(mailbox, 0, 100, usize::MAX, NOW).await.unwrap();
    assert!(page.rows.last().unwrap().sequence > rows.last().unwrap().sequence);
}

#[tokio::test]
async fn compacting_loses_nothing() {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    store.create_account(BOB.registration(), NOW).await.unwrap();
    let mailbox = BOB.mailbox(0);
    for number in 0..100 {
        store.append(by_door(mailbox, number)).await.unwrap();
    }
    let rows = store.collect(mailbox, 0, 90, usize::MAX, NOW).await.unwrap().rows;
    let last = rows.last().unwrap().sequence;
    store.acknowledge(mailbox, Acknowledged::UpTo(last)).await.unwrap();
    let (before, after) = store.compact().await.unwrap();
    assert!(after <= before);
    assert_eq!(numbers(&store, mailbox).await.unwrap(), (90..100).collect::<Vec<_>>());
    assert_eq!(store.check().await.unwrap().faults, [""; 0]);
}

#[tokio::test]
async fn closing_writes_what_was_taken() {
    let folder = folder();
    let store = Arc::new(open(folder.path()).unwrap());
    store.create_account(BOB.registration(), NOW).await.unwrap();
    let deposits: Vec<_> = (0..50)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.append(by_door(BOB.mailbox(0), number)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close();
    let mut stored = Vec::new();
    for (number, deposit) in (0..).zip(deposits) {
        match deposit.await.unwrap() {
            Ok(Appended::Stored) => stored.push(number),
            refused => assert_eq!(refused, Err(StoreError::Unavailable)),
        }
    }
    let store = open(folder.path()).unwrap();
    let there = numbers(&store, BOB.mailbox(0)).await.unwrap();
    assert_eq!(there.len(), stored.len());
    assert!(stored.iter().all(|number| there.contains(number)));
}

#[tokio::test]
async fn a_store_at_its_bound_refuses_deposits_and_takes_acknowledgements() {
    let folder = folder();
    let bounded = super::Options { store_bytes: 100_000, ..OPTIONS };
    let store = Redb::open(folder.path(), bounded, Arc::new(Asleep)).unwrap();
    store.create_account(BOB.registration(), NOW).await.unwrap();
    let mailbox = BOB.mailbox(0);
    let mut number = 0;
    while store.append(by_door(mailbox, number)).await == Ok(Appended::Stored) {
        number += 1;
        assert!(number < 1_000);
    }
    assert_eq!(store.append(by_door(mailbox, number)).await, Err(StoreError::Full));
    assert_eq!(store.append(by_door(mailbox, 0)).await, Ok(Appended::Duplicate));
    store.acknowledge(mailbox, Acknowledged::UpTo(u64::MAX)).await.unwrap();
    assert_eq!(store.append(by_door(mailbox, number)).await, Ok(Appended::Stored));
}
