//! The text files of the repository, and what cargo knows about it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use msg_tests::place;

/// Modules that only tests are built with, as the roots of the two libraries say:
/// what their paths begin with.
static TEST_MODULES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let roots =
        ["protocol/src/", "crypto/src/"].map(|folder| (folder, file(&format!("{folder}lib.rs"))));
    let modules = roots.iter().flat_map(|(folder, root)| {
        test_modules(&root.text).into_iter().map(move |name| format!("{folder}{name}"))
    });
    modules.flat_map(|module| [format!("{module}.rs"), format!("{module}/")]).collect()
});

/// The names in `#[cfg(test)] mod name;`.
fn test_modules(root: &str) -> Vec<&str> {
    let declared = root.split("#[cfg(test)]\nmod ").skip(1);
    declared.filter_map(|rest| rest.split_once(';')).map(|(name, _)| name).collect()
}

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

    /// How many lines a reader has to hold: all of a file of tests, and of any other
    /// those before its tests.
    pub(crate) fn length(&self) -> usize {
        if self.is_test() { self.text.lines().count() } else { product_end(&self.text) }
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.starts_with("tests/")
            || TEST_MODULES.iter().any(|module| self.path.starts_with(module.as_str()))
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
fn test_modules_are_those_that_only_tests_are_built_with() {
    let root = "pub mod a;\n#[cfg(test)]\nmod b;\nmod c;\n#[cfg(test)]\nmod d;\n";
    assert_eq!(test_modules(root), ["b", "d"]);
}

#[test]
fn a_file_ends_where_its_tests_begin() {
    let file = File {
        path: "crypto/src/x.rs".into(),
        text: "//! X.\n#[cfg(test)]\nuse a;\nfn x() {}\n\n#[cfg(test)]\nmod tests {\n}\n".into(),
    };
    assert_eq!(file.product_lines().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(file.length(), 5);
    let tests = File { path: "crypto/src/x/tests.rs".into(), ..file };
    assert_eq!((tests.product_lines().count(), tests.length()), (0, 8));
}
