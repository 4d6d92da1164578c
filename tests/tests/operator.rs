//! The relay as its operator meets it: what a start leaves behind, what a second
//! one says, and what signals do.

#![cfg(test)]

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use msg_protocol::address::Pin;
use msg_tests::{
    relay::{RelayBuilder, RelayProcess},
    terminal::Terminal,
};
use rustix::process::Signal;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_relay");
/// How long a busy machine may take for what a signal sets off.
const PATIENCE: Duration = Duration::from_mins(1);

fn relay() -> RelayBuilder {
    RelayBuilder::new(PROGRAM).arg("--metrics").arg("off")
}

/// Runs a command of the program that ends by itself.
fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn openssl(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    // It may have hung up already.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// The pin of the key that a relay presents, as other tools compute it.
fn presented(relay: &RelayProcess) -> Pin {
    let at = relay.endpoint().address.to_string();
    let shown = openssl(&["s_client", "-connect", &at, "-tls1_3", "-alpn", "msg/1"], b"");
    let key = openssl(&["x509", "-pubkey", "-noout"], &shown.stdout);
    let key = openssl(&["pkey", "-pubin", "-outform", "der"], &key.stdout);
    Pin::of(&key.stdout)
}

fn await_log(relay: &RelayProcess, words: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !relay.log().contains(words) {
        assert!(Instant::now() < deadline, "nothing says `{words}`:\n{}", relay.log());
        thread::sleep(Duration::from_millis(10));
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nested = |path: PathBuf| {
        let inner = if path.is_dir() { below(&path) } else { Vec::new() };
        inner.into_iter().chain([path])
    };
    entries.flat_map(nested).collect()
}

#[test]
fn all_that_a_start_leaves_behind_is_the_owners_alone_whatever_the_umask() {
    let relay = relay().under(&["sh", "-c", "umask 000; exec \"$@\"", "sh"]).start();
    let left = below(&relay.data());
    assert!(left.iter().any(|path| path.ends_with("tls-key.pem")), "{left:?}");
    for path in left.into_iter().chain([relay.data()]) {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn a_crash_of_a_relay_leaves_no_memory_behind() {
    let relay = relay().start();
    let limits = fs::read_to_string(format!("/proc/{}/limits", relay.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<&str> = core.split_whitespace().filter(|word| *word == "0").collect();
    assert_eq!(numbers.len(), 2, "{core}");
}

#[test]
fn a_second_relay_on_the_same_folder_names_the_first() {
    let relay = relay().start();
    let (status, said) = relay.run_another();
    assert_eq!(status.code(), Some(1));
    assert!(said.starts_with("error: another relay, process "), "{said}");
    assert!(said.contains(&relay.id().to_string()) && said.contains("\nhint: "), "{said}");
    assert!(relay.listens(), "the first goes on");
}

#[test]
fn an_address_in_use_is_refused_with_a_hint() {
    let first = relay().start();
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let at = first.endpoint().address.to_string();
    let second = run(&["--listen", &at, "--data", data.to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains(&format!("error: cannot listen on {at}")), "{said}");
    assert!(said.contains("-p PORT") && second.stdout.is_empty(), "{said}");
}

#[test]
fn only_tls_1_3_with_the_protocol_named_is_spoken_by_the_key_that_the_link_pins() {
    let relay = relay().start();
    assert_eq!(Some(presented(&relay)), relay.link().pin);
    let at = relay.endpoint().address.to_string();
    let refused: [&[&str]; 3] =
        [&["-tls1_2", "-alpn", "msg/1"], &["-tls1_3"], &["-tls1_3", "-alpn", "h2"]];
    for arguments in refused {
        let arguments = [&["s_client", "-connect", &at][..], arguments].concat();
        let output = openssl(&arguments, b"");
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("alert"), "{arguments:?}: {said}");
    }
}

#[test]
fn only_a_relay_by_invitation_prints_one() {
    assert!(relay().start().link().invite.is_none(), "on loopback anybody may register");
    let invited = relay().arg("--registration").arg("invited").start();
    assert!(invited.link().invite.is_some());
    let secret = invited.link().invite.as_ref().unwrap().to_secret_text();
    assert!(!invited.log().contains(&secret), "no log holds it");
}

#[test]
fn a_relay_that_is_told_to_stop_says_so_and_ends_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut relay = relay().start();
        relay.signal(signal);
        assert_eq!(relay.ended().code(), Some(0));
        let log = relay.log();
        assert!(log.contains("stopping") && log.contains("stopped"), "{log}");
    }
}

/// A key and its certificate, over whatever is in those files.
fn make_certificate(certificate: &Path, key: &Path) {
    let made = openssl(
        &[
            "req",
            "-x509",
            "-nodes",
            "-newkey",
            "ed25519",
            "-days",
            "2",
            "-subj",
            "/CN=relay.example",
            "-keyout",
            key.to_str().unwrap(),
            "-out",
            certificate.to_str().unwrap(),
        ],
        b"",
    );
    assert!(made.status.success());
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_renewed_certificate_and_another_limit_need_no_restart() {
    let folder = TempDir::new().unwrap();
    let [certificate, key, file] =
        ["tls.crt", "tls.key", "relay.toml"].map(|name| folder.path().join(name));
    make_certificate(&certificate, &key);
    let tls = "[tls]\ncertificate = \"tls.crt\"\nkey = \"tls.key\"\n";
    fs::write(&file, tls).unwrap();
    let relay = relay().arg("--config").arg(file.to_str().unwrap()).start();
    let first = relay.link().pin.unwrap();
    assert_eq!(presented(&relay), first);

    fs::write(&certificate, "no certificate").unwrap();
    relay.signal(Signal::HUP);
    await_log(&relay, "certificate is wrong; the one so far stays");
    assert_eq!(presented(&relay), first);

    make_certificate(&certificate, &key);
    fs::write(&file, format!("cache-bytes = \"32MiB\"\n{tls}[limits]\nknocks = 40\n")).unwrap();
    relay.signal(Signal::HUP);
    await_log(&relay, "these need a restart keys=\"cache-bytes\"");
    let second = presented(&relay);
    assert_ne!(second, first);

    fs::write(&file, "knocks = 40\n").unwrap();
    relay.signal(Signal::HUP);
    await_log(&relay, "configuration is wrong; the one so far stays");
    assert_eq!(presented(&relay), second);
}

#[test]
fn what_config_prints_configures_the_same() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let given = ["--data", data.to_str().unwrap(), "-a", "0.0.0.0", "--limit", "knocks=40"];
    let printed = run(&[&given[..], &["config"]].concat());
    assert_eq!(printed.status.code(), Some(0));
    assert!(!data.exists(), "printing makes nothing");
    let file = folder.path().join("relay.toml");
    fs::write(&file, &printed.stdout).unwrap();
    let again = run(&["config", "--config", file.to_str().unwrap()]);
    let values = |output: &Output| {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(values(&again), values(&printed));
}

#[test]
fn a_slip_in_the_configuration_stops_the_start_with_its_place() {
    let output = run(&["--limit", "mailbox-envelops=3"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        "error: no setting is called `limits.mailbox-envelops` (--limit)\n\
         hint: did you mean `mailbox-envelopes`?\n"
    );
    assert_eq!(run(&["--no-such-flag"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

/// Runs a word of the program about a relay that runs.
fn operate(relay: &RelayProcess, words: &[&str]) -> Output {
    let data = relay.data();
    run(&[&["--data", data.to_str().unwrap()], words].concat())
}

#[test]
fn a_trial_from_outside_passes_and_leaves_nothing_behind() {
    for policy in ["open", "invited"] {
        let relay = relay().arg("--registration").arg(policy).start();
        let trial = operate(&relay, &["selftest"]);
        let said = String::from_utf8_lossy(&trial.stdout).into_owned();
        assert!(trial.status.success(), "{said}{}", String::from_utf8_lossy(&trial.stderr));
        for part in ["TLS 1.3", "two accounts registered", "one way", "other way", "deleted"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let users = operate(&relay, &["users", "list", "--json"]);
        assert!(!String::from_utf8_lossy(&users.stdout).contains("selftest"));
        let invitations = operate(&relay, &["invite", "list", "--json"]);
        assert!(!String::from_utf8_lossy(&invitations.stdout).contains("selftest"));
    }
}

#[test]
fn a_trial_trusts_the_key_of_the_link_alone() {
    let [relay, other] = [relay().start(), relay().start()];
    let link = relay.link().to_secret_text();
    let foreign = link
        .replace(&relay.link().pin.unwrap().to_string(), &other.link().pin.unwrap().to_string());
    let trial = run(&["selftest", &foreign]);
    assert_eq!(trial.status.code(), Some(1));
    let said = String::from_utf8_lossy(&trial.stderr).into_owned();
    assert!(said.contains("another key"), "{said}");
    assert!(run(&["selftest", &link]).status.success());
}

#[test]
fn a_failed_trial_says_which_part_and_what_to_do_in_words_and_as_json() {
    let mut closed = relay().start();
    let link = closed.link().to_secret_text();
    closed.stop();
    let trial = run(&["selftest", &link, "--json"]);
    assert_eq!(trial.status.code(), Some(1));
    let said = String::from_utf8_lossy(&trial.stdout).into_owned();
    let last: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["code"]), (&"error".into(), &"selftest".into()), "{said}");
    assert!(last["message"].as_str().unwrap().starts_with("connect: "), "{said}");
    assert!(last["hint"].as_str().unwrap().contains("firewall"), "{said}");
    let uninvited = relay().arg("--registration").arg("closed").start();
    let trial = run(&["selftest", &uninvited.link().to_secret_text()]);
    assert_eq!(trial.status.code(), Some(1));
    let said = String::from_utf8_lossy(&trial.stderr).into_owned();
    assert!(said.contains("error: register: ") && said.contains("hint: "), "{said}");
}

#[test]
fn a_store_is_made_before_it_serves_and_the_key_stays_the_same() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data").to_str().unwrap().to_owned();
    let init = ["--data", &data, "--public", "relay.example", "init", "--json"];
    let made = run(&init);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(made["link"].as_str().unwrap().starts_with("msg-relay://relay.example:7777/?pin="));
    let again = run(&init);
    assert_eq!(again.status.code(), Some(1), "what is there is left as it is");
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
    let relay = relay().start_in(folder);
    assert_eq!(relay.link().pin.unwrap().to_string(), made["pin"].as_str().unwrap());
}

#[test]
fn a_store_goes_only_when_nobody_serves_it_and_somebody_means_it() {
    let mut relay = relay().start();
    let data = relay.data();
    let store = data.join("store.redb");
    let refused = operate(&relay, &["wipe", "--yes"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("another relay, process ") && store.exists(), "{said}");
    relay.stop();
    let unasked = operate(&relay, &["wipe"]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(store.exists(), "there was no terminal to ask");

    let name = data.file_name().unwrap().to_str().unwrap().to_owned();
    let wipe = |answer: &str| {
        let mut command = Command::new(PROGRAM);
        command.arg("--data").arg(&data).arg("wipe");
        let mut terminal = Terminal::start(&command);
        terminal.reads("will be deleted for good");
        terminal.types(&format!("{answer}\n"));
        terminal.end()
    };
    let (status, said) = wipe("yes");
    assert!(!status.success() && store.exists(), "{said}");
    let (status, said) = wipe(&name);
    assert!(status.success() && !store.exists(), "{said}");
    assert!(data.join("tls-key.pem").exists(), "links go on to name this relay");
    let pin = relay.link().pin;
    relay.restart();
    assert_eq!(relay.link().pin, pin);
    relay.stop();
    assert!(operate(&relay, &["wipe", "--key", "--yes"]).status.success());
    let left = below(&data);
    for gone in ["store.redb", "ballast", "tls-key.pem", "tls-cert.pem"] {
        assert!(!left.iter().any(|path| path.ends_with(gone)), "{left:?}");
    }
    let nowhere = run(&["--data", "/nonexistent/relay", "wipe", "--yes"]);
    assert_eq!(nowhere.status.code(), Some(1), "nothing is made to be deleted");
}

#[test]
fn colours_are_for_terminals_that_show_them_unless_an_operator_says_otherwise() {
    let shown = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--data", "/nonexistent/relay", "limits"])
            .args(arguments)
            .env("TERM", "xterm");
        command.envs(variables.iter().copied());
        Terminal::start(&command).end().1
    };
    let piped = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--data", "/nonexistent/relay", "limits"])
            .args(arguments)
            .env("TERM", "xterm")
            .env_remove("NO_COLOR");
        let output = command.envs(variables.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(shown(&[], &[]).contains("\u{1b}[1mNAME"), "{:?}", shown(&[], &[]));
    for no in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
        assert!(!shown(&[], &[no]).contains('\u{1b}'), "{no:?}");
        assert!(shown(&["--color", "always"], &[no]).contains('\u{1b}'), "a flag is nearer");
    }
    assert!(!shown(&["--color", "never"], &[]).contains('\u{1b}'));
    assert!(!shown(&[], &[("MSG_RELAY_COLOR", "never")]).contains('\u{1b}'));
    assert!(!piped(&[], &[]).contains('\u{1b}'), "a pipe");
    assert!(piped(&["--color", "always"], &[]).contains('\u{1b}'));
    assert!(!piped(&["--color", "always", "--log-format", "json"], &[]).is_empty());
    assert_eq!(run(&["--color", "blue", "limits"]).status.code(), Some(2));
    let failed = run(&["--color", "always", "--data", "/nonexistent/relay", "stats"]);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert!(said.contains("error:\u{1b}[0m no relay runs"), "{said:?}");
}
