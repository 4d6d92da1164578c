//! What every `Cargo.toml` of the workspace says.

use std::collections::BTreeSet;

use crate::{
    assert_none,
    repository::{self, File},
};

/// The sections that name dependencies.
const DEPENDENCIES: [&str; 4] = [
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "target.'cfg(target_os = \"linux\")'.dependencies",
];

/// The members' manifests. `tests/fuzz` is a workspace of its own.
fn manifests() -> Vec<File> {
    let files = repository::files("/Cargo.toml").into_iter();
    files
        .filter(|file| file.path != "Cargo.toml" && !file.path.starts_with("tests/fuzz/"))
        .collect()
}

/// The lines `key = value` or `key.more = value` of a section.
fn section<'a>(file: &'a File, name: &str) -> Vec<&'a str> {
    let header = format!("[{name}]");
    let lines = file.text.lines().skip_while(move |line| *line != header).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.filter(|line| line.contains('=') && !line.starts_with('#')).collect()
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    let root = repository::file("Cargo.toml");
    assert!(section(&root, "workspace.lints.rust").contains(&"unsafe_code = \"forbid\""));
    let inherits = |file: &File| section(file, "lints") == ["workspace = true"];
    assert!(!inherits(&File {
        path: String::new(),
        text: "[lints.rust]\nunsafe_code = \"allow\"\n".into()
    }));
    let manifests = manifests();
    assert!(manifests.len() > 3);
    assert_none(
        &manifests
            .into_iter()
            .filter(|file| !inherits(file))
            .map(|file| file.path)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_dependency_is_named_once_for_the_workspace() {
    let own = File {
        path: "x/Cargo.toml".into(),
        text: "[dependencies]\nserde = \"1\"\nsha2.workspace = true\n".into(),
    };
    assert_eq!(own_versions(&own), ["x/Cargo.toml: serde = \"1\""]);
    assert_none(&manifests().iter().flat_map(own_versions).collect::<Vec<_>>());
}

/// Dependencies that do not come from the workspace's list.
fn own_versions(file: &File) -> Vec<String> {
    let lines = DEPENDENCIES.iter().flat_map(|name| section(file, name));
    let own = lines
        .filter(|line| !line.contains(".workspace = true") && !line.contains("workspace = true,"));
    own.map(|line| format!("{}: {line}", file.path)).collect()
}

#[test]
fn every_dependency_of_the_workspace_is_used() {
    let root = repository::file("Cargo.toml");
    let manifests = manifests();
    let name = |line: &str| line.split([' ', '.', '=']).next().unwrap().to_owned();
    let used: Vec<String> = manifests
        .iter()
        .flat_map(|file| DEPENDENCIES.map(|part| section(file, part)))
        .flatten()
        .map(name)
        .collect();
    let unused = section(&root, "workspace.dependencies")
        .into_iter()
        .map(name)
        .filter(|name| !used.contains(name));
    assert_none(&unused.map(|name| format!("{name} is used by no crate")).collect::<Vec<_>>());
}

#[test]
fn every_dependency_of_a_crate_is_used_by_it() {
    let manifest = File {
        path: "x/Cargo.toml".into(),
        text:
            "[dependencies]\nml-kem.workspace = true\n\n[dev-dependencies]\nrand.workspace = true\n"
                .into(),
    };
    let code = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let files = [code("x/src/lib.rs", "use ml_kem::Seed;"), code("y/src/lib.rs", "use rand::Rng;")];
    assert_eq!(unused(&manifest, &files), ["x/Cargo.toml: rand is not used"]);

    let files = repository::files(".rs");
    assert_none(&manifests().iter().flat_map(|file| unused(file, &files)).collect::<Vec<_>>());
}

/// Dependencies of a manifest that no Rust file beside it names.
fn unused(manifest: &File, files: &[File]) -> Vec<String> {
    let folder = manifest.path.strip_suffix("Cargo.toml").unwrap();
    let words: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.path.starts_with(folder))
        .flat_map(|file| file.text.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .collect();
    let names = DEPENDENCIES
        .into_iter()
        .flat_map(|part| section(manifest, part))
        .map(|line| line.split([' ', '.', '=']).next().unwrap());
    let unused = names.filter(|name| !words.contains(name.replace('-', "_").as_str()));
    unused.map(|name| format!("{}: {name} is not used", manifest.path)).collect()
}

/// Features under which a program is not what is shipped.
const FOR_TESTS: [&str; 3] = ["fail-points", "mutants", "simulation"];

#[test]
fn nothing_that_is_shipped_has_the_features_of_tests() {
    let manifest = |text: &str| File { path: "x/Cargo.toml".into(), text: text.into() };
    let asks = "[dependencies]\nmsg-relay = { workspace = true, features = [\"mutants\"] }\n";
    assert_eq!(asks_for(&manifest(asks)).len(), 1);
    assert_eq!(asks_for(&manifest("[features]\ndefault = [\"simulation\"]\n")).len(), 1);
    assert_none(&asks_for(&manifest("[features]\nmutants = []\n")));

    let root = repository::file("Cargo.toml");
    let shipped = root.text.lines().find(|line| line.starts_with("default-members"));
    assert!(shipped.is_some_and(|line| !line.contains("\"tests\"")));
    let others = manifests().into_iter().filter(|file| file.path != "tests/Cargo.toml");
    assert_none(&others.chain([root]).flat_map(|file| asks_for(&file)).collect::<Vec<_>>());
}

/// Lines of a manifest that switch one of them on.
fn asks_for(file: &File) -> Vec<String> {
    let names = |line: &&str| FOR_TESTS.iter().any(|name| line.contains(&format!("\"{name}\"")));
    let parts = DEPENDENCIES.into_iter().chain(["workspace.dependencies", "features"]);
    let lines = parts.flat_map(|part| section(file, part)).filter(names);
    lines.map(|line| format!("{}: {line}", file.path)).collect()
}
