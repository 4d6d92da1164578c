//! `cargo xtask reproduce`: builds what is released twice, from sources in two folders
//! into two others, and compares the programs byte for byte.
//!
//! What a compiler would write of a folder's name is written under one that is the
//! same everywhere, so the sums that it prints are those of anybody who builds the
//! same commit with the same toolchain on the same system.

use std::{fs, path::Path};

use crate::{
    failure::Failure,
    output, place,
    step::Step,
    tool::{self, C_COMPILER},
};

const PROGRAMS: [&str; 2] = ["msg", "msg-relay"];
/// Names of different lengths: a path that is left somewhere moves what follows.
const FOLDERS: [&str; 2] = ["one", "another-folder"];

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    if let Some(word) = words.first() {
        return Err(Failure::Usage(format!("`reproduce` takes no argument, not `{word}`")));
    }
    tool::require(&[C_COMPILER])?;
    Step::cargo("fetch", "fetch --locked").run()?;
    let root = place::target().join("reproduce");
    remove(&root)?;
    for name in FOLDERS {
        build(&root.join(name))?;
    }
    let [one, another] = FOLDERS.map(|name| root.join(name));
    let mut differ = Vec::new();
    for program in PROGRAMS {
        let [first, second] = [&one, &another].map(|folder| folder.join(program));
        for path in [&first, &second] {
            output::line(sum(path)?.trim_end());
        }
        if read(&first)? != read(&second)? {
            differ.push(program);
        }
    }
    if differ.is_empty() {
        output::line("the same bytes twice");
        return Ok(());
    }
    Err(Failure::File(format!("{} came out differently", differ.join(" and "))))
}

/// Builds in a folder of its own, and leaves only the programs there.
fn build(folder: &Path) -> Result<(), Failure> {
    let (sources, built) = (folder.join("sources"), folder.join("built"));
    copy_sources(&sources)?;
    let cargo_home = cargo_home()?;
    let (from, into) = (sources.display(), built.display());
    let home = Path::new(&cargo_home).display();
    let rust = format!(
        "--remap-path-prefix={from}=/msg --remap-path-prefix={into}=/built \
         --remap-path-prefix={home}=/cargo"
    );
    let c = format!("-ffile-prefix-map={into}=/built -ffile-prefix-map={home}=/cargo");
    Step::cargo(
        "build",
        "build --release --locked --offline --package msg-cli --package msg-relay",
    )
    .within(&sources)
    .env("CARGO_TARGET_DIR", &built)
    .env("CARGO_INCREMENTAL", "0")
    .env("RUSTFLAGS", rust)
    .env("CFLAGS", &c)
    .env("CXXFLAGS", &c)
    .env("SOURCE_DATE_EPOCH", "0")
    .run()?;
    for program in PROGRAMS {
        let from = built.join("release").join(program);
        fs::copy(&from, folder.join(program))
            .map_err(|error| Failure::File(format!("cannot copy {}: {error}", from.display())))?;
    }
    remove(&built)?;
    remove(&sources)
}

/// Copies what the last commit has.
fn copy_sources(to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to)
        .map_err(|error| Failure::File(format!("cannot make {}: {error}", to.display())))?;
    let packed = to.with_extension("tar");
    Step::new("sources", "git").words("archive --output").arg(&packed).arg("HEAD").run()?;
    Step::new("unpack", "tar").arg("-xf").arg(&packed).arg("-C").arg(to).run()?;
    fs::remove_file(&packed)
        .map_err(|error| Failure::File(format!("cannot remove {}: {error}", packed.display())))
}

/// Where cargo keeps the sources of crates: the folder that its own lies in.
fn cargo_home() -> Result<String, Failure> {
    let home = std::env::var("CARGO_HOME").ok();
    let home = home.or_else(|| Some(format!("{}/.cargo", std::env::var("HOME").ok()?)));
    home.ok_or_else(|| Failure::File("neither CARGO_HOME nor HOME is set".into()))
}

fn sum(path: &Path) -> Result<String, Failure> {
    Step::new("sum", "sha256sum").arg(path).read()
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|error| Failure::File(format!("cannot read {}: {error}", path.display())))
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::File(format!("cannot remove {}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}
