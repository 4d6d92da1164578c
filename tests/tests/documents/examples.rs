//! The READMEs of `examples/`. What goes on between people and a program at a
//! terminal is played in `tests/tests/examples`; here it is passed over.

use std::fs;

use msg_tests::place;

use crate::{
    markdown::Document,
    settings, shown,
    world::{World, until},
};

const PLAYED: &str = "a conversation at a terminal, which tests/tests/examples plays";

#[test]
fn the_course_server_is_set_up_and_asked_as_it_says() {
    let tally = Document::tried("examples/course-server/README.md", &[courses]);
    assert_eq!((tally.run, tally.read, tally.aside), (11, 0, 0), "somebody should look at it");
}

#[test]
fn alerts_are_set_up_as_it_says() {
    let tally = Document::tried("examples/alerts/README.md", &[ops]);
    assert_eq!((tally.run, tally.read, tally.aside), (12, 2, 0), "somebody should look at it");
}

#[test]
fn the_menu_and_the_room_are_played_elsewhere() {
    let menu = Document::tried("examples/menu-chat/README.md", &[menu]);
    let room = Document::tried("examples/room/README.md", &[room]);
    assert_eq!((menu.aside, room.aside), (1, 2), "somebody should look at it");
}

/// Somebody's home with the files of an example in it.
fn with_files(world: &World, who: &str, example: &str) {
    place::copy_folder(&place::repository().join("examples").join(example), &world.home(who));
}

fn courses(document: &mut Document) {
    let world = World::with(1);
    world.joins("bob");
    with_files(&world, "courses", "course-server");
    let key = world.does("bob", "msg whoami --json | jq -r .fingerprint");
    world.means("cr7l7gof…", key.trim());
    let block = document.commands("sh", "msg register courses");
    let [set_up @ .., serve] = block.as_slice() else { panic!("a server") };
    world.try_all("courses", set_up);
    let server = world.begins("courses", &serve.text);
    world.try_all("bob", &document.commands("console", "bob$ msg add-contact courses"));
    world.try_all("bob", &document.commands("sh", "id=$("));
    let page =
        fs::read(place::repository().join("examples/course-server/hello/README.md")).unwrap();
    for path in ["README.md", "hello/README.md"] {
        assert!(fs::read(world.home("bob").join(path)).unwrap() == page, "{path}");
    }
    server.ends();
}

fn ops(document: &mut Document) {
    let world = World::with(1);
    for who in ["alice", "bob"] {
        world.joins(who);
    }
    world.befriends("alice", "bob");
    with_files(&world, "web1", "alerts");
    for typed in document.commands("sh", "sudo install -d") {
        world.try_out("web1", &typed);
        if typed.text.contains("add-contact alice") {
            world.does("alice", "msg add-contact web1");
        }
    }
    world.does("alice", "msg recv");
    settings::crontab(&world, &document.text("text", "*/5"));
    world.try_all("web1", &document.commands("sh", "sudo install -m 644 msg-failed@.service"));
    let receiver = document.text("yaml", "receivers:");
    let program = fs::read_to_string(world.home("web1").join("alertmanager.py")).unwrap();
    assert!(receiver.contains("http://127.0.0.1:9096/") && program.contains("9096"), "{receiver}");

    let bot = document.commands("sh", "MSG_HOME=/var/lib/msg-alerts msg recv --follow");
    let settings = fs::read_to_string(world.home("web1").join("bot.toml")).unwrap();
    let key = world.does("alice", "msg whoami --json | jq -r .fingerprint");
    let settings = settings.replace("[people]", &format!("[people]\nalice = \"{}\"", key.trim()));
    fs::write(world.home("web1").join("bot.toml"), settings).unwrap();
    let running = world.begins("web1", &bot[0].text);
    let talk = document.commands("console", "alice$ msg send '#ops' '!disk'");
    let [ask, hear] = talk.as_slice() else { panic!("an order and its answer") };
    world.try_out("alice", ask);
    let mut answer = String::new();
    let mut hears = || {
        answer = world.does("alice", &hear.text);
        !answer.is_empty()
    };
    until(&mut hears, || running.said());
    assert_eq!(shown::difference(&hear.shown, &answer), None);
    running.ends();
}

fn menu(document: &mut Document) {
    document.aside("console", "bob$ ./menu_chat.py", PLAYED);
}

fn room(document: &mut Document) {
    document.aside("console", "alice$ ./room --create kitchen bob", PLAYED);
    document.aside("sh", "./room --clients 4", PLAYED);
}
