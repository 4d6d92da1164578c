//! Jobs that nobody watches: no environment, no terminal, nobody to ask.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use msg_tests::{
    msg::{Done, Person},
    relay::RelayProcess,
};
use tempfile::TempDir;

use super::{MSG, friends, relay};

/// Less memory than hashing a password takes.
const TOO_LITTLE: &str = "--data=50331648";

#[test]
fn cron_sends_from_an_environment_with_nothing_but_a_home() {
    let relay = relay();
    let [_alice, bob] = friends(&relay);
    let home = TempDir::with_prefix("msg-cron-").unwrap();
    let cron = |words: &[&str], input: &[u8]| {
        let mut command = Command::new(MSG);
        command.args(words).env_clear().env("HOME", home.path()).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let done = Done::of(child.wait_with_output().unwrap());
        assert_eq!(done.code, Some(0), "{words:?}: {}", done.stderr);
    };
    let link = relay.link().to_secret_text();
    cron(&["register", "cron", "--relay", &link, "--unattended"], b"");
    cron(&["add-contact", "bob"], b"");
    bob.done(&["add-contact", "cron"]);
    cron(&["send", "bob"], b"the backup is done\n");
    assert_eq!(bob.read(), ["the backup is done\n"]);
    assert!(home.path().join(".local/share/msg/default/store.redb").is_file());
}

#[test]
fn without_any_home_it_is_said_which_one_is_missing() {
    let done = Done::of(Command::new(MSG).arg("recv").env_clear().output().unwrap());
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("HOME") && done.stderr.contains("\nhint: "), "{}", done.stderr);
}

#[test]
fn a_locked_account_gives_6_before_anything_is_hashed() {
    let relay = relay();
    let (person, password) = locked(&relay);
    let short = |words: &[&str], password: Option<&PathBuf>| {
        let mut command = Command::new("prlimit");
        command.args([TOO_LITTLE, MSG]).args(words).env_clear();
        command.env("MSG_HOME", person.home().join("msg")).stdin(Stdio::null());
        command.envs(password.map(|path| ("MSG_PASSWORD_FILE", path)));
        Done::of(command.output().unwrap())
    };
    let hashing = short(&["whoami"], Some(&password));
    assert_eq!(hashing.code, Some(1), "{}", hashing.stderr);
    assert!(hashing.stderr.contains("not enough memory to hash"), "{}", hashing.stderr);
    let commands: [&[&str]; 7] = [
        &["send", "bob", "text"],
        &["recv"],
        &["recv", "--follow"],
        &["whoami"],
        &["status"],
        &["history"],
        &["unlock"],
    ];
    for words in commands {
        let done = short(words, None);
        assert_eq!(done.code, Some(6), "{words:?}: {}", done.stderr);
        assert!(done.stderr.contains("MSG_PASSWORD_FILE"), "{words:?}: {}", done.stderr);
        assert!(done.stdout.is_empty());
    }
    let json = short(&["recv", "--json"], None);
    assert_eq!(json.lines()[0]["code"], 6, "{}", json.text());
}

#[test]
fn a_password_comes_from_a_descriptor_a_file_a_command_or_the_service_manager() {
    let relay = relay();
    let (person, password) = locked(&relay);
    let credentials = TempDir::new().unwrap();
    fs::copy(&password, credentials.path().join("msg-password")).unwrap();
    let text = password.to_str().unwrap();
    let mut command = person.command(&["whoami", "--password-fd", "0"]);
    command.stdin(fs::File::open(&password).unwrap());
    assert!(command.output().unwrap().status.success(), "a descriptor");
    let cat = format!("/bin/cat {text}");
    let folder = credentials.path().to_str().unwrap();
    let sources = [
        ("MSG_PASSWORD_FILE", text),
        ("MSG_PASSWORD_COMMAND", &cat),
        ("CREDENTIALS_DIRECTORY", folder),
    ];
    for (key, value) in sources {
        let done = Done::of(person.command(&["whoami"]).env(key, value).output().unwrap());
        assert_eq!(done.code, Some(0), "{key}: {}", done.stderr);
    }
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = person.command(&["whoami"]);
    let done = Done::of(command.env("MSG_PASSWORD_FILE", text).output().unwrap());
    assert_eq!(done.code, Some(6), "{}", done.stderr);
    assert!(done.stderr.contains(&format!("hint: chmod 600 {text}")), "{}", done.stderr);
}

/// Somebody whose account has a password, and the file that it is in.
pub(super) fn locked(relay: &RelayProcess) -> (Person, PathBuf) {
    let person = Person::new(MSG, "lara");
    let password = person.home().join("password");
    fs::write(&password, super::PASSWORD).unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let link = relay.link().to_secret_text();
    let mut register = person.command(&["register", "lara", "--relay", &link]);
    let done = Done::of(register.env("MSG_PASSWORD_FILE", &password).output().unwrap());
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    (person, password)
}
