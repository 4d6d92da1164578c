//! `groups`: what a message to a group costs: the processor's time of the command,
//! and what the relay does for it.
//!
//! The groups are real ones, of accounts with stores of their own. Somebody else has
//! asked the members in, so that nothing but the message waits at its sender's.

use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use msg_tests::{
    msg::Person,
    relay::{RelayBuilder, RelayProcess},
};

use crate::{machine, output::line, relay::folder};

/// Strangers who may wait at a door at a time.
const AT_THE_DOOR: usize = 12;
/// Members who are asked by one command.
const ASKED_AT_ONCE: usize = 250;
/// Messages of which the cost is taken.
const MESSAGES: u32 = 5;
/// Receipts leave within that time.
const RECEIPTS: Duration = Duration::from_secs(61);
/// Ticks of the system's clock of processor time in a second.
const TICKS: f64 = 100.0;

/// Measures and prints.
pub(crate) fn run(words: &[&str]) -> Option<io::Result<()>> {
    match words {
        [] => Some(measure(&[10, 100])),
        ["--full"] => Some(measure(&[10, 100, 1_000])),
        _ => None,
    }
}

fn measure(sizes: &[usize]) -> io::Result<()> {
    let programs = folder::program_folder()?;
    let msg = programs.join("msg");
    line(format!("machine: {}", machine::describe()));
    let relay = RelayBuilder::new(programs.join("msg-relay")).arg("--limit").arg("work-bits=1");
    let relay = relay.start_in(folder::new("relay-")?);
    let host = person(&msg, "host", &relay)?;
    let sender = person(&msg, "sender", &relay)?;
    let most = sizes.iter().max().copied().unwrap_or_default();
    let start = Instant::now();
    let members = members(&msg, &relay, &host, &sender, most.saturating_sub(2))?;
    line(format!("{} accounts made and connected in {:.0?}", most, start.elapsed()));
    let start = Instant::now();
    for size in sizes {
        let name = format!("of-{size}");
        host.done(&["group", "create", &name, "sender"]);
        sender.done(&["recv"]);
        host.done(&["recv"]);
        let guests = members.iter().take(size - 2).map(|member| member.name.as_str());
        let guests: Vec<&str> = guests.collect();
        for some in guests.chunks(ASKED_AT_ONCE) {
            host.done(&[["group", "add", &name].as_slice(), some].concat());
        }
    }
    settle(&sender, &members, most)?;
    thread::sleep(RECEIPTS);
    sender.done(&["recv"]);
    line(format!("groups of {sizes:?} made and joined in {:.0?}", start.elapsed()));
    line("");
    for size in sizes {
        send(&relay, &sender, *size)?;
    }
    Ok(())
}

fn person(msg: &Path, name: &str, relay: &RelayProcess) -> io::Result<Person> {
    let person = Person::living_in(folder::new("home-")?, msg, name);
    person.register(relay);
    person.done(&["config", "accept", "all"]);
    Ok(person)
}

/// Accounts that the host knows.
fn members(
    msg: &Path,
    relay: &RelayProcess,
    host: &Person,
    sender: &Person,
    count: usize,
) -> io::Result<Vec<Person>> {
    sender.done(&["add-contact", "host"]);
    host.done(&["recv"]);
    sender.done(&["recv"]);
    let mut members = Vec::new();
    while members.len() < count {
        let from = members.len();
        let some: io::Result<Vec<Person>> = (from..count.min(from + AT_THE_DOOR))
            .map(|number| person(msg, &format!("member{number}"), relay))
            .collect();
        let some = some?;
        each(&some, |member| drop(member.done(&["add-contact", "host"])));
        host.done(&["recv"]);
        members.extend(some);
    }
    Ok(members)
}

/// Does something for each, two at a time.
fn each(people: &[Person], act: impl Fn(&Person) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(person) = people.get(next.fetch_add(1, Ordering::Relaxed)) {
                    act(person);
                }
            });
        }
    });
}

/// Members join, and the sender hears of it. What a slow machine does not get done in
/// one command is done by the next.
fn settle(sender: &Person, members: &[Person], most: usize) -> io::Result<()> {
    let name = format!("of-{most}");
    for round in 0..10 {
        each(members, |member| {
            drop(member.done(&["recv"]));
            // An invitation whose parts came in another order waits for a word.
            if round == 1 {
                drop(member.run(&["group", "accept", &name]));
            }
        });
        sender.done(&["recv"]);
        let info = sender.done(&["group", "info", &name, "--json"]);
        if info.matches("\"role\":").count() - info.matches("\"role\":\"invited\"").count() == most
        {
            return Ok(());
        }
    }
    Err(io::Error::other(format!("not everybody has joined {name}")))
}

fn send(relay: &RelayProcess, sender: &Person, size: usize) -> io::Result<()> {
    let group = format!("#of-{size}");
    let rows = sender.json(&["send", &group, "hello"]);
    assert_eq!(rows.len(), size - 1, "a row for each");
    let before = [commits(relay)?, deposits(relay)?];
    let (mut wall, ticks) = (Duration::ZERO, children_ticks()?);
    for _ in 0..MESSAGES {
        let start = Instant::now();
        sender.done(&["send", &group, "the backup of db1 is done", "--quiet"]);
        wall += start.elapsed();
    }
    let cpu_ms = (children_ticks()? - ticks) / TICKS * 1e3 / f64::from(MESSAGES);
    let after = [commits(relay)?, deposits(relay)?];
    let each = |after: f64, before: f64| (after - before) / f64::from(MESSAGES);
    line(format!(
        "a message to {size:>5}: {cpu_ms:>6.0} ms of the client's processor, {:>6.0?} in all; at \
         the relay {:.1} commits for {:.1} deposits",
        wall / MESSAGES,
        each(after[0], before[0]),
        each(after[1], before[1]),
    ));
    Ok(())
}

/// Processor time of all commands that have ended.
fn children_ticks() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // `cutime` and `cstime` are the 16th and 17th; the first after the name is the 3rd.
    Ok(fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum())
}

fn commits(relay: &RelayProcess) -> io::Result<f64> {
    stat(relay, "commits")
}

fn deposits(relay: &RelayProcess) -> io::Result<f64> {
    stat(relay, "deposits")
}

fn stat(relay: &RelayProcess, name: &str) -> io::Result<f64> {
    let program = folder::program_folder()?.join("msg-relay");
    let mut command = std::process::Command::new(program);
    let output = command.args(["stats", "--json", "--data"]).arg(relay.data()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = text.split(&format!("\"{name}\":")).nth(1).unwrap_or_default();
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map_err(|_| io::Error::other(format!("the relay does not state {name}")))
}
