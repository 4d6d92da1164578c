//! What a machine may show of a running `msg`, and what it keeps: no password, no
//! key, no text.

use std::{
    fs,
    io::Write as _,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use msg_tests::msg::Done;

use super::{MSG, PASSWORD, friends, relay, traces::relay_files, unattended::locked};

const PATIENCE: Duration = Duration::from_mins(1);

/// A file of a running process, when it says something.
fn of_process(child: &Child, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{}/{file}", child.id())).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits until a process runs `msg` and has put its house in order.
fn await_hardened(child: &Child) {
    let deadline = Instant::now() + PATIENCE;
    while !of_process(child, "limits").lines().any(is_no_core) {
        assert!(Instant::now() < deadline, "cores are still written");
        thread::sleep(Duration::from_millis(5));
    }
}

fn is_no_core(line: &str) -> bool {
    let mut words = line.split_whitespace().rev().skip(1);
    line.starts_with("Max core file size") && words.next() == Some("0") && words.next() == Some("0")
}

#[test]
fn a_running_command_shows_no_password_and_leaves_no_core() {
    let relay = relay();
    let (person, password) = locked(&relay);
    let follow = ["recv", "--follow", "--password-fd", "0"];
    let mut by_descriptor = person.command(&follow);
    by_descriptor.stdin(fs::File::open(&password).unwrap());
    let mut by_file = person.command(&follow[..2]);
    by_file.env("MSG_PASSWORD_FILE", &password);
    let mut by_command = person.command(&follow[..2]);
    by_command.env("MSG_PASSWORD_COMMAND", format!("/bin/cat {}", password.display()));
    for mut command in [by_descriptor, by_file, by_command] {
        let mut child = command.spawn().unwrap();
        await_hardened(&child);
        for file in ["cmdline", "environ", "comm", "status"] {
            assert!(!of_process(&child, file).contains(PASSWORD.trim()), "{file}");
        }
        assert!(is_hidden(&child), "other processes of the same user could read its memory");
        child.kill().unwrap();
        let done = Done::of(child.wait_with_output().unwrap());
        assert!(!done.text().contains(PASSWORD.trim()) && !done.stderr.contains(PASSWORD.trim()));
    }
}

/// Whether the system gives a process's memory to root alone: it does so with those
/// that asked for no dumps.
fn is_hidden(child: &Child) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let mem = fs::metadata(format!("/proc/{}/mem", child.id())).unwrap();
    let own = rustix::process::geteuid();
    if !own.is_root() {
        return mem.uid() == 0;
    }
    // Root reads everything: the children of somebody else show the difference.
    true
}

#[test]
fn another_user_cannot_look_into_a_process_of_their_own() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: root alone can become somebody else");
        return;
    }
    let mut child = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c"])
        // Stays as long as its input does: a text is read before anything else.
        .args(["exec \"$0\" register nobody --relay -", MSG])
        .env_clear()
        .env("MSG_HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    await_hardened(&child);
    let look = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "head", "-c1"])
        .arg(format!("/proc/{}/environ", child.id()))
        .output();
    let look = look.unwrap();
    let _ = child.stdin.take().unwrap().write_all(b"\n");
    child.wait().unwrap();
    assert!(!look.status.success(), "its own user reads {:?}", look.stdout);
}

#[test]
fn a_crash_leaves_no_memory_behind() {
    let relay = relay();
    let [alice, _bob] = friends(&relay);
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = alice.command(&["recv", "--follow"]);
    let child = command.current_dir(folder.path()).spawn().unwrap();
    await_hardened(&child);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).unwrap();
    let done = Done::of(child.wait_with_output().unwrap());
    assert_eq!(done.code, None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no core");
}

#[test]
fn no_output_and_no_file_of_a_whole_run_holds_what_is_secret() {
    let relay = relay();
    let (lara, password) = locked(&relay);
    let [_alice, bob] = friends(&relay);
    let canary = "canary-0815-in-a-text";
    let aside = tempfile::TempDir::with_prefix("msg-aside-").unwrap();
    let mut output = Vec::new();
    let mut run = |words: &[&str]| {
        let mut command = lara.command(&[words, &["--verbose"]].concat());
        command.env("MSG_PASSWORD_FILE", &password).env("TMPDIR", aside.path());
        let done = Done::of(command.output().unwrap());
        output.extend(done.stdout);
        output.extend(done.stderr.into_bytes());
    };
    run(&["add-contact", "bob"]);
    bob.done(&["add-contact", "lara"]);
    let rounds: [&[&str]; 14] = [
        &["recv"],
        &["send", "bob", canary],
        &["send", "zoe", canary],
        &["send", "bob", canary, "--wait", "read", "--timeout", "1s"],
        &["status"],
        &["whoami", "--json"],
        &["contacts", "--json"],
        &["verify", "bob"],
        &["requests"],
        &["rename", "bob", "robert"],
        &["block", "robert"],
        &["unblock", "robert"],
        &["sendd", "robert", "text"],
        &["lock"],
    ];
    for words in rounds {
        run(words);
    }
    assert_eq!(fs::read_dir(&aside).unwrap().count(), 0, "nothing is put aside in files");
    let key = fs::read_to_string(bob.home().join("msg/default/key")).unwrap();
    let secrets = [canary, PASSWORD.trim(), key.trim()];
    let holds = |bytes: &[u8], secret: &str| {
        bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    for secret in secrets {
        assert!(
            !holds(&output, secret),
            "a secret is printed: {}",
            String::from_utf8_lossy(&output)
        );
        assert!(!relay.log().contains(secret));
    }
    let kept = lara.files().into_iter().chain(bob.files()).chain(relay_files(&relay));
    for (path, bytes) in kept {
        let is_its_own = path == password || path.ends_with("default/key");
        for secret in secrets {
            assert!(is_its_own || !holds(&bytes, secret), "a secret is in {}", path.display());
        }
    }
}
