//! What a machine must have, and how to get it: system packages by apt where that
//! is allowed, programs of the Rust registry into the target folder.

use std::{fs, path::PathBuf};

use crate::{failure::Failure, place, step::Step};

/// Something of the system that a command needs.
pub(crate) struct Need {
    what: &'static str,
    packages: &'static str,
    check: fn() -> bool,
}

/// A linker and a compiler for C.
pub(crate) const C_COMPILER: Need = Need {
    what: "a C compiler",
    packages: "gcc libc6-dev",
    check: || Step::new("", "cc").arg("--version").succeeds(),
};

/// A compiler for C++.
pub(crate) const CPP_COMPILER: Need = Need {
    what: "a C++ compiler",
    packages: "g++",
    check: || Step::new("", "c++").arg("--version").succeeds(),
};

/// Python that can make virtual environments.
pub(crate) const PYTHON: Need = Need {
    what: "Python 3 with venv and pip",
    packages: "python3 python3-venv",
    check: || Step::new("", "python3").arg("-c").arg("import venv, ensurepip").succeeds(),
};

/// Installs those of `needs` that are missing.
pub(crate) fn require(needs: &[Need]) -> Result<(), Failure> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.check)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)?;
    let missing: Vec<&Need> = missing.into_iter().filter(|need| !(need.check)()).collect();
    if missing.is_empty() { Ok(()) } else { Err(absent(&missing)) }
}

fn install(missing: &[&Need]) -> Result<(), Failure> {
    let root = || Step::new("", "test").words("-w /var/lib/dpkg").succeeds();
    let sudo = || Step::new("", "sudo").words("-n true").succeeds();
    let apt = |name: &str| match (root(), sudo()) {
        (true, _) => Some(Step::new(name, "apt-get")),
        (false, true) => Some(Step::new(name, "sudo").words("-n apt-get")),
        (false, false) => None,
    };
    let has_apt = Step::new("", "apt-get").arg("--version").succeeds();
    let (true, Some(update), Some(install)) = (has_apt, apt("package lists"), apt("packages"))
    else {
        return Err(absent(missing));
    };
    update.words("update --quiet").run()?;
    install.words("install --yes --no-install-recommends").words(&packages(missing)).run()
}

fn absent(missing: &[&Need]) -> Failure {
    Failure::Missing {
        what: missing.iter().map(|need| need.what).collect::<Vec<_>>().join(", "),
        install: format!("sudo apt-get install --yes {}", packages(missing)),
    }
}

fn packages(needs: &[&Need]) -> String {
    needs.iter().map(|need| need.packages).collect::<Vec<_>>().join(" ")
}

/// Installs the toolchain's own `rustfmt` and `clippy` if they are missing.
pub(crate) fn require_components() -> Result<(), Failure> {
    for (component, words) in [("rustfmt", "fmt --version"), ("clippy", "clippy --version")] {
        if !Step::cargo("", words).succeeds() {
            Step::new(component, "rustup").words("component add").arg(component).run()?;
        }
    }
    Ok(())
}

/// The program of a crate of the registry, at exactly that version: the one on the
/// path, or one that is built into the target folder.
pub(crate) fn registry_program(
    name: &str,
    version: &str,
    version_words: &str,
) -> Result<PathBuf, Failure> {
    let own_root = place::target().join("tools").join(format!("{name}-{version}"));
    let own = own_root.join("bin").join(name);
    for program in [PathBuf::from(name), own.clone()] {
        let mut found = false;
        Step::new("", &program)
            .words(version_words)
            .read_silently(|line| found |= line.split(' ').any(|word| word == version));
        if found {
            return Ok(program);
        }
    }
    let build = own_root.join("build");
    Step::cargo(name, "install --locked --root")
        .arg(&own_root)
        .arg("--target-dir")
        .arg(&build)
        .arg(format!("{name}@{version}"))
        .run()?;
    fs::remove_dir_all(&build)
        .map_err(|error| Failure::File(format!("cannot remove {}: {error}", build.display())))?;
    Ok(own)
}
