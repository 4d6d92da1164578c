//! `cargo xtask bench WHAT`: the measurements of the `bench` crate, in release.

use crate::{
    failure::Failure,
    step::Step,
    tool::{self, C_COMPILER},
};

/// What can be measured.
const SUBJECTS: &[&str] = &["crypto"];

/// Runs the command. Its words are looked at first: a release takes minutes to build.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let subject = parse(words)?;
    tool::require(&[C_COMPILER])?;
    Step::cargo("bench", "run --release --locked --package msg-bench --").arg(subject).run()
}

fn parse(words: &[String]) -> Result<&str, Failure> {
    match words {
        [word] if SUBJECTS.contains(&word.as_str()) => Ok(word),
        _ => Err(Failure::Usage(format!("`bench` measures one of: {}", SUBJECTS.join(", ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_measured_is_built() {
        assert_eq!(parse(&["crypto".into()]).unwrap(), "crypto");
        for words in [vec![], vec!["cripto".into()], vec!["crypto".into(), "x".into()]] {
            assert!(matches!(parse(&words), Err(Failure::Usage(_))), "{words:?}");
        }
    }
}
