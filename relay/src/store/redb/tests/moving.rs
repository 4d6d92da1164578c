//! Moves from a store that is damaged, and stores that a move has not filled yet.

use std::sync::Arc;

use msg_soak::{Found, Row, seeds};

use super::{Asleep, OPTIONS, folder, open, registered};
use crate::simulation::disk::{Dice, Disk};
use crate::store::{
    Accounts as _, Blobs as _, Mailboxes as _, Maintenance as _, Prekeys as _, Records as _,
    Rights as _, Upkeep as _,
    conformance::laboratory::{
        BOB, CAROL, MANY, NOW, by_door, chunk, hash, record_id, right, right_id,
    },
    memory::Memory,
    portable::{Kind, PageLimits, Portable as _, Progress, TransferError, transfer},
    redb::{
        OpenError, Redb,
        batch::Batch,
        mailboxes::mailbox_key,
        table::{Table, View as _},
    },
    right::RightKind,
};

const ENVELOPES: u32 = 12;

fn memory() -> Memory {
    Memory::new(Arc::new(Asleep)).unwrap()
}

async fn filled() -> Arc<Disk> {
    let disk = Disk::formatted();
    let store = registered(&disk, BOB).await;
    store.create_account(CAROL.registration(), NOW).await.unwrap();
    for person in [BOB, CAROL] {
        let (id, device) = (person.id(), person.device_id(0));
        for number in 0..ENVELOPES {
            store.append(by_door(person.mailbox(0), number)).await.unwrap();
        }
        store.publish_prekeys(id, device, person.prekeys(0, 1..9)).await.unwrap();
        store.add_right(id, right_id(1), right(RightKind::Token, 8), 9, NOW).await.unwrap();
        store.put_record(id, record_id(1), 0, vec![5; 3_000], MANY).await.unwrap();
        store.put_chunk(chunk(person, person.0, 70_000, 0)).await.unwrap();
    }
    store.close();
    disk
}

/// Changes a byte of what is stored there.
async fn damage(disk: &Arc<Disk>, table: Table, key: Vec<u8>) {
    let store = open(disk).unwrap();
    let flip = move |batch: &mut Batch<'_>| {
        let mut stored = batch.stored(table, &key)?.unwrap();
        *stored.last_mut().unwrap() ^= 1;
        batch.put_stored(table, &key, &stored)
    };
    store.engine.change(false, 0, flip).await.unwrap();
    store.close();
}

#[tokio::test]
async fn a_damaged_row_is_named_and_refused_unless_it_is_to_be_left_behind() {
    let disk = filled().await;
    let record = [BOB.id().0.as_slice(), &record_id(1).0].concat();
    damage(&disk, Table::Records, record.clone()).await;
    let before = disk.bytes();
    let (store, to) = (open(&disk).unwrap(), memory());
    let refused = transfer(&store, &to, false, PageLimits::USUAL, |_| ()).await;
    let Err(TransferError::Damaged { count, named }) = refused else { panic!("{refused:?}") };
    assert_eq!((count, named.len()), (1, 1));
    assert_eq!((named[0].kind, &named[0].key), (Kind::Record, &record));
    assert!(to.accounts(None, 9).await.unwrap().is_empty(), "nothing has been written");

    let moved = transfer(&store, &to, true, PageLimits::USUAL, |_| ()).await.unwrap();
    assert_eq!((moved.total.damaged, moved.total.count(Kind::Record)), (1, 1));
    assert_eq!(to.records(BOB.id(), None, 9, 9_999).await.unwrap().records, []);
    assert_eq!(to.records(CAROL.id(), None, 9, 9_999).await.unwrap().records.len(), 1);
    store.close();
    let store = open(&disk).unwrap();
    assert_eq!(store.figures().await.unwrap().damaged, 0, "the source is not mended");
    store.close();
    assert_eq!(disk.bytes().len(), before.len());
}

