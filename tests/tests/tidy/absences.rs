//! What a part of the product does not name in its sources: a clock, a socket to
//! listen at, a way out, a way to print.

use crate::{
    assert_none,
    repository::{self, File},
};

/// What decides, of a crate that has a socket, a clock and a disk elsewhere.
const DECIDING: &[&str] = &[
    "cli/client/src/engine.rs",
    "cli/client/src/engine/",
    "cli/client/src/rows.rs",
    "cli/client/src/rows/",
    "cli/client/src/step.rs",
];

/// Clocks, randomness, files, sockets and threads, and the module that has them all.
const WORLDLY: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "Instant",
    "OsRng",
    "SysRng",
    "SystemTime",
    "getrandom",
    "rustix",
    "tokio",
    "driver::",
];

/// What others can come to.
const LISTENING: &[&str] = &["TcpListener", "UdpSocket", "UnixDatagram", "UnixListener"];

/// What goes to others.
const CONNECTING: &[&str] = &["::connect(", "::connect_timeout(", "UdpSocket"];

/// Where the relay's program goes to others: an operator's command asks the relay that
/// runs here, and the self-test comes to one as any client does. Of what serves, the
/// engine that an operator has chosen goes to where its blobs are.
const WAYS_OUT: &[&str] = &[
    "relay/src/admin/client.rs",
    "relay/src/selftest/far.rs",
    "relay/src/store/postgres/objects/dial.rs",
];

#[test]
fn the_engine_reads_no_clock_randomness_file_or_socket() {
    let sample = sample("use rand_core::CryptoRng;\nlet now = SystemTime::now();\n");
    assert_eq!(named(&sample, WORLDLY), ["x.rs:2: let now = SystemTime::now();"]);
    let files = product("cli/client/src/");
    let deciding = files.iter().filter(|file| DECIDING.iter().any(|at| file.path.starts_with(at)));
    let deciding: Vec<&File> = deciding.collect();
    assert!(deciding.len() > 50, "the engine is somewhere else");
    assert_none(&deciding.iter().flat_map(|file| named(file, WORLDLY)).collect::<Vec<_>>());
}

#[test]
fn the_client_listens_nowhere() {
    assert_eq!(named(&sample("let socket = TcpListener::bind(at)?;"), LISTENING).len(), 1);
    let files = product("cli/");
    assert_none(&files.iter().flat_map(|file| named(file, LISTENING)).collect::<Vec<_>>());
}

#[test]
fn nothing_that_serves_a_relay_connects_to_anybody() {
    assert_eq!(named(&sample("TcpStream::connect(address).await"), CONNECTING).len(), 1);
    let files = product("relay/src/");
    let is_way_out = |file: &&File| WAYS_OUT.contains(&file.path.as_str());
    for way in files.iter().filter(is_way_out) {
        assert!(!named(way, CONNECTING).is_empty(), "{} goes nowhere", way.path);
    }
    let others = files.iter().filter(|file| !is_way_out(file));
    assert_none(&others.flat_map(|file| named(file, CONNECTING)).collect::<Vec<_>>());
}

#[test]
fn what_prints_is_called_output() {
    let prints = |file: &&File| file.product_lines().any(|(_, line)| line.contains("::print_std"));
    assert!(prints(&&sample("#![expect(clippy::print_stdout, reason = \"so\")]")));
    let others = repository::files(".rs").into_iter();
    let others = others.filter(|file| prints(&file) && !file.path.ends_with("/output.rs"));
    assert_none(&others.map(|file| format!("{} prints", file.path)).collect::<Vec<_>>());
}

/// The files of the product below a folder.
fn product(folder: &str) -> Vec<File> {
    let mut files = repository::files(".rs");
    files.retain(|file| file.path.starts_with(folder));
    files
}

/// The lines of code of a file in which one of the words stands.
fn named(file: &File, words: &[&str]) -> Vec<String> {
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    let lines = file.product_lines().filter(|(_, line)| is_code(line));
    let lines = lines.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    lines.map(|(number, line)| format!("{}:{number}: {line}", file.path)).collect()
}

fn sample(text: &str) -> File {
    File { path: "x.rs".into(), text: text.into() }
}
