//! A file that is not what was written: nothing panics, what is served is what
//! was written, and what can be read is served.

use std::sync::Arc;

use msg_soak::{Found, Row, seeds};

use super::{numbers, open, registered};
use crate::simulation::disk::{Dice, Disk};
use crate::store::{
    Accounts as _, Blobs as _, Mailboxes as _, Maintenance as _, Prekeys as _, Records as _,
    StoreError, Upkeep as _,
    account::Whose,
    conformance::laboratory::{BOB, MANY, NOW, blob_id, by_door, chunk, record_id},
    prekey::Taking,
};

const ENVELOPES: u32 = 40;

async fn filled() -> Vec<u8> {
    let disk = Disk::formatted();
    let store = registered(&disk, BOB).await;
    let (id, device) = (BOB.id(), BOB.device_id(0));
    for number in 0..ENVELOPES {
        store.append(by_door(BOB.mailbox(0), number)).await.unwrap();
    }
    store.publish_prekeys(id, device, BOB.prekeys(0, 1..9)).await.unwrap();
    store.put_record(id, record_id(1), 0, vec![5; 3_000], MANY).await.unwrap();
    store.put_chunk(chunk(BOB, 1, 70_000, 0)).await.unwrap();
    store.close();
    disk.bytes()
}

/// Reads and changes all kinds of things; gives how many envelopes were served.
async fn use_it(disk: &Arc<Disk>) -> Option<usize> {
    let store = open(disk).ok()?;
    let (id, mailbox) = (BOB.id(), BOB.mailbox(0));
    if let Ok(Some(account)) = store.account(Whose::Id(id)).await {
        assert_eq!(account.card, *BOB.first_card().as_signed());
    }
    if let Ok(Some(piece)) = store.chunk(blob_id(1), 0, NOW).await {
        assert_eq!(piece.bytes, chunk(BOB, 1, 70_000, 0).bytes);
    }
    if let Ok(page) = store.records(id, None, 9, usize::MAX).await {
        assert!(page.records.iter().all(|record| *record.value == [5; 3_000]));
    }
    if let Ok(Some(taken)) = store.take_prekeys(id, Vec::new(), Taking::Door, NOW).await {
        for taken in taken {
            taken.bundle.verify(&BOB.device(0), msg_protocol::time::UnixDay(20_000)).unwrap();
        }
    }
    let served = numbers(&store, mailbox).await.map_or(0, |numbers| numbers.len());
    let _ = store.check().await;
    let _ = store.append(by_door(mailbox, 777)).await;
    let _ = store.figures().await;
    store.close();
    Some(served)
}

#[tokio::test]
async fn a_damaged_file_serves_nothing_wrong_and_never_panics() {
    let whole = filled().await;
    let (mut opened, mut full) = (0, 0);
    let seeds = seeds(150);
    let mut row = Row::begin("engine-damage", seeds.start);
    for seed in seeds {
        row.run(seed);
        eprintln!("seed {seed}");
        let mut dice = Dice(seed);
        let mut bytes = whole.clone();
        let place = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
        match dice.below(10) {
            0 => bytes.truncate(place),
            1 => bytes[place / 4_096 * 4_096..][..4_096].fill(0),
            _ => bytes[place] ^= 1 << dice.below(8),
        }
        if let Some(served) = use_it(&Disk::with(bytes)).await {
            opened += 1;
            full += u32::from(served == ENVELOPES as usize);
        }
    }
    assert!(opened > 0 && full > 0);
    let note = format!("{opened} opened, {full} of them with all that was stored");
    row.holds(&Found { note, ..Found::default() });
}

#[tokio::test]
async fn a_damaged_envelope_is_set_aside_and_counted() {
    let whole = filled().await;
    let body = [8_u8; 3_000];
    let place = whole.windows(body.len()).position(|window| window == body).unwrap();
    let mut bytes = whole;
    bytes[place + 1_000] ^= 1;
    let disk = Disk::with(bytes);
    let store = open(&disk).unwrap();
    let mailbox = BOB.mailbox(0);
    assert_eq!(numbers(&store, mailbox).await.unwrap().len(), 39);
    // Whatever is changed next comes after it was set aside.
    store.sweep(NOW).await.unwrap();
    let figures = store.figures().await.unwrap();
    assert_eq!((figures.damaged, figures.envelopes), (1, 39));
    assert_eq!(store.waiting(mailbox).await.unwrap().envelopes, 39);
    assert_eq!(store.check().await.unwrap().faults, [""; 0]);
    let there = numbers(&store, mailbox).await.unwrap();
    let lost = (0..ENVELOPES).find(|number| !there.contains(number)).unwrap();
    let again = store.append(by_door(mailbox, lost)).await;
    assert_eq!(again, Ok(crate::store::mailbox::Appended::Stored), "it can be brought again");
    assert_ne!(store.check().await, Err(StoreError::Damaged));
}
