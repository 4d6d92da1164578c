//! What a machine must have, and how to get it: system packages by apt where that
//! is allowed, programs of the Rust registry into the target folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{failure::Failure, output, place, step::Step};

/// Something of the system that a command needs.
pub(crate) struct Need {
    what: &'static str,
    packages: &'static str,
    check: fn() -> bool,
}

impl Need {
    /// What it is, in words.
    pub(crate) const fn what(&self) -> &'static str {
        self.what
    }
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

/// Python that can make virtual environments, and read the settings of the examples.
pub(crate) const PYTHON: Need = Need {
    what: "Python 3.11 with venv and pip",
    packages: "python3 python3-venv",
    check: || Step::new("", "python3").arg("-c").arg("import venv, ensurepip, tomllib").succeeds(),
};

/// OpenSSL's program, by which tests see the relay as others do.
pub(crate) const OPENSSL: Need = Need {
    what: "OpenSSL",
    packages: "openssl",
    check: || Step::new("", "openssl").arg("version").succeeds(),
};

/// jq, by which scripts in the documents read JSON.
pub(crate) const JQ: Need =
    Need { what: "jq", packages: "jq", check: || Step::new("", "jq").arg("--version").succeeds() };

/// Redis.
pub(crate) const REDIS: Need = Need {
    what: "Redis",
    packages: "redis-server",
    check: || Step::new("", "redis-server").arg("--version").succeeds(),
};

/// PostgreSQL, its server.
pub(crate) const POSTGRESQL: Need = Need {
    what: "PostgreSQL",
    packages: "postgresql",
    check: || Step::new("", "sh").arg("-c").arg("ls /usr/lib/postgresql/*/bin/initdb").succeeds(),
};

/// NATS, its server.
pub(crate) const NATS: Need = Need {
    what: "NATS",
    packages: "nats-server",
    check: || Step::new("", "nats-server").arg("--version").succeeds(),
};

/// age, which encrypts files.
pub(crate) const AGE: Need = Need {
    what: "age",
    packages: "age",
    check: || Step::new("", "age").arg("--version").succeeds(),
};

/// Like [`require`], for a package that would start a service of its own: it is
/// installed only where nothing runs that starts services.
pub(crate) fn require_server(need: Need) -> Result<(), Failure> {
    let missing = !(need.check)();
    if missing && Path::new("/run/systemd/system").exists() {
        return Err(absent(&[&need]));
    }
    if missing && need.packages == POSTGRESQL.packages && before_apt() == Some("") {
        no_main_cluster()?;
    }
    require(&[need])
}

/// Keeps the package of PostgreSQL from making a database that nobody asked for.
fn no_main_cluster() -> Result<(), Failure> {
    let folder = Path::new("/etc/postgresql-common/createcluster.d");
    let file = folder.join("no-main.conf");
    let written =
        fs::create_dir_all(folder).and_then(|()| fs::write(&file, "create_main_cluster = false\n"));
    written.map_err(|error| Failure::File(format!("cannot write {}: {error}", file.display())))
}

/// A wall clock that tests set.
pub(crate) const FAKETIME: Need = Need {
    what: "faketime",
    packages: "faketime",
    check: || Step::new("", "faketime").arg("--version").succeeds(),
};

/// Installs those of `needs` that are missing, or says how to.
pub(crate) fn require(needs: &[Need]) -> Result<(), Failure> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.check)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if let Err(failure) = install(&missing) {
        output::failure(&failure);
    }
    let missing: Vec<&Need> = missing.into_iter().filter(|need| !(need.check)()).collect();
    if missing.is_empty() { Ok(()) } else { Err(absent(&missing)) }
}

/// Installs by apt where that is there and allowed; else does nothing.
fn install(missing: &[&Need]) -> Result<(), Failure> {
    let has_apt = Step::new("", "apt-get").arg("--version").succeeds();
    let Some(before) = before_apt().filter(|_| has_apt) else { return Ok(()) };
    let apt = |name: &str, words: &str| {
        let command = format!("{before}env DEBIAN_FRONTEND=noninteractive apt-get --quiet {words}");
        let (program, rest) = command.split_once(' ').unwrap_or((&command, ""));
        Step::new(name, program).words(rest).run()
    };
    // One source that does not answer need not be the one with the packages.
    if let Err(failure) = apt("package lists", "update") {
        output::failure(&failure);
    }
    let install = format!("install --yes --no-install-recommends {}", packages(missing));
    apt(&format!("packages for {}", words(missing)), &install)
}

/// What stands before `apt-get`: nothing for root, `sudo` for who needs no password.
fn before_apt() -> Option<&'static str> {
    if Step::new("", "test").words("-w /var/lib/dpkg").succeeds() {
        Some("")
    } else {
        Step::new("", "sudo").words("-n true").succeeds().then_some("sudo -n ")
    }
}

fn words(needs: &[&Need]) -> String {
    needs.iter().map(|need| need.what).collect::<Vec<_>>().join(", ")
}

fn absent(missing: &[&Need]) -> Failure {
    Failure::Missing {
        what: words(missing),
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
/// path, or one that is built into the target folder, with the toolchain of this
/// repository even if it asks for a later one.
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
    Step::cargo(name, "install --locked --ignore-rust-version --root")
        .arg(&own_root)
        .arg("--target-dir")
        .arg(&build)
        .arg(format!("{name}@{version}"))
        .run()?;
    fs::remove_dir_all(&build)
        .map_err(|error| Failure::File(format!("cannot remove {}: {error}", build.display())))?;
    Ok(own)
}
