//! Making an account, signing in, changing its credential, ending it.

use msg_protocol::{
    bounded::List,
    error::Code,
    id::BlobId,
    link::Closure,
    request::{
        Access, AskBlob, ChangeCredential, CountPrekeys, DeleteAccount, Deposit, FetchBlob,
        FetchCards, FetchPrekeys, IssueToken, ListRecords, SignIn,
    },
    secret::{AccountCredential, BlobCapability, LinkToken},
};
use msg_tests::relay::{Identity, Peer, PeerError, deposit, envelope};

use crate::{
    blobs::piece,
    records::record,
    scene::{Scene, answer, cards, code},
};

#[tokio::test]
async fn registering_again_does_no_harm() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut stranger = scene.anonymous().await;
    stranger.deposit(bob.mailbox(), &bob.door, 4_096, &mut scene.rng.clone()).await.unwrap();
    Peer::register(&scene.endpoint(), &bob).await.unwrap();

    assert_eq!(scene.sign_in(&bob).await.signed_in().envelopes, 1, "his mail still waits");
    let shown = cards(&mut stranger, &bob, Some(0)).await;
    assert_eq!(*shown.cards, [bob.first_card().into_signed()]);
}

#[tokio::test]
async fn a_name_that_is_taken_stays_its_owners() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let eve = Identity::random(2).named(bob.name.as_str());
    let mut link = scene.anonymous().await;
    assert_eq!(code(link.request(eve.registration(None)).await), Code::CONFLICT);

    let shown = cards(&mut link, &bob, None).await;
    assert_eq!(*shown.cards, [bob.first_card().into_signed()]);
    let bundles =
        FetchPrekeys { account: eve.account(), devices: List::empty(), access: Access::None };
    assert_eq!(code(link.request(bundles).await), Code::NOT_FOUND, "her account is not there");
    assert_eq!(scene.refused_sign_in(eve.sign_in(1)).await.code, Code::DENIED);
    let lost = envelope(eve.mailbox(), 4_096, &mut scene.rng.clone());
    assert_eq!(code(link.request(deposit(&eve.door, &lost)).await), Code::NOT_FOUND);
    scene.sign_in(&bob).await;
}

#[tokio::test]
async fn his_name_with_other_rights_is_not_the_same_registration() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.anonymous().await;
    let mut again = bob.registration(None);
    again.account_credential = AccountCredential::new([9; 32]);
    assert_eq!(code(link.request(again).await), Code::CONFLICT);
    let mut signed_in = scene.sign_in(&bob).await;
    let change = ChangeCredential {
        old: AccountCredential::new([9; 32]),
        new: AccountCredential::new([8; 32]),
    };
    assert_eq!(code(signed_in.request(change).await), Code::DENIED);
}

#[tokio::test]
async fn an_identity_has_one_name() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.anonymous().await;
    let second = bob.clone().named("another");
    assert_eq!(code(link.request(second.registration(None)).await), Code::CONFLICT);

    let fetch = FetchCards { name: second.name.clone(), from: None };
    assert_eq!(code(link.request(fetch).await), Code::NOT_FOUND);
    assert_eq!(*cards(&mut link, &bob, None).await.cards, [bob.first_card().into_signed()]);
}

