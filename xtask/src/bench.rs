//! `cargo xtask bench WHAT`: the measurements of the `bench` crate, in release.

use crate::{
    failure::Failure,
    output,
    step::Step,
    tool::{self, AGE, C_COMPILER, NATS, POSTGRESQL, REDIS},
};

/// What can be measured, and the words that may follow.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("crypto", &[]),
    ("relay", &["--full", "deposits", "pushes", "idle", "growth", "--store", "postgres"]),
    ("cli", &["--small", "commands", "files", "lines"]),
    ("groups", &["--full"]),
];

/// Runs the command. Its words are looked at first: a release takes minutes to build.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let subject = parse(words)?;
    tool::require(&[C_COMPILER])?;
    match subject {
        "relay" => servers(),
        "cli" => beside(tool::require(&[AGE]), AGE.what()),
        _ => {}
    }
    if subject != "crypto" {
        Step::cargo("programs", "build --release --locked --package msg-relay --package msg-cli")
            .run()?;
    }
    let bench = Step::cargo("bench", "run --release --locked --package msg-bench --");
    words.iter().fold(bench, Step::arg).run()
}

fn parse(words: &[String]) -> Result<&str, Failure> {
    let known = |subject: &str, rest: &[String]| {
        let flags = SUBJECTS.iter().find(|(name, _)| *name == subject).map(|(_, flags)| *flags);
        flags.is_some_and(|flags| rest.iter().all(|word| flags.contains(&word.as_str())))
    };
    match words.split_first() {
        Some((subject, rest)) if known(subject, rest) => Ok(subject),
        _ => {
            let names: Vec<&str> = SUBJECTS.iter().map(|(name, _)| *name).collect();
            Err(Failure::Usage(format!("`bench` measures one of: {}", names.join(", "))))
        }
    }
}

/// Installs what a relay is measured beside. Without one of them the rest goes on.
fn servers() {
    for need in [REDIS, POSTGRESQL, NATS] {
        let what = need.what();
        beside(tool::require_server(need), what);
    }
}

fn beside(found: Result<(), Failure>, what: &str) {
    if let Err(failure) = found {
        output::failure(&failure);
        output::line(&format!("{what} will be left out"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_measured_is_built() {
        let parse = |text: &str| {
            let words: Vec<String> = text.split_whitespace().map(String::from).collect();
            parse(&words).map(String::from)
        };
        assert_eq!(parse("crypto").unwrap(), "crypto");
        assert_eq!(parse("relay").unwrap(), "relay");
        assert_eq!(parse("cli").unwrap(), "cli");
        assert_eq!(parse("cli files --small").unwrap(), "cli");
        assert_eq!(parse("relay --full idle").unwrap(), "relay");
        for text in ["", "cripto", "crypto x", "crypto --full", "--full", "relay crypto"] {
            assert!(matches!(parse(text), Err(Failure::Usage(_))), "{text:?}");
        }
    }
}
