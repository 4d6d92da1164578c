//! README.md, from the transcript at its top to the groups.

use std::fs;

use msg_tests::terminal::Terminal;

use crate::{
    markdown::{Document, Typed},
    settings, stand_ins,
    world::{World, until, write},
};

const PASSWORD: &str = "correct horse battery\n";

#[test]
fn the_readme_does_what_it_says() {
    let tally = Document::tried(
        "README.md",
        &[transcript, install, first_steps, talk, scripts, units, bots, groups],
    );
    assert_eq!((tally.run, tally.read, tally.aside), (45, 3, 0), "somebody should look at it");
}

fn transcript(document: &mut Document) {
    let world = World::with(1);
    world.sets("LINK", world.relay(0).link().to_secret_text());
    world.joins("bob");
    world.try_all("alice", &document.commands("console", "alice$ msg register"));
    world.try_all("alice", &document.commands("sh", "cargo xtask demo"));
}

/// The two programs, and the relay as a unit; what it prints is a link.
fn install(document: &mut Document) {
    let world = World::with(0);
    world.means("cargo build", format!("cd {} && cargo build", world.at("repository").display()));
    world.means("target/release", world.at("repository/target/release").display().to_string());
    world.means("relay/packaging", world.at("repository/relay/packaging").display().to_string());
    world.try_all("root", &document.commands("sh", "cargo build"));
    let unit = document.commands("sh", "sudo install -m 644");
    world.try_all("root", &unit);
    let journal = world.does("root", &unit.last().unwrap().text);
    assert!(journal.contains("msg-relay://"), "{journal}");
}

/// A password, typed twice; then each other.
fn first_steps(document: &mut Document) {
    let world = World::with(1);
    for who in ["bob", "carol"] {
        world.joins(who);
    }
    let [register, unlock] = two(document.commands("sh", "msg register alice --relay -"));
    let mut terminal = Terminal::start(&world.shell("alice", &register.text));
    for question in ["New password: ", "The same again: "] {
        terminal.reads(question);
        terminal.types(PASSWORD);
    }
    let (status, said) = terminal.end();
    assert!(status.success(), "{said}");
    let mut terminal = Terminal::start(&world.shell("alice", &unlock.text));
    terminal.reads("Password: ");
    terminal.types(PASSWORD);
    let (status, said) = terminal.end();
    // Not every machine's kernel keeps keys.
    let has_keyring = !said.contains("keyring cannot be used");
    assert_eq!(status.success(), has_keyring, "{said}");
    write(&world.home("alice"), "password", PASSWORD);
    let private = world.does("alice", "chmod 600 password && echo \"$PWD/password\"");
    world.sets("MSG_PASSWORD_FILE", if has_keyring { "" } else { private.trim() });

    let mut people = document.commands("sh", "msg add-contact bob");
    let follow = people.pop().unwrap();
    assert_eq!(follow.text.split("  ").next(), Some("msg recv --follow"));
    world.does("alice", "msg add-contact carol");
    for who in ["bob", "carol"] {
        world.does(who, "msg add-contact alice");
    }
    world.try_all("alice", &people);
    let following = world.begins("alice", &follow.text);
    world.does("bob", "msg send alice 'what comes, as it comes'");
    following.says("│ what comes, as it comes");
    assert!(world.does("carol", "msg recv").contains("│ lunch at noon?"));
    world.does("alice", "msg lock");
}

/// A group of three, and a file.
fn talk(document: &mut Document) {
    let world = World::with(1);
    for who in ["alice", "bob", "carol"] {
        world.joins(who);
    }
    world.befriends("alice", "bob");
    world.befriends("alice", "carol");
    world.try_all("alice", &document.commands("console", "alice$ msg group create"));
    assert!(world.does("bob", "msg recv").contains("│ db1 is down"));

    write(&world.home("alice"), "cat.png", picture());
    let mut file = document.commands("console", "alice$ msg send bob --file cat.png");
    let get = file.pop().unwrap();
    world.try_out("alice", &file[0]);
    let came = world.try_out("bob", &file[1]);
    let id = came.split_whitespace().nth(1).unwrap();
    world.means("get 1f8e02", format!("get {id}"));
    world.try_out("bob", &get);
    assert_eq!(fs::read(world.home("bob").join("cat.png")).unwrap(), picture());
}

/// 31 kB that begin as a picture of 640 by 480 does.
fn picture() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(640_u32.to_be_bytes());
    bytes.extend(480_u32.to_be_bytes());
    bytes.resize(31_000, 0);
    bytes
}

