//! `cargo xtask demo`: the product as its users meet it. A relay and a few people in
//! a temporary folder, the real programs, every command shown as a shell runs it.

mod panes;
mod play;
mod stage;

use crate::{
    failure::Failure,
    output,
    step::Step,
    tool::{self, C_COMPILER},
};
use stage::Stage;

/// Those who are always there, and those whom `--clients` adds first.
const NAMES: &[&str] = &["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
const ALWAYS: usize = 3;
/// More would show nothing new.
const MOST_CLIENTS: usize = 100;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Order {
    /// How many people more than the three.
    clients: usize,
    /// Whether the relay goes on at the end.
    keep: bool,
}

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let order = parse(words)?;
    tool::require(&[C_COMPILER])?;
    Step::cargo("build", "build --locked --package msg-relay --package msg-cli").run()?;
    let people = people(order.clients);
    let mut stage = Stage::open(order.keep)?;
    play::run(&mut stage, &people)?;
    panes::open(&stage, &people)?;
    let last = if order.keep { stage.leave() } else { stage.close()? };
    output::line(&format!("\n{last}"));
    Ok(())
}

fn parse(words: &[String]) -> Result<Order, Failure> {
    let mut order = Order::default();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--keep" => order.keep = true,
            "--clients" => {
                let number = words.next().and_then(|word| word.parse().ok());
                let number = number.filter(|number| *number <= MOST_CLIENTS);
                order.clients = number.ok_or_else(|| {
                    Failure::Usage(format!("`--clients` takes a number up to {MOST_CLIENTS}"))
                })?;
            }
            _ => return Err(Failure::Usage(format!("`demo` does not know `{word}`"))),
        }
    }
    Ok(order)
}

/// Alice, Bob, Carol, and that many more.
fn people(more: usize) -> Vec<String> {
    let name = |index: usize| {
        NAMES.get(index).map_or_else(|| format!("client{}", index + 1), |name| (*name).to_owned())
    };
    (0..ALWAYS + more).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_understood_or_refused() {
        let parse = |text: &str| {
            let words: Vec<String> = text.split_whitespace().map(String::from).collect();
            parse(&words)
        };
        assert_eq!(parse("").unwrap(), Order::default());
        assert_eq!(parse("--keep --clients 2").unwrap(), Order { clients: 2, keep: true });
        for text in ["bob", "--clients", "--clients x", "--clients 101", "--keep=1"] {
            assert!(matches!(parse(text), Err(Failure::Usage(_))), "{text:?}");
        }
    }

    #[test]
    fn everybody_has_a_name_of_their_own() {
        assert_eq!(people(0), ["alice", "bob", "carol"]);
        let mut names = people(MOST_CLIENTS);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ALWAYS + MOST_CLIENTS);
    }
}
