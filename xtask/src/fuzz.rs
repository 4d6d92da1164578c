//! `cargo xtask fuzz --seconds N [TARGET]`: the fuzz targets of `tests/fuzz`, each
//! for so long, or only the one.
//!
//! New inputs gather in the target folder. The corpus in the repository is read,
//! never written: a find worth keeping is copied there by hand.

use std::fs;

use crate::{
    failure::Failure,
    place,
    step::Step,
    tool::{self, C_COMPILER, CPP_COMPILER},
};

const VERSION: &str = "0.13.2";
const DEFAULT_SECONDS: u32 = 60;

#[derive(Debug, PartialEq, Eq)]
struct Options {
    seconds: u32,
    target: Option<String>,
}

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let options = parse(words)?;
    let targets = chosen(targets()?, options.target.as_deref())?;
    tool::require(&[C_COMPILER, CPP_COMPILER])?;
    let program = tool::registry_program("cargo-fuzz", VERSION, "--version")?;
    for target in targets {
        let finds = place::target().join("fuzz-corpus").join(&target);
        fs::create_dir_all(&finds)
            .map_err(|error| Failure::File(format!("cannot make {}: {error}", finds.display())))?;
        Step::new(&format!("fuzz {target}"), &program)
            .env("RUSTC_BOOTSTRAP", "1") // the sanitizer's flags are not yet stable
            .words("run --fuzz-dir tests/fuzz")
            .arg(&target)
            .arg(&finds)
            .arg(place::repository().join("tests/fuzz/corpus").join(&target))
            .arg("--")
            .arg(format!("-max_total_time={}", options.seconds))
            .run()?;
    }
    Ok(())
}

fn parse(words: &[String]) -> Result<Options, Failure> {
    let mut options = Options { seconds: DEFAULT_SECONDS, target: None };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            options.seconds = words
                .next()
                .and_then(|number| number.parse().ok())
                .filter(|&seconds| seconds > 0)
                .ok_or_else(|| Failure::Usage("`--seconds` takes a number above zero".into()))?;
        } else if word.starts_with('-') || options.target.is_some() {
            return Err(Failure::Usage(format!("`fuzz` does not know `{word}`")));
        } else {
            options.target = Some(word.clone());
        }
    }
    Ok(options)
}

fn targets() -> Result<Vec<String>, Failure> {
    let folder = place::repository().join("tests/fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder)
        .map_err(|error| Failure::File(format!("cannot read {}: {error}", folder.display())))?;
    let mut targets: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(String::from))
        .collect();
    targets.sort();
    Ok(targets)
}

fn chosen(targets: Vec<String>, wanted: Option<&str>) -> Result<Vec<String>, Failure> {
    match wanted {
        None => Ok(targets),
        Some(wanted) if targets.iter().any(|target| target == wanted) => Ok(vec![wanted.into()]),
        Some(wanted) => Err(Failure::Usage(format!(
            "no fuzz target `{wanted}`; there are: {}",
            targets.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(String::from).collect()
    }

    #[test]
    fn seconds_and_target_come_in_any_order() {
        let expected = Options { seconds: 5, target: Some("frame".into()) };
        assert_eq!(parse(&words("--seconds 5 frame")).unwrap(), expected);
        assert_eq!(parse(&words("frame --seconds 5")).unwrap(), expected);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["--seconds", "--seconds 0", "--seconds x", "--fast", "frame card"] {
            assert!(matches!(parse(&words(text)), Err(Failure::Usage(_))), "{text}");
        }
        assert!(matches!(chosen(words("a b"), Some("c")), Err(Failure::Usage(_))));
    }
}
