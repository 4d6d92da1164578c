//! The bot of `alerts`: listed commands for listed people, and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use msg_tests::{
    msg::{Done, Person},
    relay::RelayProcess,
};

use super::{MSG, acquaint, command, example, field, fingerprint, gather, relay};

/// The bot's machine, whom it obeys, and somebody else in the group.
fn ops(relay: &RelayProcess) -> [Person; 3] {
    let people = ["bot", "alice", "mallory"].map(|name| Person::registered(MSG, name, relay));
    let [bot, alice, mallory] = &people;
    // A fellow of the group, and no contact of the bot's.
    acquaint(alice, &[bot, mallory]);
    gather(alice, &[bot, mallory], "ops");
    people
}

fn config(bot: &Person, alice: &Person) -> PathBuf {
    let path = bot.home().join("bot.toml");
    let marker = bot.home().join("ran");
    let text = format!(
        "group = \"#ops\"\nseconds = 5\n[people]\nalice = \"{}\"\n[commands]\n\
        hello = [\"sh\", \"-c\", \"echo x >>{}; echo hello\"]\n\
        much = [\"yes\"]\n\
        long = [\"sleep\", \"600\"]\n\
        wrong = [\"sh\", \"-c\", \"echo no >&2; exit 4\"]\n\
        none = [\"/nowhere/at/all\"]\n",
        fingerprint(alice),
        marker.display()
    );
    fs::write(&path, text).unwrap();
    path
}

/// Lets the bot do what waits for it.
fn turn(bot: &Person, config: &Path) -> Done {
    let program = example("alerts/ops_bot.py");
    let words = ["recv", "--reply", "--exec", program.to_str().unwrap(), config.to_str().unwrap()];
    Done::of(command(bot, MSG.as_ref(), &words).output().unwrap())
}

/// What the bot answers to an order in the group.
#[track_caller]
fn ask(who: &Person, bot: &Person, config: &Path, order: &str) -> Vec<String> {
    who.done(&["send", "#ops", order]);
    let done = turn(bot, config);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let answers = who.json(&["recv"]);
    assert!(answers.iter().all(|line| field(line, "group") == "#ops"), "{answers:?}");
    answers.iter().map(|line| field(line, "body").to_owned()).collect()
}

fn runs(bot: &Person) -> usize {
    fs::read_to_string(bot.home().join("ran")).map_or(0, |text| text.lines().count())
}

#[test]
fn listed_people_have_listed_commands_run_and_the_group_sees_the_answer() {
    let relay = relay();
    let [bot, alice, mallory] = ops(&relay);
    let config = config(&bot, &alice);
    assert_eq!(ask(&alice, &bot, &config, "!hello"), ["hello\n"]);
    assert!(mallory.read().contains(&"hello\n".to_owned()), "everybody in the group");
    assert_eq!(runs(&bot), 1);
    assert_eq!(ask(&alice, &bot, &config, "talk about !hello"), [""; 0]);
    assert_eq!(ask(&alice, &bot, &config, "!wrong"), ["no\n(exit code 4)\n"]);
    let much = ask(&alice, &bot, &config, "!much").remove(0);
    assert!(much.ends_with("(cut after 4096 bytes)\n") && much.len() < 4200, "{}", much.len());
    let late = ask(&alice, &bot, &config, "!long").remove(0);
    assert_eq!(late, "(ended after 5 seconds)\n");
    let none = ask(&alice, &bot, &config, "!none").remove(0);
    assert!(none.contains("cannot be started"), "{none}");
}

#[test]
fn who_and_what_is_not_listed_is_refused() {
    let relay = relay();
    let [bot, alice, mallory] = ops(&relay);
    let config = config(&bot, &alice);
    let marker = bot.home().join("hacked");
    for order in [
        "!reboot".to_owned(),
        "!hello world".to_owned(),
        "!hello; reboot".to_owned(),
        format!("!$(touch {})", marker.display()),
        format!("!hello\ntouch {}", marker.display()),
        "!".to_owned(),
    ] {
        let answers = ask(&alice, &bot, &config, &order);
        assert_eq!(answers.len(), 1, "{order}");
        assert!(answers[0].starts_with("I know: !hello"), "{order}: {answers:?}");
    }
    assert_eq!(ask(&mallory, &bot, &config, "!hello").last().unwrap(), "You are not on my list.\n");
    // A name is nothing: not the one in the file, not the one that msg shows.
    bot.done(&["add-contact", "mallory"]);
    mallory.done(&["add-contact", "bot"]);
    bot.done(&["recv"]);
    bot.done(&["rename", "alice", "boss"]);
    bot.done(&["rename", "mallory", "alice"]);
    assert_eq!(ask(&mallory, &bot, &config, "!hello").last().unwrap(), "You are not on my list.\n");
    // Outside the group nobody is answered, and a stranger is not even heard.
    mallory.done(&["send", "bot", "!hello"]);
    let eve = Person::registered(MSG, "eve", &relay);
    eve.done(&["add-contact", "bot"]);
    eve.run(&["send", "bot", "!hello"]);
    assert_eq!(turn(&bot, &config).code, Some(0));
    assert_eq!((mallory.read().len(), eve.read().len()), (0, 0));
    assert_eq!((runs(&bot), marker.exists()), (0, false));
}

#[test]
fn what_the_bot_could_not_read_stays_unread_and_does_not_run_twice() {
    let relay = relay();
    let [bot, alice, _mallory] = ops(&relay);
    let config = config(&bot, &alice);
    let good = fs::read(&config).unwrap();
    fs::write(&config, "group = 7\n").unwrap();
    alice.done(&["send", "#ops", "!hello"]);
    let done = turn(&bot, &config);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("group = \"#NAME\" is missing"), "{}", done.stderr);
    assert!(done.stderr.contains("stays unread"), "{}", done.stderr);
    assert_eq!(bot.json(&["recv", "--peek"]).len(), 1);
    fs::write(&config, good).unwrap();
    assert_eq!(turn(&bot, &config).code, Some(0));
    let answers = alice.read();
    assert!(answers[0].contains("may have run it"), "{answers:?}");
    assert_eq!(ask(&alice, &bot, &config, "!hello"), ["hello\n"]);
    assert_eq!(runs(&bot), 1);
}
