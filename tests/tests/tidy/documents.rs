//! Documents lead where they say: links, anchors, and files named in backticks.

use std::collections::BTreeSet;

use msg_tests::place;

use crate::{
    assert_none,
    repository::{self, File},
};

#[test]
fn links_of_documents_lead_somewhere() {
    let sample = File {
        path: "README.md".into(),
        text: "# A b\n[x](nowhere.md) [y](#a-b) [z](#c) [w](LICENSE-MIT) [v](https://example.org)"
            .into(),
    };
    assert_eq!(broken_links(&sample), ["README.md: nowhere.md", "README.md: #c"]);
    assert_none(&repository::files(".md").iter().flat_map(broken_links).collect::<Vec<_>>());
}

fn broken_links(file: &File) -> Vec<String> {
    let targets = file.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let broken = targets.filter(|target| match target.split_once('#') {
        _ if target.contains("://") || target.starts_with("mailto:") => false,
        None => !beside(file, target).exists(),
        Some(("", anchor)) => !anchors(&file.text).contains(anchor),
        Some((path, anchor)) => std::fs::read_to_string(beside(file, path))
            .map_or(true, |text| !anchors(&text).contains(anchor)),
    });
    broken.map(|target| format!("{}: {target}", file.path)).collect()
}

fn beside(file: &File, target: &str) -> std::path::PathBuf {
    place::repository().join(&file.path).parent().unwrap().join(target)
}

/// The anchors that headings have: lower case, spaces as hyphens, no punctuation.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim());
    let slug = |heading: &str| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    headings.map(slug).collect()
}

#[test]
fn files_named_in_documents_and_comments_exist() {
    let sample = File {
        path: "README.md".into(),
        text: "`crypto/nothing.rs` `crypto/SPEC.md` `NOTHING.md` `cargo x/y`".into(),
    };
    assert_eq!(missing_files(&sample), ["README.md: crypto/nothing.rs", "README.md: NOTHING.md"]);
    let files = repository::files(".md").into_iter().chain(repository::files(".rs"));
    let files = files.filter(|file| !file.path.starts_with("tests/tests/tidy/"));
    assert_none(&files.flat_map(|file| missing_files(&file)).collect::<Vec<_>>());
}

/// Words in backticks that are paths by their look and lead nowhere: those below a
/// folder of the repository's top, and bare names of documents.
fn missing_files(file: &File) -> Vec<String> {
    let root = place::repository();
    let is_path = |word: &str| {
        let top = word.split('/').next().unwrap_or("");
        let below =
            word.contains('/') && !top.is_empty() && top != "target" && root.join(top).is_dir();
        let document =
            !word.contains('/') && word.strip_suffix(".md").is_some_and(|name| !name.is_empty());
        (below || document) && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
    };
    let is_code = file.path.strip_suffix(".rs").is_some();
    let text = if is_code { comments(&file.text) } else { without_blocks(&file.text) };
    let missing =
        text.split('`').skip(1).step_by(2).filter(|word| {
            is_path(word) && !root.join(word).exists() && !beside(file, word).exists()
        });
    missing.map(|word| format!("{}: {word}", file.path)).collect()
}

/// The text without its fenced blocks.
fn without_blocks(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn the_map_names_every_module() {
    let map = "Inside `x`:\n\n```text\na gone  what both are\nc  within a\n```\n";
    let root = "pub mod a;\nmod b;\n#[cfg(test)]\nmod d;\n";
    let complaints = unmapped("x", map, root, &["c".into()]);
    assert_eq!(complaints, ["the map of x lacks b", "the map of x has gone, which is not there"]);

    let map = repository::file("ARCHITECTURE.md").text;
    let folders = [
        ("protocol", false),
        ("crypto", false),
        ("relay", true),
        ("cli/client", true),
        ("cli", true),
    ];
    let complaints = folders.map(|(folder, is_deep)| {
        let root = repository::file(&format!("{folder}/src/lib.rs")).text;
        let inner = if is_deep { modules_of(&format!("{folder}/src/")) } else { Vec::new() };
        unmapped(folder.rsplit('/').next().unwrap(), &map, &root, &inner)
    });
    assert_none(&complaints.concat());
}

/// The names of all modules below a folder.
fn modules_of(folder: &str) -> Vec<String> {
    let files = repository::files(".rs").into_iter();
    let names = files.filter_map(|file| file.path.strip_prefix(folder).map(str::to_owned));
    names.filter_map(|path| Some(path.rsplit('/').next()?.strip_suffix(".rs")?.into())).collect()
}

/// Modules of a crate's root that its map lacks, and names on the map that are
/// neither such a module nor one of the `inner` ones.
fn unmapped(name: &str, map: &str, root: &str, inner: &[String]) -> Vec<String> {
    let section = map.split(&format!("Inside `{name}`")).nth(1).expect("a map of the crate");
    let block = section.split("```").nth(1).expect("a block").lines().skip(1);
    let mapped: BTreeSet<&str> = block
        .flat_map(|line| line.split("  ").next().unwrap().split(' '))
        .filter(|word| !word.is_empty())
        .collect();
    let lines: Vec<&str> = root.lines().collect();
    let modules: BTreeSet<&str> = lines
        .iter()
        .zip(std::iter::once(&"").chain(&lines))
        .filter(|(_, before)| **before != "#[cfg(test)]")
        .filter_map(|(line, _)| line.trim_start_matches("pub ").strip_prefix("mod "))
        .filter_map(|rest| rest.strip_suffix(';'))
        .collect();
    let lacking =
        modules.difference(&mapped).map(|module| format!("the map of {name} lacks {module}"));
    let gone = mapped
        .difference(&modules)
        .filter(|module| !inner.iter().any(|inner| inner == *module))
        .map(|module| format!("the map of {name} has {module}, which is not there"));
    lacking.chain(gone).collect()
}

fn comments(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("//"));
    lines.filter(|line| !line.contains("```")).collect::<Vec<_>>().join("\n")
}
