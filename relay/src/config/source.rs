//! The sources of a configuration: a file, the environment, flags. Each gives
//! settings, which are texts with their origin; nothing is interpreted here but
//! where a relative path in a file begins.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::{
    ConfigError, Origin,
    key::{self, FILE_VARIABLE, LIMITS, PREFIX},
};

/// The file that is read where no other is named and none is in the data folder.
const SYSTEM_FILE: &str = "/etc/msg-relay/relay.toml";
/// The file's name in the data folder.
const FILE: &str = "relay.toml";

/// A text for a key, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// Settings by key. A later source puts its own in the place of an earlier one's.
pub(super) type Settings = BTreeMap<String, Setting>;

/// What the command line sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// The file to read, which must be there.
    pub file: Option<PathBuf>,
    /// Keys, their values, and the flag that set them.
    pub settings: Vec<(String, String, &'static str)>,
    /// A host to listen on, at whatever port is set elsewhere.
    pub host: Option<String>,
    /// A port to listen on, at whatever host is set elsewhere.
    pub port: Option<String>,
}

/// The environment of the process, as far as it concerns a relay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(&OsString::from(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Where data is kept if nobody says: where systemd made a folder, or the
    /// user's own data.
    pub(super) fn data(&self) -> Option<PathBuf> {
        let state = self.0.get(&OsString::from("STATE_DIRECTORY"));
        let state = state.and_then(|folders| std::env::split_paths(folders).next());
        let absolute = |path: &PathBuf| path.is_absolute();
        let user = self.path("XDG_DATA_HOME").filter(absolute).or_else(|| {
            self.path("HOME").filter(absolute).map(|home| home.join(".local").join("share"))
        });
        state.filter(absolute).or_else(|| user.map(|data| data.join("msg-relay")))
    }

    /// What `MSG_RELAY_*` says.
    pub(super) fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = Settings::new();
        for (name, value) in &self.0 {
            let name = name.to_string_lossy();
            if !name.starts_with(PREFIX) || name == FILE_VARIABLE {
                continue;
            }
            let origin = Origin::Environment(name.clone().into_owned());
            let Some(key) = key::names().find(|key| key::variable(key) == name) else {
                let near = key::nearest(&name, key::names().map(|key| key::variable(&key)));
                return Err(ConfigError::UnknownKey { key: name.into_owned(), origin, near });
            };
            let Some(text) = value.to_str() else { return Err(ConfigError::NotText { origin }) };
            settings.insert(key, Setting { text: text.to_owned(), origin });
        }
        Ok(settings)
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Flags {
    /// What the flags say, but for host and port.
    pub(super) fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = Settings::new();
        for (key, text, flag) in &self.settings {
            let origin = Origin::Flag(flag);
            if !key::exists(key) {
                return Err(unknown(key, origin));
            }
            settings.insert(key.clone(), Setting { text: text.clone(), origin });
        }
        Ok(settings)
    }
}

/// The file that counts, with its text; `data` is the data folder as far as it
/// is known without a file.
pub(super) fn find_file(
    flags: &Flags,
    environment: &Environment,
    data: Option<&Path>,
) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let read = |path: PathBuf| match fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(source) => Err(ConfigError::File { path, source }),
    };
    if let Some(path) = flags.file.clone().or_else(|| environment.path(FILE_VARIABLE)) {
        return read(path).map(Some);
    }
    let usual = data.map(|data| data.join(FILE)).into_iter().chain([SYSTEM_FILE.into()]);
    for path in usual {
        match read(path) {
            Err(ConfigError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            found => return found.map(Some),
        }
    }
    Ok(None)
}

/// What a file says.
pub(super) fn read_file(path: &Path, text: &str) -> Result<Settings, ConfigError> {
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: line(text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    let mut settings = Settings::new();
    add_table("", table.get_ref(), &mut settings, &|at| {
        Origin::File(path.to_owned(), line(text, at))
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for (key, setting) in &mut settings {
        if key::is_path(key) && !setting.text.is_empty() {
            setting.text = folder.join(&setting.text).to_string_lossy().into_owned();
        }
    }
    Ok(settings)
}

/// Adds a table's keys, each under its whole name.
fn add_table(
    prefix: &str,
    table: &DeTable,
    settings: &mut Settings,
    origin: &dyn Fn(usize) -> Origin,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        let origin_of_key = origin(name.span().start);
        let is_table = prefix.is_empty() && key::names().any(|k| k.starts_with(&format!("{key}.")));
        let text = match value.get_ref() {
            DeValue::Table(inner) if is_table => {
                add_table(&format!("{key}."), inner, settings, origin)?;
                continue;
            }
            _ if !key::exists(&key) => return Err(unknown(&key, origin_of_key)),
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or_else(|_| integer.to_string(), |value| value.to_string()),
            DeValue::Boolean(value) => value.to_string(),
            other => {
                let found = match other {
                    DeValue::Array(_) => "a list",
                    DeValue::Table(_) => "a table",
                    DeValue::Float(_) => "a number with a fraction",
                    _ => "a date",
                };
                return Err(ConfigError::Type { key, found, origin: origin_of_key });
            }
        };
        settings.insert(key, Setting { text, origin: origin_of_key });
    }
    Ok(())
}

fn unknown(key: &str, origin: Origin) -> ConfigError {
    let near = key::nearest(&key.replace('_', "-"), key::names());
    let near = match &origin {
        Origin::Flag("--limit") => {
            near.map(|near| near.strip_prefix(LIMITS).unwrap_or(&near).to_owned())
        }
        _ => near,
    };
    ConfigError::UnknownKey { key: key.to_owned(), origin, near }
}

/// The number of the line that holds that byte.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
