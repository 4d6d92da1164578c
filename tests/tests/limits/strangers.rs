//! What strangers may: work, tickets, tokens, knocks, prekeys.

use msg_protocol::{
    bounded::List,
    error::Code,
    id::AccountId,
    request::{Access, AskWork, FetchPrekeys, IssueToken, RedeemWork},
    response::{Response, Ticket},
    secret::LinkToken,
    time::UnixSeconds,
    work::WorkChallenge,
};
use msg_relay::clock::Clock;
use msg_tests::relay::Identity;

use crate::world::{World, by, pass};

async fn challenge(world: &World, place: u8, target: AccountId) -> Result<WorkChallenge, Code> {
    match world.ask(place, AskWork { target }).await {
        Ok(Response::WorkChallenge(challenge)) => Ok(challenge),
        Ok(other) => panic!("{other:?}"),
        Err(code) => Err(code),
    }
}

async fn ticket(world: &World, to: &Identity) -> Ticket {
    let target = to.account();
    let work = challenge(world, 1, target).await.unwrap();
    let nonce = work.solve(target, 0..u64::MAX).unwrap().unwrap();
    let redeem = RedeemWork { target, challenge: work.challenge, nonce };
    match world.ask(1, redeem).await {
        Ok(Response::Ticket(ticket)) => ticket,
        other => panic!("{other:?}"),
    }
}

async fn token(world: &World, of: &Identity, number: u8) -> Access {
    let token = LinkToken::new([number; 32]);
    let expires = UnixSeconds(Clock::wall().0 + 86_400);
    world.ask_as(of, IssueToken::new(&token, [number; 16], expires)).await.unwrap();
    Access::Token(token)
}

#[tokio::test(start_paused = true)]
async fn limit_work_bits_is_what_a_stranger_is_asked_for_and_has_to_show() {
    let world = World::with(|limits| limits.work_bits = 6);
    let bob = world.register(1).await;
    let target = bob.account();
    let work = challenge(&world, 1, target).await.unwrap();
    assert_eq!(work.bits, 6);
    let nonce = work.solve(target, 0..u64::MAX).unwrap().unwrap();
    let lazy = (0..10_000).find(|other| work.solve(target, *other..other + 1) == Ok(None)).unwrap();
    let redeem = |nonce| RedeemWork { target, challenge: work.challenge, nonce };
    assert_eq!(world.ask(1, redeem(lazy)).await, Err(Code::DENIED));
    world.ask(1, redeem(nonce)).await.unwrap();
    let stranger = world.register(2).await.account();
    let elsewhere = RedeemWork { target: stranger, ..redeem(nonce) };
    assert_eq!(world.ask(1, elsewhere).await, Err(Code::DENIED), "for another account");
    let forged = RedeemWork { challenge: [7; 32], ..redeem(nonce) };
    assert_eq!(world.ask(1, forged).await, Err(Code::DENIED), "not our challenge");
}

#[tokio::test(start_paused = true)]
async fn an_answered_challenge_buys_one_ticket_and_none_when_it_is_old() {
    let world = World::with(|limits| limits.work_bits = 4);
    let bob = world.register(1).await;
    let target = bob.account();
    let work = challenge(&world, 1, target).await.unwrap();
    let nonce = work.solve(target, 0..u64::MAX).unwrap().unwrap();
    let redeem = RedeemWork { target, challenge: work.challenge, nonce };
    let first = world.ask(1, redeem.clone()).await.unwrap();
    let Response::Ticket(bought) = &first else { panic!() };
    world.ask(1, by(Access::Ticket(bought.ticket.clone()), &bob, 1)).await.unwrap();
    let Ok(Response::Ticket(again)) = world.ask(1, redeem.clone()).await else { panic!() };
    assert_eq!((&again.ticket, again.knocks), (&bought.ticket, 7));
    pass(601).await;
    assert_eq!(world.ask(1, redeem).await, Err(Code::DENIED));
}

