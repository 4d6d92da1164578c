//! Envelopes: deposited, collected, acknowledged.

use msg_protocol::{
    error::Code,
    frame::ServerFrame,
    push::Push,
    request::{Access, AcknowledgeOne, AcknowledgeUpTo, Collect, Deposit, EndBatch, IssueToken},
    response::{Collected, Response},
    secret::LinkToken,
    version::LinkKind,
};
use msg_tests::relay::{Identity, Peer, deposit, envelope};

use crate::{
    records::record,
    scene::{Scene, answer, code},
};

async fn collect(link: &mut Peer, after: u64, envelopes: u16, bytes: u32) -> Collected {
    answer!(link, Collect { after, envelopes, bytes }, Collected)
}

#[tokio::test]
async fn what_is_deposited_is_collected_in_order_and_byte_for_byte() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let mut alice = scene.anonymous().await;
    let mut sent = Vec::new();
    for size in [4_096, 65_536, 8_192, 32_768, 16_384, 4_096] {
        sent.push(alice.deposit(bob.mailbox(), &bob.door, size, &mut scene.rng).await.unwrap());
    }
    let mut link = scene.sign_in(&bob).await;
    assert_eq!(link.signed_in().envelopes, 6);
    let rows = link.collect_all().await;
    assert_eq!(rows.iter().map(|row| row.envelope.clone()).collect::<Vec<_>>(), sent);
    assert!(rows.iter().all(|row| !row.knock));
    assert_eq!(link.collect_all().await, rows, "collecting takes nothing");
}

#[tokio::test]
async fn mail_records_and_rights_outlive_a_relay_that_is_killed() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let token = LinkToken::new([7; 32]);
    link.request(IssueToken::new(&token, [1; 16], link.welcome().time.plus_days(3))).await.unwrap();
    link.request(record(1, 0, b"sealed")).await.unwrap();
    let first = alice.deposit(bob.mailbox(), &bob.door, 4_096, &mut scene.rng).await.unwrap();
    let second = alice.deposit(bob.mailbox(), &bob.door, 4_096, &mut scene.rng).await.unwrap();
    let sequence = link.collect_all().await[0].sequence;
    link.request(AcknowledgeOne { sequence }).await.unwrap();
    scene.relay.kill();
    scene.relay.restart();

    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let rows = link.collect_all().await;
    assert_eq!(rows.iter().map(|row| row.envelope.clone()).collect::<Vec<_>>(), [second]);
    let knock = envelope(bob.mailbox(), 4_096, &mut scene.rng);
    let knock = Deposit { access: Access::Token(token), ..deposit(&bob.door, &knock) };
    alice.request(knock).await.unwrap();
    alice.request(deposit(&bob.door, &first)).await.expect("come again, and forgotten before");
    assert_eq!(code(link.request(record(1, 0, b"rival")).await), Code::CONFLICT);
}

#[tokio::test]
async fn nobodys_mailbox_takes_nothing() {
    let mut scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, Identity::random(2));
    let lost = envelope(eve.mailbox(), 4_096, &mut scene.rng);
    let mut alice = scene.anonymous().await;
    assert_eq!(code(alice.request(deposit(&bob.door, &lost)).await), Code::NOT_FOUND);
    Peer::register(&scene.endpoint(), &eve).await.unwrap();
    assert!(scene.sign_in(&eve).await.collect_all().await.is_empty());
}

#[tokio::test]
async fn an_envelope_that_comes_twice_is_there_once() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut alice, mut carol) = (scene.anonymous().await, scene.anonymous().await);
    let first = alice.deposit(bob.mailbox(), &bob.door, 4_096, &mut scene.rng).await.unwrap();
    carol.request(deposit(&bob.door, &first)).await.expect("answered as the first time");
    let mut other = envelope(bob.mailbox(), 8_192, &mut scene.rng);
    other.id = first.id;
    carol.request(deposit(&bob.door, &other)).await.expect("an id is one envelope");
    let rows = scene.sign_in(&bob).await.collect_all().await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].envelope, first);
}

