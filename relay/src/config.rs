//! What an operator configures: a TOML file, `MSG_RELAY_*` variables and flags,
//! in rising order. Each key has one name in all three.
//!
//! What is unknown, out of range or contradictory is an error that says where it
//! stands: a relay never runs on a configuration that its operator did not mean.
//! An empty value is as good as none.

mod build;
mod engine;
mod error;
mod key;
mod origin;
mod show;
mod source;
mod value;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use msg_protocol::{address::RelayAddress, version::Registration};

pub(crate) use self::value::{registration_text, size_text};
pub use self::{
    engine::{Database, Dsn, Engine},
    error::ConfigError,
    key::{KEYS, Key, variable},
    origin::Origin,
    source::{Environment, Flags},
};
use crate::limits::Limits;

/// What a relay runs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where it listens; port 0 is any that is free.
    pub listen: SocketAddr,
    /// What links show, if not the address it listens on.
    pub public: Option<RelayAddress>,
    /// Where it keeps what it keeps, as an absolute path.
    pub data: PathBuf,
    /// By which engine.
    pub engine: Engine,
    /// Who may register.
    pub registration: Registration,
    /// Whether the limits of sources leave out links from this machine.
    pub exempt_loopback: bool,
    /// Where Prometheus is answered.
    pub metrics: Metrics,
    /// Where balancers are told whether the relay is well.
    pub health: Option<SocketAddr>,
    /// Bytes of the store that are held in memory.
    pub cache_bytes: u64,
    /// Whether what people read is coloured.
    pub color: Color,
    /// Certificate and key in files of the operator's; `None` for those that the
    /// relay makes itself.
    pub tls: Option<TlsFiles>,
    /// What is logged, and where.
    pub log: Log,
    /// What is granted.
    pub limits: Limits,
    /// Where the keys were set that somebody set.
    origins: BTreeMap<String, Origin>,
}

/// Certificate and key as an operator provides them, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those it is signed with.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Where Prometheus is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metrics {
    /// At [`Metrics::USUAL`] if that is free, else nowhere: two relays on one
    /// machine both start.
    Auto,
    /// Nowhere.
    Off,
    /// There, on loopback, or the relay does not start.
    At(SocketAddr),
}

impl Metrics {
    /// Where a relay answers if nobody says.
    pub const USUAL: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7778);
}

/// Whether what people read is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// On a terminal that can, unless `NO_COLOR` or `CLICOLOR=0` says no.
    Auto,
    /// Wherever it goes.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// How it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// What is logged, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The least that is logged.
    pub level: LogLevel,
    /// How a line looks.
    pub format: LogFormat,
    /// The folder of daily files; `None` for stderr.
    pub folder: Option<PathBuf>,
    /// Daily files that are kept.
    pub days: u16,
}

/// How grave something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Something has failed that must not.
    Error,
    /// Something should be looked at.
    Warn,
    /// What an operator likes to know.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// How it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object on each line.
    Json,
}

impl Config {
    /// Puts together what all sources say.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let from_environment = environment.settings()?;
        let from_flags = flags.settings()?;
        let set_outside = |key: &str| {
            let setting = from_flags.get(key).or_else(|| from_environment.get(key))?;
            (!setting.text.is_empty()).then(|| PathBuf::from(&setting.text))
        };
        let data = set_outside("data").or_else(|| environment.data());
        let file = source::find_file(flags, environment, data.as_deref())?;
        let mut settings = match &file {
            Some((path, text)) => source::read_file(path, text)?,
            None => source::Settings::new(),
        };
        settings.extend(from_environment);
        settings.extend(from_flags);
        Self::of(settings, flags, environment.data())
    }

    /// What a file of that text says, where nothing else says anything.
    pub fn read(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let data = path.parent().map(Path::to_owned);
        Self::of(source::read_file(path, text)?, &Flags::default(), data)
    }

    fn of(
        mut settings: source::Settings,
        flags: &Flags,
        data: Option<PathBuf>,
    ) -> Result<Self, ConfigError> {
        // Empty values have done their work: they stood in the place of others.
        settings.retain(|_, setting| !setting.text.is_empty());
        build::build(&settings, flags, data)
    }

    /// Where a key's value came from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }

    /// The keys whose values differ between two configurations.
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let differs = |name: &String| {
            // What is not shown of a DSN may differ as well.
            self.shown(name) != other.shown(name)
                || (name == "postgres.dsn" && self.engine != other.engine)
        };
        key::names().filter(differs).collect()
    }
}

/// A number of bytes as all settings take it, such as `65536` or `64KiB`.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    value::size(text, &(0..=u64::MAX))
}

#[cfg(test)]
mod tests;
