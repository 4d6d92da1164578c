//! Lies to somebody who registers, and registrations that are cut off.

use msg_protocol::{
    error::{Code, Refusal},
    request::Request,
};
use msg_tests::{
    msg::Person,
    relay::{Answer, Lie},
};

use crate::scene::{MSG, Scene, assert_ends, fingerprint};

/// Takes registrations and says something else.
struct Denies(Refusal);

impl Lie for Denies {
    fn say(&mut self, request: &Request, answer: &mut Answer) {
        if matches!(request, Request::Register(_)) {
            *answer = Err(self.0);
        }
    }
}

fn register(person: &Person, scene: &Scene, name: &str) -> msg_tests::msg::Done {
    let link = scene.liar.link().to_secret_text();
    person.run(&["register", name, "--relay", &link, "--unattended"])
}

#[test]
fn a_registration_whose_answer_was_lost_is_finished_by_the_same_command() {
    let scene = Scene::new();
    let person = Person::new(MSG, "alice");
    scene.liar.lies(Denies(Refusal::for_now(Code::UNAVAILABLE, 1)));
    assert_ends(&register(&person, &scene, "alice"), 8, "error:");
    let other = register(&person, &scene, "alicia");
    assert_ends(&other, 1, "was begun here");
    scene.liar.is_honest();
    let done = register(&person, &scene, "alice");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(!fingerprint(&person).is_empty());
    assert_ends(&register(&person, &scene, "alice"), 1, "registered here already");
    person.done(&["status"]);
}

#[test]
fn a_registration_that_is_refused_for_good_leaves_nothing_in_the_way() {
    let scene = Scene::new();
    let _alice = scene.person("alice");
    let person = Person::new(MSG, "alice");
    assert_ends(&register(&person, &scene, "alice"), 8, "taken");
    assert_ends(&person.run(&["whoami"]), 1, "msg register");
    let done = register(&person, &scene, "alicia");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}
