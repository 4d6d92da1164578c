//! Programs whose wall clock is off.

use std::{fs, path::PathBuf};

/// The name of the library that `faketime` puts before those of a program.
const LIBRARY: &str = "faketime/libfaketime.so.1";

/// The library itself. The program `faketime` would stand between a process and its
/// signals, and leaves shared memory behind that a later one of the same process id
/// stumbles over.
pub fn library() -> String {
    let folders = ["/usr/lib", "/usr/local/lib"].into_iter().flat_map(|folder| {
        let below = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        below.chain([PathBuf::from(folder)])
    });
    let found = folders.map(|folder| folder.join(LIBRARY)).find(|path| path.exists());
    let found = found.expect("faketime is installed: `cargo xtask test` does it");
    found.into_os_string().into_string().expect("a path of a system library is text")
}
