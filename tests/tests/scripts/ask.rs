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

#[test]
fn questions_and_answers_have_any_length() {
    let relay = relay();
    let [alice, bob] = friends(&relay);
    let (question, answer) = ("why? ".repeat(20_000), "because ".repeat(20_000));
    let mut asking = alice.command(&["ask", "bob", "--timeout", "2m"]);
    let mut asking = asking.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut pipe = asking.stdin.take().unwrap();
    std::io::Write::write_all(&mut pipe, question.as_bytes()).unwrap();
    drop(pipe);
    let come = bob.json(&["recv", "--timeout", "1m"]);
    assert!(field(&come[0], "body") == question);
    let id = field(&come[0], "id").to_owned();
    assert_eq!(bob.pipe(&["reply", &id], answer.as_bytes()).code, Some(0));
    let done = Done::of(asking.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.text() == answer + "\n");
}
