//! Blocks that are no commands, read by whom they are for: the relay's settings by
//! the relay, a crontab's commands by a shell, a unit by systemd if it is there.

use std::{fs, process::Command};

use msg_tests::{msg::Done, place};

use crate::{RELAY, world::World};

/// Settings of a relay: it reads them, and shows each as it stands there.
pub(crate) fn relay(world: &World, text: &str) {
    let file = world.at("relay.toml");
    fs::write(&file, text).unwrap();
    let mut command = Command::new(RELAY);
    command.arg("--config").arg(&file).arg("config").env_clear().env("HOME", world.at("home"));
    let done = Done::of(command.output().unwrap());
    assert_eq!(done.code, Some(0), "{text}\n{}", done.stderr);
    for (_, value) in text.lines().filter_map(|line| line.split_once(" = ")) {
        // A host may have got its port.
        let value = value.trim_end_matches('"');
        assert!(done.text().contains(value), "{value} is not in\n{}", done.text());
    }
}

/// A crontab: five times, and a command for a shell, which has next to nothing.
pub(crate) fn crontab(world: &World, text: &str) {
    for line in text.lines() {
        let (mut rest, mut times) = (line, 0);
        while let Some((time, after)) = rest.split_once(char::is_whitespace)
            && times < 5
        {
            assert!(time.chars().all(|c| "0123456789*/,-".contains(c)), "{line}");
            (rest, times) = (after.trim_start(), times + 1);
        }
        assert_eq!(times, 5, "{line}");
        world.does("web1", rest);
    }
}

/// A unit: systemd has nothing to say about it, and what it starts does its work.
pub(crate) fn unit(world: &World, name: &str, text: &str, instance: &str) {
    let file = world.at("etc/systemd/system").join(name);
    fs::write(&file, world.here(text)).unwrap();
    verified(&file.display().to_string().replace("@.", "@x."));
    let start = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    world.does("web1", &start.replace("%i", instance));
}

/// That systemd takes a unit, where it is there to be asked.
pub(crate) fn verified(file: &str) {
    let mut systemd = Command::new("systemd-analyze");
    systemd.args(["verify", "--man=no", "--recursive-errors=no", file]);
    match systemd.output().map(Done::of) {
        Ok(done) => assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{file}"),
        Err(error) => eprintln!("{file} is not verified: {error}"),
    }
}

#[test]
fn the_relays_own_unit_is_one() {
    let world = World::with(0);
    let text = fs::read_to_string(place::repository().join("relay/packaging/msg-relay.service"));
    let file = world.at("etc/systemd/system/msg-relay.service");
    crate::stand_ins::program(&world.at("usr/local/bin/msg-relay"), "exit 0");
    fs::write(&file, world.here(&text.unwrap())).unwrap();
    verified(&file.display().to_string());
}
