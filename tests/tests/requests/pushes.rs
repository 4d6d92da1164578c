//! Envelopes that come by themselves, as far as a link has given leave.

use msg_protocol::{
    envelope::Envelope,
    request::{AcknowledgeOne, Ping},
};
use msg_tests::relay::{Identity, Peer};

use crate::scene::Scene;

async fn send(scene: &mut Scene, to: &Identity, count: usize) -> Vec<Envelope> {
    let mut alice = scene.anonymous().await;
    let mut sent = Vec::new();
    for _ in 0..count {
        sent.push(alice.deposit(to.mailbox(), &to.door, 4_096, &mut scene.rng).await.unwrap());
    }
    sent
}

async fn arrivals(link: &mut Peer, count: usize) -> Vec<Envelope> {
    let mut arrived = Vec::new();
    for _ in 0..count {
        arrived.push(link.arrival().await.unwrap().envelope);
    }
    arrived
}

/// Nothing more has been pushed when the relay answers what is asked now.
async fn assert_quiet(link: &mut Peer) {
    link.request(Ping {}).await.unwrap();
    assert_eq!(link.pushes(), []);
}

#[tokio::test]
async fn envelopes_come_in_order_as_far_as_the_window_goes() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    let mut sent = send(&mut scene, &bob, 2).await;
    assert_quiet(&mut link).await;
    link.credit(3, 0).await;
    sent.extend(send(&mut scene, &bob, 4).await);
    assert_eq!(arrivals(&mut link, 3).await, sent[..3]);
    assert_quiet(&mut link).await;
    link.credit(2, 0).await;
    assert_eq!(arrivals(&mut link, 2).await, sent[3..5], "from where the last push ended");
    assert_quiet(&mut link).await;
    link.credit(9, 0).await;
    assert_eq!(arrivals(&mut link, 1).await, sent[5..]);
    assert_eq!(arrivals_of(&mut scene, &bob, &mut link).await, 1, "leave that is left is kept");
}

async fn arrivals_of(scene: &mut Scene, bob: &Identity, link: &mut Peer) -> usize {
    let sent = send(scene, bob, 1).await;
    assert_eq!(arrivals(link, 1).await, sent);
    sent.len()
}

#[tokio::test]
async fn credit_says_after_which_envelope() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let sent = send(&mut scene, &bob, 4).await;
    let mut link = scene.sign_in(&bob).await;
    let rows = link.collect_all().await;
    link.credit(10, rows[1].sequence).await;
    assert_eq!(arrivals(&mut link, 2).await, sent[2..]);
    assert_quiet(&mut link).await;
}

#[tokio::test]
async fn each_link_of_a_device_has_its_own_credit() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut one, mut other) = (scene.sign_in(&bob).await, scene.sign_in(&bob).await);
    one.credit(1, 0).await;
    other.credit(3, 0).await;
    let sent = send(&mut scene, &bob, 3).await;
    assert_eq!(arrivals(&mut one, 1).await, sent[..1]);
    assert_eq!(arrivals(&mut other, 3).await, sent);
    assert_quiet(&mut one).await;
    drop(other);
    one.credit(5, 0).await;
    assert_eq!(arrivals(&mut one, 2).await, sent[1..], "one link's end is not the other's");
}

#[tokio::test]
async fn what_is_acknowledged_elsewhere_is_not_pushed() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let sent = send(&mut scene, &bob, 3).await;
    let (mut one, mut other) = (scene.sign_in(&bob).await, scene.sign_in(&bob).await);
    let rows = one.collect_all().await;
    one.request(AcknowledgeOne { sequence: rows[1].sequence }).await.unwrap();
    other.credit(10, 0).await;
    let arrived = arrivals(&mut other, 2).await;
    assert_eq!(arrived, [sent[0].clone(), sent[2].clone()]);
    assert_quiet(&mut other).await;
}