#[tokio::test]
async fn a_batch_of_a_thousand_and_twenty_four_is_answered_row_by_row_and_its_end_last() {
    let mut scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, Identity::random(2));
    let mut link = scene.frames(LinkKind::Anonymous).await;
    let mut ids = Vec::new();
    for number in 0..1_024 {
        // One in a hundred is for nobody: a batch is not atomic.
        let to = if number % 100 == 99 { eve.mailbox() } else { bob.mailbox() };
        let envelope = envelope(to, 4_096, &mut scene.rng);
        ids.push(link.send(deposit(&bob.door, &envelope)).await);
    }
    let end = link.send(EndBatch {}).await;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    while done.last() != Some(&end) {
        match link.raw.frame().await.expect("an answer to each") {
            ServerFrame::Response(id, Response::Done(_)) => done.push(id),
            ServerFrame::Refusal(id, refusal) => {
                assert_eq!(refusal.code, Code::NOT_FOUND);
                refused.push(id);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(done.len(), 1_024 - 10 + 1);
    refused.sort();
    assert_eq!(refused, ids.iter().copied().skip(99).step_by(100).collect::<Vec<_>>());
    assert_eq!(scene.sign_in(&bob).await.signed_in().envelopes, 1_014);
}

#[tokio::test]
async fn an_ephemeral_envelope_passes_to_who_is_there_and_is_never_kept() {
    let mut scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    link.credit(5, 0).await;
    let mut passing = |to: &Identity| Deposit {
        ephemeral: true,
        ..deposit(&to.door, &envelope(to.mailbox(), 4_096, &mut scene.rng))
    };
    let (here, away) = (passing(&bob), passing(&eve));
    let present = alice.request(here.clone()).await;
    assert_eq!(present, alice.request(away).await, "the answer does not tell who is there");
    present.unwrap();
    match link.push().await.unwrap() {
        Push::Passing(passing) => assert_eq!(passing.envelope, here.envelope),
        other => panic!("{other:?}"),
    }
    let stranger = Deposit { access: Access::Token(LinkToken::new([1; 32])), ..passing(&bob) };
    assert_eq!(code(alice.request(stranger).await), Code::DENIED);
    for identity in [&bob, &eve] {
        let mut link = scene.sign_in(identity).await;
        assert_eq!(link.signed_in().envelopes, 0);
        assert!(link.collect_all().await.is_empty());
    }
    assert!(link.pushes().is_empty());
}

#[tokio::test]
async fn a_collection_keeps_to_its_bounds_and_gives_one_at_least() {
    let mut scene = Scene::start();
    let bob = scene.register(1).await;
    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let empty = collect(&mut link, 0, 17, u32::MAX).await;
    assert!(empty.rows.is_empty() && !empty.more);
    for size in [16_384, 4_096, 4_096, 65_536, 4_096] {
        alice.deposit(bob.mailbox(), &bob.door, size, &mut scene.rng).await.unwrap();
    }
    let all: Vec<_> = link.collect_all().await.iter().map(|row| row.sequence).collect();
    let mut page = async |after, envelopes, bytes| {
        let collected = collect(&mut link, after, envelopes, bytes).await;
        let rows: Vec<_> = collected.rows.iter().map(|row| row.sequence).collect();
        (rows, collected.more)
    };
    assert_eq!(page(0, 2, u32::MAX).await, (all[..2].to_vec(), true), "so many");
    assert_eq!(page(0, 17, 20_480).await, (all[..2].to_vec(), true), "so many bytes");
    assert_eq!(page(0, 17, 1).await, (all[..1].to_vec(), true), "one at least");
    assert_eq!(page(all[2], 17, 1).await, (all[3..4].to_vec(), true));
    assert_eq!(page(all[3], 17, 1).await, (all[4..].to_vec(), false));
    assert_eq!(page(all[4], 17, u32::MAX).await, (vec![], false));
    assert_eq!(page(u64::MAX, 17, u32::MAX).await, (vec![], false));
}

#[tokio::test]
async fn what_is_acknowledged_is_forgotten_and_nothing_else() {
    let mut scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let (mut link, mut alice) = (scene.sign_in(&bob).await, scene.anonymous().await);
    for to in [&bob, &bob, &eve, &bob, &bob] {
        alice.deposit(to.mailbox(), &to.door, 4_096, &mut scene.rng).await.unwrap();
    }
    let all: Vec<_> = link.collect_all().await.iter().map(|row| row.sequence).collect();
    link.request(AcknowledgeOne { sequence: all[2] }).await.unwrap();
    link.request(AcknowledgeOne { sequence: all[2] }).await.expect("forgotten already");
    link.request(AcknowledgeOne { sequence: all[3] + 7 }).await.expect("never there");
    let left = async |link: &mut Peer| -> Vec<_> {
        link.collect_all().await.iter().map(|row| row.sequence).collect()
    };
    assert_eq!(left(&mut link).await, [all[0], all[1], all[3]]);
    link.request(AcknowledgeUpTo { sequence: all[1] }).await.unwrap();
    link.request(AcknowledgeUpTo { sequence: all[0] }).await.expect("forgotten already");
    assert_eq!(left(&mut link).await, [all[3]]);
    link.request(AcknowledgeUpTo { sequence: u64::MAX }).await.unwrap();
    assert!(left(&mut link).await.is_empty());
    assert_eq!(scene.sign_in(&eve).await.collect_all().await.len(), 1, "another's mail stays");
    alice.deposit(bob.mailbox(), &bob.door, 4_096, &mut scene.rng).await.unwrap();
    assert!(left(&mut link).await[0] > all[3], "numbers are not used again");
}
