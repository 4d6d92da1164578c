//! Several nodes on one store.

use std::{sync::Arc, time::Duration};

use msg_protocol::{
    address::Pin,
    error::{Code, Refusal},
    id::DeviceId,
};

use super::{
    Shared,
    laboratory::{BOB, NOW, by_door, envelope},
    world::Wakes,
};
use crate::{
    quota::bucket::Rate,
    store::{
        Accounts as _, Mailboxes as _, Nodes as _, Upkeep as _, Word, account::Creation,
        mailbox::Appended, nodes::BucketKey,
    },
};

/// A node with whom it wakes.
struct Node<E: Shared> {
    store: Arc<E::Store>,
    wakes: Arc<Wakes>,
}

/// One store, and two nodes on it.
async fn two<E: Shared>() -> (E, [Node<E>; 2]) {
    let engine = E::fresh();
    let join = async || {
        let wakes = Arc::new(Wakes::default());
        Node::<E> { store: Arc::new(engine.join(wakes.clone()).await), wakes }
    };
    let nodes = [join().await, join().await];
    (engine, nodes)
}

pub(crate) async fn nodes_are_of_one_epoch_and_one_secret<E: Shared>() {
    let (_engine, [one, other]) = two::<E>().await;
    assert!(one.store.shared() && other.store.shared());
    assert_eq!(one.store.epoch(), other.store.epoch());
    assert_eq!(one.store.secret(), other.store.secret());
}

pub(crate) async fn a_node_reads_what_another_was_answered<E: Shared>() {
    let (_engine, [one, other]) = two::<E>().await;
    let created = one.store.create_account(BOB.registration(), NOW).await;
    assert_eq!(created, Ok(Creation::Created));
    for number in 1..20 {
        let nodes = [&one, &other];
        let (to, from) = (nodes[number % 2], nodes[(number + 1) % 2]);
        let new = by_door(BOB.mailbox(0), u32::try_from(number).unwrap());
        assert_eq!(to.store.append(new.clone()).await, Ok(Appended::Stored));
        let page = from.store.collect(BOB.mailbox(0), 0, 99, usize::MAX, NOW).await.unwrap();
        assert_eq!(page.rows.last().unwrap().envelope, new.envelope);
        assert_eq!(page.rows.len(), number);
        assert_eq!(from.store.append(new).await, Ok(Appended::Duplicate));
    }
}

pub(crate) async fn an_arrival_wakes_at_every_node<E: Shared>() {
    let (_engine, [one, other]) = two::<E>().await;
    one.store.create_account(BOB.registration(), NOW).await.unwrap();
    let before = [&one, &other].map(|node| node.wakes.count(BOB.mailbox(0)));
    one.store.append(by_door(BOB.mailbox(0), 1)).await.unwrap();
    one.wakes.after(BOB.mailbox(0), before[0]).await;
    other.wakes.after(BOB.mailbox(0), before[1]).await;
}

pub(crate) async fn a_word_is_heard_by_the_other_node<E: Shared>() {
    let (_engine, [one, other]) = two::<E>().await;
    let mailbox = BOB.mailbox(0);
    let words = [
        Word::Pass(envelope(mailbox, 7)),
        Word::PrekeysLow(mailbox, 3),
        Word::Close(mailbox, Refusal::for_good(Code::DENIED)),
    ];
    for word in words {
        one.store.tell(word.clone());
        other.wakes.heard(&word).await;
        assert!(!one.wakes.has_heard(&word), "a node told itself");
    }
}

const RATE: Rate = Rate { burst: 40, per_hour: 1 };

pub(crate) async fn a_bucket_is_one_for_all_nodes<E: Shared>() {
    let (_engine, nodes) = two::<E>().await;
    let bucket = BucketKey::new(1, Some(DeviceId([1; 16])));
    let takes = (0..60).map(|number| {
        let store = nodes[number % 2].store.clone();
        tokio::spawn(async move { store.take_shared(bucket, RATE, 1).await.unwrap() })
    });
    let mut granted = 0;
    for take in takes.collect::<Vec<_>>() {
        match take.await.unwrap() {
            Ok(()) => granted += 1,
            Err(too_often) => assert!(too_often.retry_after_s > 3_000, "{too_often:?}"),
        }
    }
    assert_eq!(granted, RATE.burst);
    let others = [BucketKey::new(2, Some(DeviceId([1; 16]))), BucketKey::new(1, None)];
    for other in others {
        assert_eq!(nodes[0].store.take_shared(other, RATE, 40).await, Ok(Ok(())));
        assert!(nodes[1].store.take_shared(other, RATE, 1).await.unwrap().is_err());
    }
    let untouched = BucketKey::new(3, None);
    assert!(nodes[0].store.take_shared(untouched, RATE, 41).await.unwrap().is_err());
    assert_eq!(nodes[1].store.take_shared(untouched, RATE, 40).await, Ok(Ok(())));
}

pub(crate) async fn what_was_taken_from_a_bucket_comes_back<E: Shared>() {
    let (_engine, nodes) = two::<E>().await;
    let (bucket, rate) = (BucketKey::new(1, None), Rate { burst: 1, per_hour: 36_000 });
    assert_eq!(nodes[0].store.take_shared(bucket, rate, 1).await, Ok(Ok(())));
    for _ in 0..3_000 {
        if nodes[1].store.take_shared(bucket, rate, 1).await == Ok(Ok(())) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing came back");
}

pub(crate) async fn the_first_nodes_pin_is_kept<E: Shared>() {
    let (engine, [one, other]) = two::<E>().await;
    let [first, second] = [1, 2].map(|byte| Pin::new([byte; 32]));
    assert_eq!(one.store.pin(first).await, Ok(first));
    assert_eq!(other.store.pin(second).await, Ok(first));
    assert_eq!(one.store.pin(first).await, Ok(first));
    let third = engine.join(Arc::new(Wakes::default())).await;
    assert_eq!(third.pin(second).await, Ok(first));
}
