//! Lies about the keys that sessions begin with.

use std::sync::{Arc, Mutex};

use msg_protocol::{prekey::PrekeyBundle, request::Request, response::Response};
use msg_tests::relay::{Answer, Lie};

use crate::scene::{LATER_S, Scene, outbox, status};

type Bundles = Arc<Mutex<Vec<PrekeyBundle>>>;

/// Keeps the bundles that it hands out.
struct Keeps(Bundles);

impl Lie for Keeps {
    fn say(&mut self, _: &Request, answer: &mut Answer) {
        if let Ok(Response::Bundles(found)) = answer {
            self.0.lock().unwrap().extend(found.bundles.clone().into_vec());
        }
    }
}

/// Hands out bundles that it has kept, under the name of the device asked for.
struct HandsOut(Vec<PrekeyBundle>);

impl Lie for HandsOut {
    fn say(&mut self, _: &Request, answer: &mut Answer) {
        let Ok(Response::Bundles(found)) = answer else { return };
        let mut bundles = found.bundles.clone().into_vec();
        for (bundle, kept) in bundles.iter_mut().zip(&self.0) {
            *bundle = PrekeyBundle { device: bundle.device, ..kept.clone() };
        }
        found.bundles = bundles.try_into().unwrap();
    }
}

#[test]
fn prekeys_of_another_device_are_not_used() {
    let scene = Scene::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| scene.person(name));
    let kept = Bundles::default();
    scene.liar.lies(Keeps(Arc::clone(&kept)));
    alice.done(&["add-contact", "carol"]);
    let of_carol = kept.lock().unwrap().clone();
    assert_eq!(of_carol.len(), 1);

    scene.liar.lies(HandsOut(of_carol));
    alice.run(&["add-contact", "bob"]);
    alice.run(&["send", "bob", "for bob alone"]);
    assert_eq!(outbox(&alice), ["queued"]);
    assert_eq!((status(&bob, "unopened"), status(&carol, "unopened")), (0, 0));

    scene.liar.is_honest();
    bob.done(&["add-contact", "alice"]);
    alice.run(&["outbox", "retry"]);
    alice.run(&["status"]);
    alice.run(&["outbox", "retry"]);
    assert_eq!(bob.read(), ["for bob alone"]);
    assert_eq!(carol.read(), [""; 0]);
}

#[test]
fn prekeys_that_were_handed_out_before_lose_no_message() {
    let scene = Scene::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| scene.person(name));
    let kept = Bundles::default();
    scene.liar.lies(Keeps(Arc::clone(&kept)));
    alice.done(&["add-contact", "bob"]);
    bob.done(&["add-contact", "alice"]);
    bob.done(&["recv"]);

    // The one-time keys among them have been used up: bob no longer has them.
    let of_bob = kept.lock().unwrap().clone();
    scene.liar.lies(HandsOut(of_bob));
    carol.done(&["add-contact", "bob"]);
    carol.run(&["send", "bob", "from carol"]);
    assert_eq!(bob.read(), [""; 0]);
    assert!(status(&bob, "unopened") > 0, "what could not be opened is counted");

    scene.liar.is_honest();
    bob.done(&["add-contact", "carol"]);
    carol.done(&["recv"]);
    carol.run_at(LATER_S, &["status"]);
    carol.run_at(LATER_S, &["outbox", "retry"]);
    assert_eq!(bob.read(), ["from carol"]);
}
