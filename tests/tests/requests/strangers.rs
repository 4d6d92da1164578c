//! Who has neither door nor token works for a ticket.

use msg_protocol::{
    bounded::List,
    error::Code,
    id::AccountId,
    request::{Access, AskWork, Deposit, FetchPrekeys, RedeemWork},
    response::Ticket,
    work::{self, WorkChallenge},
};
use msg_tests::relay::{Identity, Peer, deposit, envelope};

use crate::scene::{Scene, answer, code};

const BITS: u8 = 8;

fn scene() -> Scene {
    Scene::with_limits(&["work-bits=8"])
}

async fn challenge(link: &mut Peer, target: AccountId) -> WorkChallenge {
    answer!(link, AskWork { target }, WorkChallenge)
}

fn solve(work: &WorkChallenge, target: AccountId) -> RedeemWork {
    let nonce = work.solve(target, 0..u64::MAX).unwrap().unwrap();
    RedeemWork { target, challenge: work.challenge, nonce }
}

async fn ticket(link: &mut Peer, target: AccountId) -> Ticket {
    let work = challenge(link, target).await;
    answer!(link, solve(&work, target), Ticket)
}

fn knock(scene: &mut Scene, to: &Identity, access: Access) -> Deposit {
    let envelope = envelope(to.mailbox(), 4_096, &mut scene.rng);
    Deposit { access, ..deposit(&to.door, &envelope) }
}

#[tokio::test]
async fn work_buys_one_ticket_for_the_account_it_was_done_for() {
    let scene = scene();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let mut stranger = scene.anonymous().await;
    let target = bob.account();
    let work = challenge(&mut stranger, target).await;
    assert_eq!(work.bits, BITS);
    let redeem = solve(&work, target);
    let lazy = (0..99).find(|nonce| !work::verify(&work.challenge, target, BITS, *nonce)).unwrap();
    let refused = [
        RedeemWork { nonce: lazy, ..redeem.clone() },
        RedeemWork { challenge: [7; 32], ..redeem.clone() },
        solve(&work, eve.account()),
    ];
    for redeem in refused {
        assert_eq!(code(stranger.request(redeem).await), Code::DENIED);
    }
    let first = answer!(stranger, redeem.clone(), Ticket);
    assert_eq!(first.knocks, 8);
    let again = answer!(scene.anonymous().await, redeem, Ticket);
    assert_eq!(again.ticket, first.ticket, "the same work, the same ticket");
}

#[tokio::test]
async fn a_ticket_is_good_for_one_fetch_of_pairs_and_eight_envelopes() {
    let mut scene = scene();
    let (mut bob, eve) = (scene.register(1).await, scene.register(2).await);
    let (mut link, mut stranger) = (scene.sign_in(&bob).await, scene.anonymous().await);
    link.request(bob.prekeys(1)).await.unwrap();
    link.request(bob.one_time(0..2)).await.unwrap();
    let Ticket { ticket, .. } = ticket(&mut stranger, bob.account()).await;
    let access = Access::Ticket(ticket);
    let fetch =
        FetchPrekeys { account: bob.account(), devices: List::empty(), access: access.clone() };
    for has_pair in [true, false] {
        let bundles = answer!(stranger, fetch.clone(), Bundles).bundles;
        assert_eq!(bundles[0].one_time.is_some(), has_pair);
    }
    let elsewhere = knock(&mut scene, &eve, access.clone());
    assert_eq!(code(stranger.request(elsewhere).await), Code::DENIED, "for another account");
    for _ in 0..8 {
        let knock = knock(&mut scene, &bob, access.clone());
        stranger.request(knock).await.unwrap();
    }
    let ninth = knock(&mut scene, &bob, access);
    assert_eq!(code(stranger.request(ninth).await), Code::DENIED);
    let rows = link.collect_all().await;
    assert!(rows.len() == 8 && rows.iter().all(|row| row.knock));
    assert!(scene.sign_in(&eve).await.collect_all().await.is_empty());
}

#[tokio::test]
async fn the_same_knock_again_costs_nothing() {
    let mut scene = scene();
    let bob = scene.register(1).await;
    let mut stranger = scene.anonymous().await;
    let work = challenge(&mut stranger, bob.account()).await;
    let redeem = solve(&work, bob.account());
    let access = Access::Ticket(answer!(stranger, redeem.clone(), Ticket).ticket);
    let knock = knock(&mut scene, &bob, access);
    for _ in 0..3 {
        stranger.request(knock.clone()).await.unwrap();
    }
    assert_eq!(answer!(stranger, redeem, Ticket).knocks, 7, "what is left of it");
    assert_eq!(scene.sign_in(&bob).await.collect_all().await.len(), 1);
}

#[tokio::test]
async fn without_any_right_a_stranger_is_told_to_work() {
    let mut scene = scene();
    let bob = scene.register(1).await;
    let mut stranger = scene.anonymous().await;
    let request = knock(&mut scene, &bob, Access::None);
    assert_eq!(code(stranger.request(request).await), Code::WORK_REQUIRED);
    assert!(scene.sign_in(&bob).await.collect_all().await.is_empty());
    let nobody = AskWork { target: Identity::random(9).account() };
    assert_eq!(code(stranger.request(nobody).await), Code::NOT_FOUND);
}