/// A machine that tells Alice, who answers its questions.
fn scripts(document: &mut Document) {
    let world = World::with(1);
    world.joins("alice");
    world.joins("web1");
    world.befriends("alice", "web1");
    let home = world.home("web1");
    write(&home, "report.pdf", "%PDF");
    write(&home, "photos/one.jpg", "one");
    stand_ins::program(&home.join("deploy"), "echo deployed >deployed");
    write(&world.at("var/log"), "app.log", "nothing\n");
    stand_ins::program(
        &world.home("alice").join("answers"),
        "case $(jq -r .body | tee -a told) in deploy*) echo yes ;; esac",
    );
    world.does(
        "web1",
        "git init --quiet . && git -c user.name=web -c user.email=w@example.org \
         commit --quiet --allow-empty --message first",
    );
    let alice = world.begins("alice", "msg recv --follow --reply --exec ./answers");

    for typed in document.commands("sh", "# a pipe is one message") {
        match typed.text.split_whitespace().next().unwrap() {
            "tail" => {
                let tail = world.begins("web1", &typed.text);
                let heard = || {
                    world.does("root", "echo 'ERROR of app 12' >>/var/log/app.log");
                    tail.said().contains("alice  ")
                };
                until(heard, || tail.said());
            }
            // It is told, and the step of the runner still fails.
            "make" => drop(world.ends_with(2, "web1", &typed.text)),
            // The command's own exit code passes through.
            "msg" if typed.text.starts_with("msg run") => {
                world.ends_with(11, "web1", &typed.text);
            }
            _ => drop(world.try_out("web1", &typed)),
        }
    }
    assert!(home.join("deployed").is_file());
    assert!(!world.at("logged").exists(), "it was delivered");
    let told = || fs::read_to_string(world.home("alice").join("told")).unwrap_or_default();
    until(|| told().contains("hunter2"), || format!("{}{}", told(), alice.said()));
    drop(alice);
    let said = world.does("alice", "msg history web1");
    for told in [
        "snapshot 4bba301e saved",
        "ERROR of app 12",
        "report.pdf",
        "photos.tar",
        "shop.sql",
        "tests of",
        "disk is full",
        "no space left",
        "backup is done",
        "hunter2",
    ] {
        assert!(said.contains(told), "no {told}: {said}");
    }
}

/// What cron and systemd run.
fn units(document: &mut Document) {
    let world = World::with(1);
    world.does(
        "web1",
        "sudo MSG_HOME=/var/lib/msg msg register web1 --relay - --unattended <link.txt",
    );
    world.joins("alice");
    world.does("alice", "msg add-contact web1");
    world.does("web1", "MSG_HOME=/var/lib/msg msg add-contact alice");
    stand_ins::program(&world.at("usr/local/bin/nightly"), "echo done");
    stand_ins::program(&world.at("usr/local/bin/msg"), &format!("exec {} \"$@\"", crate::MSG));
    world.sets("MSG_HOME", world.at("var/lib/msg").display().to_string());

    let crontab = document.text("text", "15 3 * * *");
    settings::crontab(&world, &crontab);
    let unit = document.text("ini", "[Unit]");
    settings::unit(&world, "tell@.service", &unit, "nightly.service");
    world.sets("MSG_HOME", "");
    let told = world.does("alice", "msg recv");
    assert!(told.contains("nightly") && told.contains("it has failed: "), "{told}");
}

/// A bot, and a pipeline that does the same.
fn bots(document: &mut Document) {
    let world = World::with(1);
    world.joins("alice");
    world.joins("bot");
    world.befriends("alice", "bot");
    let follow = document.commands("sh", "msg recv --follow --from alice");
    stand_ins::program(&world.home("bot").join("bot"), &document.text("sh", "#!/bin/sh"));
    let [follow] = <[Typed; 1]>::try_from(follow).unwrap();
    let running = world.begins("bot", &follow.text);
    assert!(world.does("alice", "msg ask bot disk --timeout 2m").contains("/dev/sda1"));
    let words = world.does("alice", "msg ask bot tea --timeout 2m");
    assert!(words.contains("I know two words"), "{words}");
    running.ends();

    let [pipeline] =
        <[Typed; 1]>::try_from(document.commands("sh", "msg recv --follow --json |")).unwrap();
    let running = world.begins("bot", &pipeline.text);
    assert!(world.does("alice", "msg ask bot uptime --timeout 2m").contains("load average"));
    let words = world.does("alice", "msg ask bot tea --timeout 2m");
    assert!(words.contains("I know one word"), "{words}");
    running.ends();
}

/// Members on two relays, and one who comes later.
fn groups(document: &mut Document) {
    let world = World::with(2);
    for who in ["alice", "bob", "dan"] {
        world.joins(who);
    }
    write(&world.home("carol"), "link.txt", world.relay(1).link().to_secret_text() + "\n");
    world.joins("carol");
    let carols = world.does("carol", "msg link");
    let link = carols.split_whitespace().find(|word| word.starts_with("msg:")).unwrap();
    world.does("alice", &format!("msg add-contact '{link}'"));
    world.befriends("alice", "bob");
    world.befriends("alice", "dan");
    let mut block = document.commands("sh", "msg group create ops bob carol@relay.two");
    let add = block.pop().unwrap();
    let say = block.pop().unwrap();
    world.try_all("alice", &block);
    for who in ["bob", "carol"] {
        world.does(who, "msg recv");
        world.does(who, "msg group accept ops");
    }
    world.does("alice", "msg recv");
    world.try_out("alice", &say);
    world.try_out("alice", &add);
    world.does("dan", "msg recv");
    world.does("dan", "msg group accept ops");
    world.does("alice", "msg recv");
    for who in ["bob", "carol", "dan"] {
        let came = world.does(who, "msg recv");
        assert!(came.contains("│ backup is done"), "{who}: {came}");
    }
}

fn two(block: Vec<Typed>) -> [Typed; 2] {
    block.try_into().unwrap()
}
