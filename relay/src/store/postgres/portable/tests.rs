//! Moves into a database and out of it, and who is kept away meanwhile.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::store::{
    Accounts as _, Blobs as _, Mailboxes as _, Maintenance as _, Records as _,
    conformance::{
        self,
        laboratory::{BOB, CAROL, MANY, NOW, by_door, chunk, record_id},
    },
    memory::Memory,
    portable::{TransferError, transfer},
    postgres::tests::{Asleep, in_database::InDatabase},
};

conformance::portable_suite!(InDatabase);

fn memory() -> Memory {
    Memory::new(Arc::new(Asleep)).unwrap()
}

#[tokio::test]
async fn nodes_and_moves_keep_each_other_away() {
    let Some(place) = InDatabase::found() else { return };
    let node = place.node().await.unwrap();
    let refused = place.mover().await.err().unwrap();
    assert!(matches!(refused, OpenError::Running), "{refused}");
    drop(node);
    let mover = place.mover().await.unwrap();
    let refused = place.node().await.err().unwrap();
    assert!(matches!(refused, OpenError::Moving), "{refused}");
    assert!(matches!(place.mover().await.err(), Some(OpenError::Running)));

    let source = memory();
    source.create_account(BOB.registration(), NOW).await.unwrap();
    let page = source.export(None, PageLimits { items: 1, bytes: 1 }).await.unwrap();
    let progress = Progress { source: [1; 32], mark: page.end, items: 1 };
    mover.import(page.items, progress).await.unwrap();
    drop(mover);
    // The server may not know yet that the move has gone.
    let refused = loop {
        match place.node().await.err().unwrap() {
            OpenError::Moving => sleep(Duration::from_millis(50)).await,
            refused => break refused,
        }
    };
    assert!(matches!(refused, OpenError::Arriving), "{refused}");
    assert!(refused.hint().unwrap().contains("msg-relay migrate"), "{refused}");
}

#[tokio::test]
async fn what_is_damaged_in_the_database_is_named_and_left_behind_if_asked() {
    let Some(place) = InDatabase::found() else { return };
    let node = place.node().await.unwrap();
    for person in [BOB, CAROL] {
        node.create_account(person.registration(), NOW).await.unwrap();
        node.put_record(person.id(), record_id(1), 0, vec![1; 9], MANY).await.unwrap();
        node.put_chunk(chunk(person, person.0, 70_000, 1)).await.unwrap();
        for number in 0..3 {
            node.append(by_door(person.mailbox(0), number)).await.unwrap();
        }
    }
    drop(node);
    let mut session = place.session();
    let bob = format!("decode('{}', 'hex')", BOB.id());
    session
        .query(&format!(
            "UPDATE device SET credential = 'x' WHERE acct = {bob}; \
             UPDATE envelope SET head = 'x' WHERE ctid = (SELECT e.ctid FROM envelope e \
             JOIN mailbox m ON m.id = e.mbx WHERE m.acct <> {bob} ORDER BY seq LIMIT 1);"
        ))
        .unwrap();

    let (source, to) = (place.mover().await.unwrap(), memory());
    let refused = transfer(&source, &to, false, PageLimits::USUAL, |_| ()).await;
    let Err(TransferError::Damaged { count, named }) = refused else { panic!("{refused:?}") };
    // The device with its three envelopes, and one of the other's.
    assert_eq!((count, named.len()), (5, 5));
    assert_eq!(named[0].kind, Kind::Device);
    let moved = transfer(&source, &to, true, PageLimits::USUAL, |_| ()).await.unwrap().total;
    assert_eq!((moved.damaged, moved.count(Kind::Envelope)), (5, 2));
    assert_eq!((moved.count(Kind::Record), moved.count(Kind::Chunk)), (2, 2));
    assert_eq!(to.waiting(CAROL.mailbox(0)).await.unwrap().envelopes, 2);
    assert_eq!(to.check().await.unwrap().faults, [""; 0]);
    assert_eq!(session.value("SELECT damaged FROM relay").unwrap(), "0", "nothing is mended");
}
