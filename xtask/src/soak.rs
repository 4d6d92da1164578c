//! `cargo xtask soak [--times N]`: the tests of faults, each with many times the
//! runs that every change gets, the simulation with twenty times as many again, and of files,
//! with one of 1 GiB.

use crate::{
    failure::Failure,
    step::Step,
    tool::{self, C_COMPILER, FAKETIME},
};

const DEFAULT_TIMES: u32 = 10;

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let times = parse(words)?;
    tool::require(&[C_COMPILER, FAKETIME])?;
    let tests = [
        ("--package msg-relay --lib", times),
        ("--package msg-tests --test faults --test transfer", times),
        ("--package msg-tests --test sim -- --ignored", 20 * times),
    ];
    for (tests, times) in tests {
        Step::cargo("soak", &format!("test --release --locked {tests}"))
            .env("MSG_SOAK", times.to_string())
            .run()?;
    }
    Ok(())
}

fn parse(words: &[String]) -> Result<u32, Failure> {
    match words {
        [] => Ok(DEFAULT_TIMES),
        [flag, number] if flag == "--times" => number
            .parse()
            .ok()
            .filter(|&times| times > 0)
            .ok_or_else(|| Failure::Usage("`--times` takes a number above zero".into())),
        _ => Err(Failure::Usage("`soak` takes only `--times N`".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_of_times_is_taken() {
        assert_eq!(parse(&[]).unwrap(), DEFAULT_TIMES);
        assert_eq!(parse(&["--times".into(), "3".into()]).unwrap(), 3);
        for words in [vec!["--times".into()], vec!["--times".into(), "0".into()], vec!["3".into()]]
        {
            assert!(matches!(parse(&words), Err(Failure::Usage(_))), "{words:?}");
        }
    }
}
