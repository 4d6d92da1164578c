//! Lies about who somebody is.

use msg_protocol::{
    card::Card,
    error::{Code, Refusal},
    key::Signature,
    request::{PublishCard, Request},
    response::{Cards, Response},
    signed::{Signed, Verified},
};
use msg_tests::{
    msg::Person,
    relay::{Answer, Identity, Lie, Peer},
};

use crate::scene::{Scene, assert_ends, contact, fingerprint, outbox, trust, wait};

/// Shows that card of everybody, and says that nobody it is asked about is there.
struct Shows {
    card: Signed<Card>,
    hides: bool,
}

impl Lie for Shows {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        match request {
            Request::FetchCards(_) => {
                let cards = vec![self.card.clone()].try_into().unwrap();
                Some(Ok(Cards { cards, more: false }.into()))
            }
            Request::Deposit(_) | Request::FetchPrekeys(_) if self.hides => {
                Some(Err(Refusal::for_good(Code::NOT_FOUND)))
            }
            _ => None,
        }
    }
}

/// Another identity that calls itself so.
fn twin(name: &str) -> Signed<Card> {
    Identity::random(66).named(name).first_card().into_signed()
}

#[test]
fn a_wrong_card_at_the_first_meeting_does_not_pass_for_a_verified_one() {
    let scene = Scene::new();
    let [alice, bob] = ["alice", "bob"].map(|name| scene.person(name));
    let link = bob.done(&["link"]).trim().to_owned();
    bob.done(&["add-contact", "alice"]);
    let number = bob.json(&["verify", "alice"])[0]["number"].as_str().unwrap().to_owned();

    scene.liar.lies(Shows { card: twin("bob"), hides: false });
    assert_ends(&alice.run(&["add-contact", &link]), 3, "another identity than the link says");
    assert_eq!(contact(&alice, "bob"), None, "nobody was added");

    // Without a link the first card is taken: it has to be compared.
    alice.run(&["add-contact", "bob"]);
    let by_number = alice.run(&["verify", "bob", "--number", &number]);
    assert_ends(&by_number, 3, "does not belong to bob");
    let by_fingerprint = alice.run(&["verify", "bob", "--expect", &fingerprint(&bob)]);
    assert_ends(&by_fingerprint, 3, "does not belong to bob");
    assert_eq!(trust(&alice, "bob"), "unverified");
}

#[test]
fn a_card_that_is_nobodys_or_somebody_elses_is_refused() {
    let scene = Scene::new();
    let [alice, _bob] = ["alice", "bob"].map(|name| scene.person(name));
    let forged = Signed::from_parts(twin("bob").raw().to_vec(), Signature([7; 64]));
    for card in [forged, twin("carol")] {
        scene.liar.lies(Shows { card, hides: false });
        assert_ends(&alice.run(&["add-contact", "bob"]), 3, "a card that does not check");
        assert_eq!(contact(&alice, "bob"), None, "nobody was added");
    }
}

#[test]
fn another_identity_under_a_known_name_stops_what_is_sent_until_its_owner_trusts_it() {
    let scene = Scene::new();
    let [alice, bob] = scene.friends(["alice", "bob"]);
    scene.liar.lies(Shows { card: twin("bob"), hides: true });
    assert_ne!(alice.run(&["send", "bob", "one"]).code, Some(0));
    assert_ends(&alice.run(&["send", "bob", "two"]), 3, "msg trust bob");
    assert_eq!(trust(&alice, "bob"), "changed");
    let neither = alice.run(&["trust", "bob", "--expect", &fingerprint(&alice)]);
    assert_eq!(neither.code, Some(3), "{}", neither.stderr);
    assert_eq!(trust(&alice, "bob"), "changed");

    // It tells the truth again: what was held stays held, and is not lost.
    scene.liar.is_honest();
    assert_ends(&alice.run(&["send", "bob", "three"]), 3, "msg trust bob");
    assert_eq!(bob.read(), [""; 0]);
    assert_eq!(outbox(&alice), ["queued"; 3]);
    // What bob says meanwhile is kept and marked.
    bob.done(&["send", "alice", "it is me"]);
    let came = alice.json(&["recv"]);
    assert_eq!((&came[0]["body"], &came[0]["doubtful"]), (&"it is me".into(), &true.into()));

    // Whoever looks again, and finds the identity that is pinned, goes on with it.
    alice.done(&["add-contact", "bob"]);
    assert_eq!(trust(&alice, "bob"), "unverified");
    alice.done(&["outbox", "retry"]);
    let mut shown = bob.read();
    shown.sort();
    assert_eq!(shown, ["one", "three", "two"]);
}

#[test]
fn an_older_card_stops_what_is_sent() {
    let scene = Scene::new();
    let alice = scene.person("alice");
    let (dave, [first, _, _]) = three_cards(&scene);
    alice.done(&["add-contact", dave.name.as_str()]);
    stops(&scene, &alice, first);
}

#[test]
fn another_card_of_the_same_version_stops_what_is_sent() {
    let scene = Scene::new();
    let alice = scene.person("alice");
    let (dave, [_, _, fork]) = three_cards(&scene);
    alice.done(&["add-contact", dave.name.as_str()]);
    stops(&scene, &alice, fork);
}

/// Dave, whose second card is at the relay; his first, and another second one.
fn three_cards(scene: &Scene) -> (Identity, [Signed<Card>; 3]) {
    let dave = scene.identity(4, "dave");
    let first = dave.first_card();
    let second = dave.next_card(&first, vec![dave.device()]);
    let fork = dave.next_card(&first, vec![dave.with_new_device(5).device()]);
    let publish = PublishCard {
        card: second.as_signed().clone(),
        credential: dave.account_credential.clone(),
        device: None,
    };
    let endpoint = scene.endpoint();
    let published = wait(async {
        let mut link = Peer::sign_in_counting(&endpoint, &dave, 2).await.unwrap();
        link.request(publish).await
    });
    assert!(matches!(published, Ok(Response::Done(_))), "{published:?}");
    (dave, [first, second, fork].map(Verified::into_signed))
}

fn stops(scene: &Scene, alice: &Person, card: Signed<Card>) {
    scene.liar.lies(Shows { card, hides: true });
    assert_ne!(alice.run(&["send", "dave", "one"]).code, Some(0));
    scene.liar.is_honest();
    assert_ends(&alice.run(&["send", "dave", "two"]), 3, "held");
    assert_eq!(trust(alice, "dave"), "went_back");
    assert_eq!(outbox(alice), ["queued"; 2]);
    // Its owner may go on with the card that is held, and with no other.
    let held = contact(alice, "dave").unwrap()["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(alice.run(&["trust", "dave", "--expect", &fingerprint(alice)]).code, Some(3));
    alice.run(&["trust", "dave", "--expect", &held]);
    assert_eq!(trust(alice, "dave"), "unverified");
}
