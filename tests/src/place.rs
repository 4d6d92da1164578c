//! Where things are: the repository, its test data, what `cargo xtask test` installs.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The folder of the repository.
pub fn repository() -> PathBuf {
    // As cargo says now: what was compiled may stand in a shared target folder.
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().expect("this crate stands in the repository").into()
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