#[tokio::test]
async fn what_belongs_to_a_damaged_account_is_left_behind_with_it() {
    let disk = filled().await;
    damage(&disk, Table::Accounts, BOB.id().0.to_vec()).await;
    let (store, to) = (open(&disk).unwrap(), memory());
    let moved = transfer(&store, &to, true, PageLimits::USUAL, |_| ()).await.unwrap();
    let total = moved.total;
    assert_eq!((total.count(Kind::Account), total.count(Kind::Device)), (1, 1));
    assert_eq!(total.count(Kind::Envelope), u64::from(ENVELOPES));
    // The account and its card, its device, prekeys, right, record, blob, piece and envelopes.
    assert_eq!(total.damaged, 2 + 1 + (8 + 2) + 1 + 1 + 1 + 1 + u64::from(ENVELOPES));
    assert_eq!(to.check().await.unwrap().faults, [""; 0]);
}

#[tokio::test]
async fn what_an_engine_derives_is_made_anew() {
    let disk = filled().await;
    damage(&disk, Table::Mailboxes, mailbox_key(BOB.mailbox(0))).await;
    damage(&disk, Table::Names, BOB.name().as_str().as_bytes().to_vec()).await;
    let (store, to) = (open(&disk).unwrap(), memory());
    let moved = transfer(&store, &to, false, PageLimits::USUAL, |_| ()).await.unwrap();
    assert_eq!(moved.total.count(Kind::Envelope), 2 * u64::from(ENVELOPES));
    assert_eq!(to.waiting(BOB.mailbox(0)).await.unwrap().envelopes, ENVELOPES);
}

#[tokio::test]
async fn a_damaged_file_moves_what_was_written_or_nothing() {
    let whole = filled().await;
    let to = memory();
    let sent = transfer(&open(&whole).unwrap(), &to, false, PageLimits::USUAL, |_| ()).await;
    let sent = sent.unwrap().total;
    let (mut moved, mut short) = (0, 0);
    let seeds = seeds(100);
    let mut row = Row::begin("damaged-moves", seeds.start);
    for seed in seeds {
        row.run(seed);
        eprintln!("seed {seed}");
        let mut dice = Dice(seed);
        let mut bytes = whole.bytes();
        let place = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
        bytes[place] ^= 1 << dice.below(8);
        let Ok(store) = open(&Disk::with(bytes)) else { continue };
        let to = memory();
        if let Ok(done) = transfer(&store, &to, true, PageLimits::USUAL, |_| ()).await {
            moved += 1;
            let kept = done.total.items() + done.total.damaged;
            assert!(done.total.sha256 == sent.sha256 || kept <= sent.items());
            short += u32::from(done.total.damaged > 0);
            assert_eq!(to.check().await.unwrap().faults, [""; 0]);
        }
    }
    let note = format!("{moved} moved, {short} of them in part");
    assert!(moved > short && short > 0, "{note}");
    row.holds(&Found { note, ..Found::default() });
}

#[tokio::test]
async fn a_relay_does_not_open_a_store_that_a_move_has_not_filled() {
    let disk = filled().await;
    let (source, folder) = (open(&disk).unwrap(), folder());
    let limits = PageLimits { items: 9, bytes: usize::MAX };
    let page = source.export(None, limits).await.unwrap();
    let to = Redb::open_to_move(folder.path(), OPTIONS, Arc::new(Asleep)).unwrap();
    let sent = transfer(&source, &memory(), false, limits, |_| ()).await.unwrap().total;
    let progress =
        Progress { source: sent.sha256, mark: page.end.clone(), items: page.items.len() as u64 };
    to.import(page.items, progress).await.unwrap();
    to.close();
    let refused = Redb::open(folder.path(), OPTIONS, Arc::new(Asleep)).err().unwrap();
    assert!(matches!(refused, OpenError::Arriving { .. }), "{refused}");
    assert!(refused.to_string().contains("msg-relay migrate"), "{refused}");

    let to = Redb::open_to_move(folder.path(), OPTIONS, Arc::new(Asleep)).unwrap();
    assert_eq!(transfer(&source, &to, false, limits, |_| ()).await.unwrap().total, sent);
    to.close();
    let store = Redb::open(folder.path(), OPTIONS, Arc::new(Asleep)).unwrap();
    assert_eq!(store.secret(), source.secret());
    let device = store.device(BOB.id(), BOB.device_id(0)).await.unwrap().unwrap();
    assert_eq!(device.credential, hash(2_000 + u64::from(BOB.0)));
}
