//! `ask`: a question, and the answer to it.

use msg_tests::msg::Done;

use super::{field, friends, relay};

#[test]
fn a_question_ends_with_its_answer() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    bob.done(&["send", "alice", "not an answer"]);
    let asking = alice.start(&["ask", "bob", "deploy?", "--timeout", "2m"]);
    let question = loop {
        let come = bob.json(&["recv", "--timeout", "1m"]);
        if let Some(line) = come.iter().find(|line| field(line, "body") == "deploy?") {
            break field(line, "id").to_owned();
        }
    };
    bob.done(&["send", "alice", "later"]);
    bob.done(&["reply", &question, "yes\u{1b}[2J"]);
    let done = Done::of(asking.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(done.text(), "yes\\u{1b}[2J\n", "the answer alone, made harmless");
    assert_eq!(alice.read(), ["not an answer", "later"], "the answer counts as read");
}

#[test]
fn no_answer_is_told_by_the_exit_code() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let done = alice.run(&["ask", "bob", "anybody?", "--timeout", "1s"]);
    assert_eq!((done.code, done.stdout.len()), (Some(9), 0), "{}", done.stderr);
    assert_eq!(bob.read(), ["anybody?"]);
    assert_eq!(alice.run(&["ask", "zoe", "there?"]).code, Some(1));
}
