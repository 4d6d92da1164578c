//! What is shown, in the order in which somebody new would do it.

use std::{thread, time::Duration};

use super::stage::Stage;
use crate::{failure::Failure, output};

/// Who runs the relay, as the prompt shows it.
const OPERATOR: &str = "operator";
/// Longer than msg waits before it tries a relay again.
const PAUSE: Duration = Duration::from_secs(2);

/// Plays all of it.
pub(crate) fn run(stage: &mut Stage, people: &[String]) -> Result<(), Failure> {
    registering(stage, people)?;
    talking(stage)?;
    verifying(stage)?;
    looking(stage)?;
    outage(stage)?;
    crowd(stage, people)?;
    group(stage)?;
    files(stage)?;
    programs(stage)
}

fn registering(stage: &Stage, people: &[String]) -> Result<(), Failure> {
    title("A relay: one command, no configuration. It prints the link that people paste.");
    output::line(&format!("{OPERATOR}$ msg-relay"));
    output::line(stage.link());
    title("Accounts: a name and that link ($LINK). --unattended asks for no password.");
    for name in people {
        stage.run(name, &format!("msg register {name} --relay \"$LINK\" --unattended"), 0)?;
    }
    Ok(())
}

fn talking(stage: &Stage) -> Result<(), Failure> {
    title("Two who add each other are connected.");
    stage.run("alice", "msg add-contact bob", 0)?;
    stage.run("bob", "msg add-contact alice", 0)?;
    title("A text, what a command prints, and both at the other end.");
    stage.run("alice", "msg send bob hello", 0)?;
    stage.run("alice", "df -h | msg send bob", 0)?;
    stage.run("bob", "msg recv", 0)?;
    title("Carol is a stranger to Alice: she waits as a request.");
    stage.run("carol", "msg add-contact alice", 0)?;
    stage.run("carol", "msg send alice 'May I join you?'", 0)?;
    stage.run("alice", "msg requests", 0)?;
    stage.run("alice", "msg accept carol", 0)?;
    stage.run("alice", "msg recv --json", 0)?;
    Ok(())
}

fn verifying(stage: &Stage) -> Result<(), Failure> {
    title("Nobody stands between: Bob reads his number out, Alice types what she hears.");
    let shown = stage.run("bob", "msg verify alice", 0)?;
    let is_number = |line: &&str| {
        !line.trim().is_empty() && line.chars().all(|c| c == ' ' || c.is_ascii_digit())
    };
    let number: Vec<&str> =
        shown.lines().filter(is_number).flat_map(str::split_whitespace).collect();
    stage.run("alice", &format!("msg verify bob --number '{}'", number.join(" ")), 0)?;
    stage.run("alice", "msg contacts", 0)?;
    Ok(())
}

fn looking(stage: &Stage) -> Result<(), Failure> {
    title("What the relay holds of Bob while a message waits for him (it prints all of it).");
    stage.run("alice", "echo 'the launch code is 0000' | msg send bob", 0)?;
    stage.run(OPERATOR, "msg-relay inspect bob | grep -v none | head -n 25", 0)?;
    stage.run(OPERATOR, "grep -r 'launch code' relay || echo 'not in any file of the relay'", 0)?;
    Ok(())
}

fn outage(stage: &mut Stage) -> Result<(), Failure> {
    title("The relay goes away. A send says so, exits with 4, and keeps the message.");
    let id = stage.stop_relay()?;
    output::line(&format!("{OPERATOR}$ kill {id}"));
    stage.run("alice", "msg send bob 'are you there?'", 4)?;
    title("It comes back. The message leaves with the next that Alice sends.");
    stage.start_relay()?;
    output::line(&format!("{OPERATOR}$ msg-relay"));
    thread::sleep(PAUSE);
    stage.run("alice", "msg send bob 'here I am again'", 0)?;
    stage.run("bob", "msg recv", 0)?;
    Ok(())
}

fn crowd(stage: &Stage, people: &[String]) -> Result<(), Failure> {
    let Some((_, others)) = people.split_first() else { return Ok(()) };
    title("One text for everybody, a row for each.");
    for name in others.iter().skip(2) {
        stage.run(name, "msg add-contact alice --quiet", 0)?;
        stage.run("alice", &format!("msg add-contact {name} --quiet"), 0)?;
    }
    stage.run("alice", &format!("msg send {} 'lunch at noon?'", others.join(",")), 0)?;
    for name in others {
        stage.run(name, "msg recv", 0)?;
    }
    Ok(())
}

fn group(stage: &Stage) -> Result<(), Failure> {
    title("A group: its members keep it, and the relay knows of none. Who is asked says yes.");
    stage.run("alice", "msg group create ops bob carol", 0)?;
    for name in ["bob", "carol"] {
        stage.run(name, "msg recv", 0)?;
        stage.run(name, "msg group accept ops", 0)?;
    }
    stage.run("alice", "msg recv", 0)?;
    stage.run("alice", "msg send '#ops' 'db1 is up again'", 0)?;
    for name in ["bob", "carol"] {
        stage.run(name, "msg recv", 0)?;
    }
    stage.run("bob", "msg group info ops", 0)?;
    Ok(())
}

fn files(stage: &Stage) -> Result<(), Failure> {
    title("A file waits at the relay, sealed. It gets its name when all of it was checked.");
    stage.run("alice", "seq 100000 > numbers.txt; msg send bob --file numbers.txt", 0)?;
    let shown = stage.run("bob", "msg recv", 0)?;
    let id = shown.split("msg get ").nth(1).and_then(|rest| rest.split(']').next());
    stage.run("bob", &format!("msg get {} -o got.txt", id.unwrap_or_default()), 0)?;
    stage.run("bob", "cmp numbers.txt got.txt && echo 'not a byte differs'; rm -f *.txt", 0)?;
    Ok(())
}

fn programs(stage: &Stage) -> Result<(), Failure> {
    title("A program runs for each message, and answers. A command tells how it ended.");
    stage.run("alice", "msg send bob 'how long is it up?'", 0)?;
    stage.run("bob", "msg recv --reply --exec uptime", 0)?;
    stage.run("bob", "msg run alice -- sh -c 'echo copying; exit 3'", 3)?;
    stage.run("alice", "msg recv", 0)?;
    Ok(())
}

/// Says what comes next.
fn title(text: &str) {
    output::line(&format!("\n# {text}"));
}
