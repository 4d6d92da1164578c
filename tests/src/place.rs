//! Where things are: the repository, its test data, what `cargo xtask test` installs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the repository.
pub fn repository() -> PathBuf {
    // As cargo says now: what was compiled may stand in a shared target folder.
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().expect("this crate stands in the repository").into()
}

/// Copies what is in a folder, as it is, into one that is made if it is not there.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.expect("cp starts").success(), "{} cannot be copied", from.display());
}

/// The folder of the test vectors.
pub fn vectors() -> PathBuf {
    repository().join("tests/vectors")
}

/// Python with the packages of `tests/interop/requirements.txt`, as `cargo xtask
/// test` installs it in the target folder. `MSG_INTEROP_PYTHON` names another.
pub fn interop_python() -> PathBuf {
    let python = env::var_os("MSG_INTEROP_PYTHON")
        .map_or_else(|| target().join("interop-venv/bin/python"), PathBuf::from);
    assert!(
        python.is_file(),
        "no Python for the interoperation tests at {}: `cargo xtask test` installs it",
        python.display(),
    );
    python
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository().join("target"), |dir| repository().join(dir))
}
