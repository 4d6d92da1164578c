//! relay/OPERATIONS.md and relay/SCALING.md: a relay's operator, with and without
//! systemd, and on a database where PostgreSQL is there.

use std::{cell::RefCell, fs};

use msg_relay::config::Metrics;
use msg_tests::{
    place,
    postgres::{Database, are_there},
};

use crate::{
    markdown::{Document, Typed},
    settings, shown,
    world::World,
};

#[test]
fn the_operators_handbook_does_what_it_says() {
    let tally = Document::tried(
        "relay/OPERATIONS.md",
        &[install, invitations, configuration, moving, accounts, copies, figures],
    );
    assert_eq!((tally.run, tally.read, tally.aside), (43, 5, 1), "somebody should look at it");
}

#[test]
fn growing_goes_as_it_says() {
    let tally = Document::tried("relay/SCALING.md", &[database, growing]);
    assert_eq!((tally.run, tally.read, tally.aside), (4, 0, 2), "somebody should look at it");
}

/// A machine whose relay is a unit.
fn with_unit() -> World {
    let world = World::with(0);
    let unit = place::repository().join("relay/packaging/msg-relay.service");
    fs::copy(unit, world.at("etc/systemd/system/msg-relay.service")).unwrap();
    world
}

/// The same, which has an account.
fn with_account() -> World {
    let world = with_unit();
    world.does("root", "systemctl start msg-relay");
    let journal = world.does("root", "journalctl -u msg-relay");
    fs::write(world.home("alice").join("link.txt"), journal.lines().next().unwrap()).unwrap();
    world.joins("alice");
    world
}

/// From source, as a unit, in a container, by hand; and orders to each of them.
fn install(document: &mut Document) {
    let world = World::with(0);
    let repository = world.at("repository").display().to_string();
    world.means("cargo build", format!("cd {repository} && cargo build"));
    world.means("target/release", format!("{repository}/target/release"));
    world.means("relay/packaging", format!("{repository}/relay/packaging"));
    world.sets("MSG_RELAY_PUBLIC", "relay.example");
    world.try_all("root", &document.commands("sh", "cargo build --release"));
    for (begins, is_unit) in [("install -m 644", true), ("docker build", false)] {
        let block = document.commands("sh", begins);
        world.try_all("root", &block);
        let link = world.does("root", &block.last().unwrap().text);
        assert!(link.contains("msg-relay://relay.example"), "{is_unit}: {link}");
    }

    world.sets("MSG_RELAY_PUBLIC", "");
    world.means("0.0.0.0", "127.0.0.1");
    let block = document.commands("sh", "msg-relay  ");
    let [alone, public] = block.as_slice() else { panic!("two ways to start") };
    let relay = world.begins("operator", &alone.text);
    relay.says("msg register NAME --relay 'msg-relay://127.0.0.1:");
    relay.ends();
    let relay = world.begins("operator", &public.text);
    relay.says("msg register NAME");
    let said = relay.said();
    let shown: Vec<&str> = said.lines().filter(|line| line.contains("msg-relay://")).collect();
    let text = document.text("text", "msg-relay://relay.example");
    let expected: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(shown::difference(&expected, &shown.join("\n")), None);
    relay.ends();

    world.try_all("root", &document.commands("sh", "msg-relay --data"));
}

/// Who may come, and who decides about that.
fn invitations(document: &mut Document) {
    let world = World::with(1);
    world.sets("MSG_RELAY_DATA", world.relay(0).data().display().to_string());
    world.joins("alice");
    world.joins("mallory");
    for typed in document.commands("sh", "msg-relay invite create") {
        if typed.text.contains("3f9a27") {
            let list = world.does("operator", "msg-relay invite list --json");
            let id = list.split("\"id\":\"").nth(1).unwrap().get(..6).unwrap();
            world.means("3f9a27", id);
        }
        world.try_out("operator", &typed);
    }
    let orders = document.commands("sh", "msg-relay admin add alice");
    let [name @ .., remove] = orders.as_slice() else { panic!("three orders") };
    world.try_all("operator", name);
    world.try_all("alice", &document.commands("sh", "msg admin invite create"));
    world.ends_with(8, "mallory", "msg add-contact alice");
    world.try_out("operator", remove);
    world.ends_with(8, "alice", "msg admin users list");
}

/// Files of settings, and the pin as others compute it.
fn configuration(document: &mut Document) {
    let world = World::with(1);
    settings::relay(&world, &document.text("toml", "listen = "));
    settings::relay(&world, &document.text("toml", "[tls]"));
    for typed in document.commands("sh", "# The pin") {
        let pin = world.try_out("anybody", &typed);
        let link = world.relay(0).link().to_secret_text();
        assert!(link.contains(&format!("?pin={}", pin.trim())), "{pin} is not in {link}");
    }
    settings::relay(&world, &document.text("toml", "public = "));
    document.aside("text", "defaults", "the settings of HAProxy, which is not here");
}

fn moving(document: &mut Document) {
    moves(&document.commands("sh", "systemctl stop msg-relay"));
}

/// Into a database, where there is one.
fn moves(block: &[Typed]) {
    if !are_there() {
        eprintln!("skipped: no PostgreSQL for the move of a store");
        return;
    }
    let world = with_account();
    let database = RefCell::new(Database::fresh());
    let dsn = database.borrow().dsn();
    let blobs = world.at("blobs").display().to_string();
    let lines = [
        "store = \"postgres\"".to_owned(),
        format!("blobs = \"file://{blobs}\""),
        "[postgres]".to_owned(),
        format!("dsn = \"{dsn}\""),
        "allow-single-node = true".to_owned(),
    ];
    world.sets("CONFIGURATION", lines.join("\n"));
    world.try_all("root", block);
    let accounts = world.does("root", "msg-relay --data /var/lib/msg-relay users list");
    assert!(accounts.contains("alice"), "{accounts}");
    let engine = world.does("root", "msg-relay --data /var/lib/msg-relay config");
    assert!(engine.contains("store = \"postgres\""), "{engine}");
    world.does("root", "systemctl stop msg-relay");
}

fn accounts(document: &mut Document) {
    let world = World::with(1);
    world.sets("MSG_RELAY_DATA", world.relay(0).data().display().to_string());
    world.joins("bob");
    for typed in document.commands("sh", "msg-relay users list") {
        world.try_out("operator", &typed);
        if typed.text.contains("users delete") {
            // The name is free.
            world.does("robert", "msg register bob --relay - --unattended <link.txt");
        }
    }
}

/// A backup, and a relay that comes back from it.
fn copies(document: &mut Document) {
    let world = with_account();
    world.sets("MSG_RELAY_DATA", world.at("var/lib/msg-relay").display().to_string());
    world.try_all("root", &document.commands("sh", "msg-relay backup"));
    world.does("root", "cp /backup/relay-*.redb /backup/relay-2026-01-31.redb");
    world.try_all("root", &document.commands("sh", "systemctl stop msg-relay"));
    let accounts = world.does("root", "msg-relay users list");
    assert!(accounts.contains("alice"), "{accounts}");
}

fn figures(document: &mut Document) {
    let text = document.text("yaml", "scrape_configs:");
    assert!(text.contains(&format!("\"{}\"", Metrics::USUAL)), "{text}");
}

fn database(document: &mut Document) {
    document.aside("text", "synchronous_standby_names", "the settings of a server in a cluster");
    document.aside("yaml", "ttl: 20", "the settings of Patroni, which is not here");
}

fn growing(document: &mut Document) {
    moves(&document.commands("sh", "systemctl stop msg-relay"));
}
