//! The text files of the repository, and what cargo knows about it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use msg_tests::place;

/// Modules that only tests are built with, beside those called `tests`.
const TEST_MODULES: &[&str] = &["crypto/src/vectors", "protocol/src/laboratory"];

/// A text file.
pub(crate) struct File {
    /// From the repository's folder, parted by `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The lines that are built into the product, with their numbers from 1: none
    /// of a file of tests, and else those before `#[cfg(test)] mod tests`.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = if self.is_test() { 0 } else { product_end(&self.text) };
        self.text.lines().take(end).enumerate().map(|(index, line)| (index + 1, line))
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.starts_with("tests/")
            || TEST_MODULES.iter().any(|module| self.path.starts_with(module))
    }
}

/// The number of lines before the module of tests.
fn product_end(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let is_start =
        |pair: &[&str]| pair[0].trim() == "#[cfg(test)]" && pair[1].trim().starts_with("mod tests");
    lines.windows(2).position(is_start).unwrap_or(lines.len())
}

/// All files whose path ends so.
pub(crate) fn files(suffix: &str) -> Vec<File> {
    let mut paths = Vec::new();
    walk(&place::repository(), suffix, &mut paths);
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn walk(folder: &Path, suffix: &str, found: &mut Vec<PathBuf>) {
    let skipped = |name: &str| {
        name.starts_with('.') || ["target", "corpus", "artifacts", "__pycache__"].contains(&name)
    };
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            if !skipped(&name) {
                walk(&entry.path(), suffix, found);
            }
        } else if entry.path().to_str().unwrap().ends_with(suffix) {
            found.push(entry.path());
        }
    }
}

fn read(path: &Path) -> File {
    let relative = path.strip_prefix(place::repository()).unwrap();
    File {
        path: relative.to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    }
}

/// One file.
pub(crate) fn file(path: &str) -> File {
    read(&place::repository().join(path))
}

/// What cargo prints.
pub(crate) fn cargo(words: &str) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(words.split(' '))
        .args(["--locked", "--offline"])
        .current_dir(place::repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo {words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_passes_for_a_test_module_is_built_for_tests_only() {
    for module in TEST_MODULES {
        let (folder, name) = module.rsplit_once('/').unwrap();
        let root = file(&format!("{folder}/lib.rs")).text;
        assert!(root.contains(&format!("#[cfg(test)]\nmod {name};")), "{module}");
    }
}

#[test]
fn a_file_ends_where_its_tests_begin() {
    let file = File {
        path: "crypto/src/x.rs".into(),
        text: "//! X.\n#[cfg(test)]\nuse a;\nfn x() {}\n\n#[cfg(test)]\nmod tests {\n}\n".into(),
    };
    assert_eq!(file.product_lines().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}