#[tokio::test(start_paused = true)]
async fn limit_work_burst_and_work_per_hour_are_for_each_source() {
    let world = World::with(|limits| (limits.work_burst, limits.work_per_hour) = (2, 60));
    let bob = world.register(1).await.account();
    challenge(&world, 1, bob).await.unwrap();
    challenge(&world, 1, bob).await.unwrap();
    assert_eq!(challenge(&world, 1, bob).await, Err(Code::RATE_LIMITED));
    challenge(&world, 2, bob).await.unwrap();
    pass(60).await;
    challenge(&world, 1, bob).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_knocks_and_ticket_knocks_keep_room_for_contact_links() {
    let world = World::with(|limits| {
        (limits.work_bits, limits.knocks, limits.ticket_knocks) = (1, 4, 2);
    });
    let bob = world.register(1).await;
    let knock = async |access, number| world.ask(1, by(access, &bob, number)).await;
    let by_work = Access::Ticket(ticket(&world, &bob).await.ticket);
    knock(by_work.clone(), 1).await.unwrap();
    knock(by_work.clone(), 2).await.unwrap();
    assert_eq!(knock(by_work.clone(), 3).await, Err(Code::MAILBOX_FULL));
    let by_link = token(&world, &bob, 1).await;
    knock(by_link.clone(), 4).await.unwrap();
    knock(by_link.clone(), 5).await.unwrap();
    assert_eq!(knock(by_link, 6).await, Err(Code::MAILBOX_FULL));
    world.deposit(&bob, 4_096).await.expect("contacts are not touched");
    assert_eq!(knock(Access::None, 7).await, Err(Code::WORK_REQUIRED));
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_good_for_eight_envelopes_to_its_account() {
    let world = World::with(|limits| limits.work_bits = 1);
    let bob = world.register(1).await;
    let eve = world.register(2).await;
    let access = Access::Ticket(ticket(&world, &bob).await.ticket);
    assert_eq!(world.ask(1, by(access.clone(), &eve, 1)).await, Err(Code::DENIED));
    for number in 0..8 {
        world.ask(1, by(access.clone(), &bob, number)).await.unwrap();
        world.ask(1, by(access.clone(), &bob, number)).await.expect("again costs nothing");
    }
    assert_eq!(world.ask(1, by(access, &bob, 8)).await, Err(Code::DENIED));
}

#[tokio::test(start_paused = true)]
async fn sixty_four_tokens_are_out_at_most() {
    let world = World::with(|_| ());
    let bob = world.register(1).await;
    for number in 0..64 {
        token(&world, &bob, number).await;
    }
    let one_more = LinkToken::new([64; 32]);
    let expires = UnixSeconds(Clock::wall().0 + 86_400);
    let issue = IssueToken::new(&one_more, [64; 16], expires);
    assert_eq!(world.ask_as(&bob, issue.clone()).await, Err(Code::QUOTA));
    pass(86_402).await;
    let later = IssueToken { expires: UnixSeconds(Clock::wall().0 + 2 * 86_400), ..issue };
    world.ask_as(&bob, later).await.expect("those have expired");
    let too_far = IssueToken::new(&one_more, [65; 16], UnixSeconds(u64::MAX));
    assert_eq!(world.ask_as(&bob, too_far).await, Err(Code::TOO_LARGE));
}

async fn pairs_taken(world: &World, place: u8, of: &Identity, times: usize) -> usize {
    let mut pairs = 0;
    for _ in 0..times {
        pairs += pairs_by(world, place, of, Access::Door(of.door.clone())).await;
    }
    pairs
}

async fn pairs_by(world: &World, place: u8, of: &Identity, access: Access) -> usize {
    let fetch = FetchPrekeys { account: of.account(), devices: List::empty(), access };
    let Ok(Response::Bundles(bundles)) = world.ask(place, fetch).await else { panic!() };
    assert_eq!(bundles.bundles.len(), 1, "the last-resort prekey is always there");
    bundles.bundles.iter().filter(|bundle| bundle.one_time.is_some()).count()
}

async fn with_prekeys(world: &World, pairs: u32) -> Identity {
    let mut bob = world.register(1).await;
    let prekeys = bob.prekeys(1);
    world.ask_as(&bob, prekeys).await.unwrap();
    let one_time = bob.one_time(1..=pairs);
    world.ask_as(&bob, one_time).await.unwrap();
    bob
}

#[tokio::test(start_paused = true)]
async fn limit_prekeys_burst_and_prekeys_per_hour_leave_the_last_resort() {
    let world = World::with(|limits| (limits.prekeys_burst, limits.prekeys_per_hour) = (6, 6));
    let bob = with_prekeys(&world, 40).await;
    assert_eq!(pairs_taken(&world, 1, &bob, 20).await, 6);
    assert_eq!(pairs_taken(&world, 2, &bob, 1).await, 1);
    pass(600).await;
    assert_eq!(pairs_taken(&world, 1, &bob, 5).await, 1);
}

#[tokio::test(start_paused = true)]
async fn limit_strangers_prekeys_per_hour_is_for_all_strangers_together() {
    let world = World::with(|limits| limits.strangers_prekeys_per_hour = 3);
    let bob = with_prekeys(&world, 40).await;
    let mut taken = 0;
    for number in 0..9 {
        let access = token(&world, &bob, number).await;
        taken += pairs_by(&world, number, &bob, access.clone()).await;
        assert_eq!(pairs_by(&world, number, &bob, access).await, 0, "a token fetches once");
    }
    assert_eq!(taken, 3);
    assert_eq!(pairs_taken(&world, 100, &bob, 2).await, 2, "contacts are not touched");
}

#[tokio::test(start_paused = true)]
async fn limit_tickets_lets_the_oldest_go_and_refuses_nobody() {
    let world = World::with(|limits| (limits.work_bits, limits.tickets) = (1, 2));
    let bob = world.register(1).await;
    let mut tickets = Vec::new();
    for _ in 0..3 {
        tickets.push(ticket(&world, &bob).await.ticket);
        pass(1).await;
    }
    let [oldest, _, newest]: [_; 3] = tickets.try_into().unwrap();
    assert_eq!(world.ask(1, by(Access::Ticket(oldest), &bob, 1)).await, Err(Code::DENIED));
    world.ask(1, by(Access::Ticket(newest), &bob, 2)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limit_prekeys_low_is_when_a_device_is_told() {
    let world = World::with(|limits| limits.prekeys_low = 3);
    let bob = with_prekeys(&world, 5).await;
    let mut place = world.presence.enter();
    place.sign_in(bob.mailbox(), 8);
    let told = || place.inbox().take(std::task::Waker::noop()).prekeys_low;
    assert_eq!((pairs_taken(&world, 1, &bob, 1).await, told()), (1, None));
    assert_eq!((pairs_taken(&world, 1, &bob, 1).await, told()), (1, Some(3)));
}