#[tokio::test]
async fn a_registration_holds_together_or_makes_nothing() {
    let scene = Scene::start();
    let (bob, eve) = (Identity::random(1), Identity::random(2));
    let mut link = scene.anonymous().await;
    let second = bob.with_new_device(3);
    let next = bob.next_card(&bob.first_card(), vec![bob.device()]);
    let mut of_another = bob.registration(None);
    of_another.card = eve.first_card().into_signed();
    let mut later = bob.registration(None);
    later.card = next.into_signed();
    let mut crowded = bob.registration(None);
    crowded.card =
        bob.next_card(&bob.first_card(), vec![bob.device(), second.device()]).into_signed();
    for registration in [of_another, later, crowded] {
        assert_eq!(code(link.request(registration).await), Code::BAD_REQUEST);
    }
    for name in [&bob.name, &eve.name] {
        let fetch = FetchCards { name: name.clone(), from: None };
        assert_eq!(code(link.request(fetch).await), Code::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_store_that_was_set_back_learns_it_from_the_counter() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let sign_in = async |counter| {
        let link = Peer::sign_in_counting(&scene.endpoint(), &bob, counter).await.unwrap();
        link.signed_in().counter
    };
    assert_eq!(sign_in(7).await, 0);
    assert_eq!(sign_in(3).await, 7, "set back");
    assert_eq!(sign_in(9).await, 7);
    let wrong = SignIn { credential: Identity::random(2).device_credential, ..bob.sign_in(50) };
    assert_eq!(scene.refused_sign_in(wrong).await.code, Code::DENIED);
    assert_eq!(sign_in(1).await, 9, "who is refused raises nothing");
}

#[tokio::test]
async fn a_wrong_credential_and_what_nobody_has_are_refused_alike_and_end_the_link() {
    let scene = Scene::start();
    let (bob, eve) = (scene.register(1).await, scene.register(2).await);
    let tries = [
        SignIn { credential: eve.device_credential.clone(), ..bob.sign_in(1) },
        SignIn { device: eve.device_id(), ..bob.sign_in(1) },
        SignIn { name: "nobody".parse().unwrap(), ..bob.sign_in(1) },
    ];
    let mut refusals = Vec::new();
    for sign_in in tries {
        refusals.push(scene.refused_sign_in(sign_in).await);
    }
    assert_eq!(refusals[0].code, Code::DENIED);
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");

    let mut thief = bob.clone();
    thief.device_credential = eve.device_credential;
    let ended = Peer::sign_in(&scene.endpoint(), &thief).await.map(drop).unwrap_err();
    assert!(matches!(ended, PeerError::Closed(Closure::SignInRefused(_))), "{ended}");
    scene.sign_in(&bob).await;
}

#[tokio::test]
async fn another_password_takes_the_place_of_the_one_before() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    let (wrong, new) = (AccountCredential::new([8; 32]), AccountCredential::new([9; 32]));
    let change = |old: &AccountCredential, new: &AccountCredential| ChangeCredential {
        old: old.clone(),
        new: new.clone(),
    };
    assert_eq!(code(link.request(change(&wrong, &new)).await), Code::DENIED);
    link.request(change(&bob.account_credential, &new)).await.unwrap();
    link.request(change(&bob.account_credential, &new)).await.expect("asked again, done again");

    let end = |credential: &AccountCredential| DeleteAccount { credential: credential.clone() };
    assert_eq!(code(link.request(end(&bob.account_credential)).await), Code::DENIED);
    assert_eq!(code(link.request(end(&wrong)).await), Code::DENIED);
    link.request(end(&new)).await.unwrap();
}

#[tokio::test]
async fn an_account_that_ends_leaves_nothing_behind() {
    let mut scene = Scene::start();
    let mut bob = scene.register(1).await;
    let (mut link, mut stranger) = (scene.sign_in(&bob).await, scene.anonymous().await);
    let capability = BlobCapability::new([7; 32]);
    let film = BlobId::of(&capability);
    let token = LinkToken::new([6; 32]);
    let issue = IssueToken::new(&token, [5; 16], stranger.welcome().time.plus_days(3));
    link.request(bob.prekeys(1)).await.unwrap();
    link.request(bob.one_time(1..5)).await.unwrap();
    link.request(record(1, 0, b"sealed")).await.unwrap();
    link.request(piece(film, 5, 0, b"piece")).await.unwrap();
    link.request(issue).await.unwrap();
    stranger.deposit(bob.mailbox(), &bob.door, 4_096, &mut scene.rng).await.unwrap();

    let wrong = DeleteAccount { credential: AccountCredential::new([1; 32]) };
    assert_eq!(code(link.request(wrong).await), Code::DENIED);
    assert_eq!(link.collect_all().await.len(), 1, "a refusal takes nothing");

    let end = DeleteAccount { credential: bob.account_credential.clone() };
    link.request(end).await.unwrap();
    let closed = link.closed().await;
    let PeerError::Closed(Closure::Closing(reason)) = closed else { panic!("{closed}") };
    assert_eq!(reason.code, Code::DENIED);

    let fetch = FetchCards { name: bob.name.clone(), from: None };
    assert_eq!(code(stranger.request(fetch).await), Code::NOT_FOUND);
    let bundles =
        FetchPrekeys { account: bob.account(), devices: List::empty(), access: Access::None };
    assert_eq!(code(stranger.request(bundles).await), Code::NOT_FOUND);
    let late = envelope(bob.mailbox(), 4_096, &mut scene.rng);
    assert_eq!(code(stranger.request(deposit(&bob.door, &late)).await), Code::NOT_FOUND);
    let fetch = FetchBlob { capability, index: 0 };
    assert_eq!(code(stranger.request(fetch).await), Code::NOT_FOUND);
    assert_eq!(scene.refused_sign_in(bob.sign_in(1)).await.code, Code::DENIED);

    // Whoever registers the same keys again begins with nothing.
    Peer::register(&scene.endpoint(), &bob).await.unwrap();
    let mut link = scene.sign_in(&bob).await;
    assert_eq!((link.signed_in().envelopes, link.signed_in().counter), (0, 0));
    assert!(link.collect_all().await.is_empty());
    assert_eq!(answer!(link, CountPrekeys {}, PrekeysLeft).one_time, 0);
    assert!(answer!(link, ListRecords { after: None }, Records).records.is_empty());
    assert_eq!(code(link.request(AskBlob { blob: film }).await), Code::NOT_FOUND);
    let knock = Deposit { access: Access::Token(token), ..deposit(&bob.door, &late) };
    assert_eq!(code(stranger.request(knock).await), Code::DENIED);
}

#[tokio::test]
async fn a_name_that_was_given_up_can_be_taken_by_another() {
    let scene = Scene::start();
    let bob = scene.register(1).await;
    let mut link = scene.sign_in(&bob).await;
    link.request(DeleteAccount { credential: bob.account_credential.clone() }).await.unwrap();
    let heir = Identity::random(2).named(bob.name.as_str());
    Peer::register(&scene.endpoint(), &heir).await.unwrap();
    let shown = cards(&mut scene.anonymous().await, &heir, Some(0)).await;
    assert_eq!(*shown.cards, [heir.first_card().into_signed()], "and none of the one before");
    assert_eq!(scene.refused_sign_in(bob.sign_in(1)).await.code, Code::DENIED);
}
