//! What people configure and type: a relay's settings, those of an account, the
//! arguments of both programs.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

use msg_client::{engine::settings::Setting, rows::settings::SettingsRow};
use msg_relay::config::Config;

/// A file of a relay's settings: what is taken is shown as a file that says the same.
pub fn config_toml(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let path = Path::new("/etc/msg-relay/relay.toml");
    let config = match Config::read(path, text) {
        Ok(config) => config,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            drop(error.hint());
            return false;
        }
    };
    let written = config.to_toml();
    let again = Config::read(path, &written);
    let again = again.unwrap_or_else(|error| panic!("{error}, in\n{written}"));
    // A password in it is not shown.
    let changed = again.changed(&config).into_iter().filter(|key| key != "postgres.dsn");
    assert_eq!(changed.collect::<Vec<_>>(), [""; 0], "{written}");
    true
}

/// A setting of an account, by its number, and a value: what is taken is shown as
/// a value that means the same, and what is refused changes nothing.
pub fn setting(input: &[u8]) -> bool {
    let Some((number, value)) = input.split_first() else {
        return false;
    };
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let setting = Setting::ALL[usize::from(*number) % Setting::ALL.len()];
    let mut row = SettingsRow::default();
    if setting.set(&mut row, value).is_err() {
        assert_eq!(row, SettingsRow::default(), "refused, and changed");
        return false;
    }
    let shown = setting.value(&row);
    assert!(!shown.contains(char::is_control), "{shown:?}");
    let mut again = SettingsRow::default();
    setting.set(&mut again, &shown).expect("it is what was shown");
    assert_eq!(again, row, "{shown:?} is another value");
    true
}

/// The arguments of both programs, one a line.
pub fn cli_args(input: &[u8]) -> bool {
    let words = input.split(|byte| *byte == b'\n').map(|word| OsStr::from_bytes(word).to_owned());
    let words: Vec<OsString> = words.collect();
    let line = |program: &str| [&[OsString::from(program)], words.as_slice()].concat();
    let answers = [msg_cli::understands(&line("msg")), msg_relay::understands(&line("msg-relay"))];
    for answer in &answers {
        assert!(answer.as_ref().err().is_none_or(|why| !why.trim().is_empty()), "no reason");
    }
    answers.contains(&Ok(true))
}
