//! What we are built from: the versions of the lock file and no others, and no more
//! crates than SECURITY.md gives reasons for.

use crate::{
    assert_none,
    repository::{self, File},
    trees::tree,
};

/// Words of cargo that choose versions where none are locked.
const VERBS: [&str; 11] = [
    "bench", "build", "check", "clippy", "doc", "fetch", "install", "metadata", "run", "test",
    "tree",
];

/// What looks the same in our own commands, and is none of cargo that takes the flag.
const OTHERS: [(&str, &str); 3] = [
    ("install --yes", "apt-get's"),
    ("clippy --version", "builds nothing"),
    (
        "run --fuzz-dir",
        "cargo-fuzz's, which has no such flag and keeps to the lock file that is there",
    ),
];

/// Crates of each program, with what its macros run on while it is built. It goes up
/// with a reason in SECURITY.md, and down by itself.
const CEILINGS: [(&str, usize); 2] = [("msg-relay", 170), ("msg-cli", 120)];

/// Text that people or machines run: documents, scripts, images, and our own commands.
fn run_by_others() -> Vec<File> {
    let suffixes = [".md", ".sh", ".toml", "Dockerfile"];
    let mut files: Vec<File> = suffixes.into_iter().flat_map(repository::files).collect();
    files.extend([".ci/run", ".cargo/config.toml"].map(repository::file));
    files
}

#[test]
fn every_build_takes_the_versions_of_the_lock_file() {
    let file = |text: &str| File { path: "x.md".into(), text: text.into() };
    assert_eq!(unlocked(&file("a\n`cargo build -p x`, `cargo test --locked`\n")).len(), 1);
    assert_none(&unlocked(&file("cargo build --locked\ncargo fmt --all\n# cargo builds it\n")));
    assert_none(&run_by_others().iter().flat_map(unlocked).collect::<Vec<_>>());

    let step = |text: &str| File { path: "xtask/src/x.rs".into(), text: text.into() };
    assert_eq!(unlocked_steps(&step("Step::cargo(\"x\", \"build --release\")")).len(), 1);
    assert_none(&unlocked_steps(&step("Step::cargo(\"x\", \"build --locked -p y\")")));
    let own = repository::files(".rs").into_iter().filter(|file| file.path.starts_with("xtask/"));
    assert_none(&own.flat_map(|file| unlocked_steps(&file)).collect::<Vec<_>>());
}

/// Commands of cargo in a text that may take other versions.
fn unlocked(file: &File) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let commands = lines.flat_map(|(number, line)| {
        line.split("cargo ").skip(1).map(move |command| (number + 1, command))
    });
    let commands = commands.map(|(number, rest)| (number, rest.split('`').next().unwrap_or(rest)));
    let chooses = |(_, command): &(usize, &str)| {
        let verb = command.split_whitespace().next().unwrap_or_default();
        VERBS.contains(&verb) && !command.contains("--locked")
    };
    let wrong = commands.filter(chooses);
    wrong.map(|(number, command)| format!("{}:{number}: cargo {command}", file.path)).collect()
}

/// The same among the steps of our own commands.
fn unlocked_steps(file: &File) -> Vec<String> {
    let texts = file.text.split('"').skip(1).step_by(2);
    let chooses = |text: &&str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (Some(verb), has_flags) = (words.first(), words.iter().any(|w| w.starts_with("--")))
        else {
            return false;
        };
        let is_other = OTHERS.iter().any(|(other, _)| text.starts_with(other));
        VERBS.contains(verb) && has_flags && !is_other && !text.contains("--locked")
    };
    texts.filter(chooses).map(|text| format!("{}: {text}", file.path)).collect()
}

#[test]
fn no_program_is_built_from_more_crates_than_there_are_reasons_for() {
    let more = CEILINGS.into_iter().filter_map(|(package, most)| {
        let count = tree(package).len();
        (count > most).then(|| format!("{package} is built from {count} crates, not {most}"))
    });
    assert_none(&more.collect::<Vec<_>>());
}
