//! Two nodes on one store, with links at both.

use msg_protocol::{error::Code, request::DeleteAccount, response::Response};

use super::*;
use crate::{
    service::refusal,
    store::{Accounts as _, Wake as _, account::AccountChange},
};

/// Two nodes, with somebody who has an account.
async fn two(limits: Limits) -> [Relay; 2] {
    let one = Relay::on(limits.clone(), |presence| Memory::new(presence).unwrap());
    let other = Relay::on(limits, |presence| one.service.store().node(presence));
    let mut alice = anonymous(&one).await;
    alice.request(registration()).await.unwrap();
    [one, other]
}

async fn anonymous(node: &Relay) -> Client {
    let mut link = node.connect(ClientLink::anonymous(Moment(0)));
    assert!(matches!(link.next().await, ClientEvent::Ready(..)));
    link
}

async fn signed_in(node: &Relay) -> Client {
    let mut link = node.connect(ClientLink::signed_in(sign_in([6; 32]), Moment(0)));
    assert!(matches!(link.next().await, ClientEvent::Ready(..)));
    link.request(Credit { envelopes: 9, after: 0 }).await.unwrap();
    link
}

async fn push(link: &mut Client) -> Push {
    loop {
        match link.next().await {
            ClientEvent::Push(push) => return push,
            ClientEvent::Closed(closure) => panic!("{closure}"),
            _ => {}
        }
    }
}

async fn closure(link: &mut Client) -> Closure {
    loop {
        if let ClientEvent::Closed(closure) = link.next().await {
            return closure;
        }
    }
}

#[tokio::test]
async fn what_arrives_at_one_node_is_pushed_at_the_other() {
    let [one, other] = two(Limits::default()).await;
    let (mut alice, mut bob) = (anonymous(&one).await, signed_in(&other).await);
    for number in 1..4 {
        alice.request(deposit(number)).await.unwrap();
        let Push::Arrived(arrived) = push(&mut bob).await else { panic!() };
        assert_eq!(arrived.row.envelope, deposit(number).envelope);
    }
}

#[tokio::test]
async fn an_ephemeral_envelope_passes_from_node_to_node_and_is_kept_nowhere() {
    let [one, other] = two(Limits::default()).await;
    let (mut alice, mut bob) = (anonymous(&one).await, signed_in(&other).await);
    alice.request(Deposit { ephemeral: true, ..deposit(7) }).await.unwrap();
    let Push::Passing(passing) = push(&mut bob).await else { panic!() };
    assert_eq!(passing.envelope, deposit(7).envelope);
    let waiting = crate::store::Mailboxes::waiting(one.service.store(), mailbox()).await;
    assert_eq!(waiting.unwrap().envelopes, 0);
}

#[tokio::test]
async fn a_device_that_is_gone_at_one_node_loses_its_links_at_all() {
    let [one, other] = two(Limits::default()).await;
    let (mut here, mut there) = (signed_in(&one).await, signed_in(&other).await);
    let delete = DeleteAccount { credential: AccountCredential::new([5; 32]) };
    here.request(delete).await.unwrap();
    for link in [&mut here, &mut there] {
        assert_eq!(closure(link).await, Closure::Closing(refusal::GONE));
    }
}

#[tokio::test]
async fn what_was_said_unheard_is_looked_up() {
    let [one, other] = two(Limits::default()).await;
    let mut bob = signed_in(&other).await;
    let presence = other.service.presence();
    presence.wake_all();
    bob.request(Ping {}).await.unwrap();
    // Nobody is told.
    let (account, _) = account_and_device();
    let change = AccountChange::Suspended(true);
    one.service.store().change_account(account, None, change).await.unwrap();
    bob.request(Ping {}).await.unwrap();
    presence.wake_all();
    assert_eq!(closure(&mut bob).await, Closure::Closing(refusal::SUSPENDED));
}

#[tokio::test]
async fn one_bucket_of_a_device_is_good_for_requests_at_all_nodes() {
    let nodes = two(Limits { requests_burst: 64, requests_per_hour: 1, ..Limits::default() }).await;
    let mut links = [signed_in(&nodes[0]).await, signed_in(&nodes[1]).await];
    let mut granted = 2;
    for number in 0..100 {
        match links[number % 2].request(Ping {}).await {
            Ok(answer) => {
                assert!(matches!(answer, Response::Done(_)));
                granted += 1;
            }
            Err(refusal) => assert_eq!(refusal.code, Code::RATE_LIMITED),
        }
    }
    assert_eq!(granted, 64);
}
