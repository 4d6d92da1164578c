//! Domain separation: the labels in the code are those of the table in
//! `crypto/SPEC.md` §2, each made in one file, of a literal.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    assert_none,
    repository::{self, File},
};

/// The labels of the table: the words in backticks in the first column of §2.
fn of_the_table(spec: &str) -> Vec<&str> {
    let section = spec.split("\n## 2. Labels\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let first_cells =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    first_cells
        .flat_map(|cell| cell.split(['`', ',', ' ']).filter(|word| !word.is_empty()))
        .collect()
}

/// The labels that files make, and where: by `Label::new("…")`, or by a macro that
/// hands it a literal.
fn of_the_code(files: &[File]) -> BTreeMap<String, Vec<String>> {
    let mut labels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let macros = macros_that_make_labels(file);
        for (number, line) in file.product_lines() {
            let direct = line.split("Label::new(\"").skip(1);
            let by_macro =
                macros.iter().filter_map(|name| line.trim().strip_prefix(name)?.split_once('"'));
            for made in direct.chain(by_macro.map(|(_, rest)| rest)) {
                let label = made.split('"').next().unwrap();
                labels.entry(label.into()).or_default().push(format!("{}:{number}", file.path));
            }
        }
    }
    labels
}

/// `name!(` for each macro of the file in which `Label::new($…)` stands.
fn macros_that_make_labels(file: &File) -> Vec<String> {
    let definitions = file.text.split("macro_rules! ").skip(1);
    let bodies = definitions.filter_map(|definition| definition.split_once(" {"));
    let making =
        bodies.filter(|(_, body)| body.split("\n}").next().unwrap().contains("Label::new($"));
    making.map(|(name, _)| format!("{name}!(")).collect()
}

fn complaints(spec: &str, files: &[File]) -> Vec<String> {
    let (table, code) = (of_the_table(spec), of_the_code(files));
    let mut complaints = Vec::new();
    for (label, places) in &code {
        if !table.contains(&label.as_str()) {
            complaints.push(format!("label `{label}` ({}) is not in the table", places.join(", ")));
        }
        let files: BTreeSet<_> =
            places.iter().filter_map(|place| place.split(':').next()).collect();
        if files.len() > 1 {
            complaints
                .push(format!("label `{label}` is made in several files: {}", places.join(", ")));
        }
    }
    let unmade = table.iter().filter(|label| !code.contains_key(**label));
    complaints
        .extend(unmade.map(|label| format!("label `{label}` of the table is not in the code")));
    complaints
}

fn product_files() -> Vec<File> {
    let product = |file: &File| {
        ["protocol/src/", "crypto/src/", "relay/src/"]
            .iter()
            .any(|&root| file.path.starts_with(root))
    };
    repository::files(".rs").into_iter().filter(product).collect()
}

#[test]
fn the_label_table_and_the_code_agree() {
    assert_none(&complaints(&repository::file("crypto/SPEC.md").text, &product_files()));
}

#[test]
fn no_label_is_written_around_the_type_that_makes_them() {
    let mut places = Vec::new();
    for file in product_files() {
        let lines = file.product_lines().filter(|(_, line)| is_around(line));
        places
            .extend(lines.map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim())));
    }
    let [only] = places.as_slice() else { panic!("\n{}\n", places.join("\n")) };
    assert!(only.contains("LABEL_PREFIX"), "{only}");
}

/// Whether a line spells a label's bytes, or makes one of something it does not show.
fn is_around(line: &str) -> bool {
    let made = line.split("Label::new(").skip(1);
    let hidden = made.filter(|rest| !rest.starts_with('"') && !rest.starts_with("$label"));
    line.contains("\"msg/v1") || hidden.count() > 0
}

#[test]
fn a_label_missing_on_either_side_or_used_twice_is_seen() {
    let spec = "\n## 2. Labels\n\n| label | use |\n|---|---|\n| `a`, `b` | |\n| `c` | not `x` |\n\n## 3. Keys\n| `d` |";
    let made = "macro_rules! make {\n    ($label:literal) => { Label::new($label) };\n}\nmake!(B, \"m\");\n";
    let text = "const A: Label = Label::new(\"a\");\nf(Label::new(\"a\"), Label::new(\"z\"), Label::new(\"c\"));\n";
    let files = [
        ("crypto/src/x.rs", text),
        ("crypto/src/y.rs", made),
        ("crypto/src/z.rs", "Label::new(\"a\")"),
    ]
    .map(|(path, text)| File { path: path.into(), text: text.into() });
    assert_eq!(
        complaints(spec, &files),
        [
            "label `a` is made in several files: crypto/src/x.rs:1, crypto/src/x.rs:2, crypto/src/z.rs:1",
            "label `m` (crypto/src/y.rs:4) is not in the table",
            "label `z` (crypto/src/x.rs:2) is not in the table",
            "label `b` of the table is not in the code",
        ]
    );
    assert!(is_around("b\"msg/v1/a\"") && is_around("Label::new(label)"));
}
