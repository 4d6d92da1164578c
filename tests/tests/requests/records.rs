//! Records that an account keeps sealed at its relay.

use msg_protocol::{
    error::Code,
    id::RecordId,
    request::{DeleteRecord, ListRecords, PutRecord},
    response::Record,
};
use msg_tests::relay::Peer;

use crate::scene::{Scene, answer, code};

pub(crate) fn record(number: u16, expected: u64, value: &[u8]) -> PutRecord {
    PutRecord { id: id(number), expected, value: value.try_into().unwrap() }
}

fn id(number: u16) -> RecordId {
    let mut id = [0; 32];
    id[..2].copy_from_slice(&number.to_be_bytes());
    RecordId(id)
}

async fn put(link: &mut Peer, number: u16, expected: u64, value: &[u8]) -> u64 {
    answer!(link, record(number, expected, value), RecordStored).revision
}

async fn all(link: &mut Peer) -> Vec<Record> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = answer!(link, ListRecords { after }, Records);
        let more = page.more;
        all.extend(page.records.into_vec());
        after = all.last().map(|record| record.id);
        if !more {
            return all;
        }
    }
}

async fn values(link: &mut Peer) -> Vec<(RecordId, Vec<u8>)> {
    let records = all(link).await.into_iter();
    records.map(|record| (record.id, record.value.to_vec())).collect()
}

#[tokio::test]
async fn a_record_is_replaced_by_who_knows_its_revision() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    assert_eq!(code(link.request(record(1, 5, b"none there")).await), Code::CONFLICT);
    assert!(all(&mut link).await.is_empty());
    let first = put(&mut link, 1, 0, b"one").await;
    assert_eq!(code(link.request(record(1, 0, b"rival")).await), Code::CONFLICT);
    let second = put(&mut link, 1, first, b"two").await;
    assert!(second > first);
    assert_eq!(put(&mut link, 1, first, b"two").await, second, "asked again, done once");
    assert_eq!(code(link.request(record(1, first, b"late")).await), Code::CONFLICT);
    let all = all(&mut link).await;
    assert_eq!((all.len(), all[0].revision, &*all[0].value), (1, second, b"two".as_slice()));
}

#[tokio::test]
async fn a_record_is_deleted_by_who_knows_its_revision() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    let first = put(&mut link, 1, 0, b"one").await;
    let second = put(&mut link, 1, first, b"two").await;
    let delete = |expected| DeleteRecord { id: id(1), expected };
    assert_eq!(code(link.request(delete(first)).await), Code::CONFLICT);
    assert_eq!(values(&mut link).await, [(id(1), b"two".to_vec())]);
    link.request(delete(second)).await.unwrap();
    link.request(delete(second)).await.expect("it is gone already");
    assert!(all(&mut link).await.is_empty());
    put(&mut link, 1, 0, b"anew").await;
}

#[tokio::test]
async fn records_come_in_pages_in_the_order_of_their_ids() {
    let scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let mut link = scene.sign_in(&bob).await;
    for number in (0..300).rev() {
        put(&mut link, number, 0, &number.to_be_bytes()).await;
    }
    for number in 300..303 {
        put(&mut link, number, 0, &vec![7; 32_768]).await;
    }
    let first = answer!(link, ListRecords { after: None }, Records);
    assert!(first.more && first.records.len() <= 256);
    let numbers: Vec<_> = all(&mut link).await.iter().map(|record| record.id).collect();
    assert_eq!(numbers, (0..303).map(id).collect::<Vec<_>>(), "each once");
    let rest = answer!(link, ListRecords { after: Some(id(298)) }, Records);
    assert_eq!(rest.records[0].id, id(299));
    assert!(all(&mut scene.sign_in(&eve).await).await.is_empty(), "another's are not hers");
}

#[tokio::test]
async fn every_device_of_an_account_sees_its_records() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut one, mut other) = (scene.sign_in(&bob).await, scene.sign_in(&bob).await);
    let first = put(&mut one, 1, 0, b"one").await;
    let second = put(&mut other, 1, first, b"two").await;
    assert_eq!(code(one.request(record(1, first, b"three")).await), Code::CONFLICT);
    put(&mut one, 1, second, b"three").await;
    assert_eq!(values(&mut other).await, [(id(1), b"three".to_vec())]);
}
