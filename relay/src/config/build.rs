//! From texts with their origins to a configuration.

use core::ops::RangeInclusive;
use std::{
    net::SocketAddr,
    path::{PathBuf, absolute},
};

use msg_protocol::{
    address::{DEFAULT_PORT, RelayAddress},
    version::Registration,
};

use super::{
    Color, Config, ConfigError, Flags, Log, LogFormat, LogLevel, Metrics, Origin, TlsFiles,
    engine::{self, Database, Dsn, Engine, HIDDEN},
    key::LIMITS,
    source::{Setting, Settings},
    value::{self, Parsed},
};
use crate::limits::Limits;

const CACHE_BYTES: u64 = 64 << 20;
const CACHE_RANGE: RangeInclusive<u64> = 1 << 20..=1 << 40;
const LOG_DAYS: u64 = 14;
const LOG_DAYS_RANGE: RangeInclusive<u64> = 1..=3_650;

/// Builds the configuration; `data` is where data is kept if no setting says.
pub(super) fn build(
    settings: &Settings,
    flags: &Flags,
    data: Option<PathBuf>,
) -> Result<Config, ConfigError> {
    let mut origins: std::collections::BTreeMap<String, Origin> =
        settings.iter().map(|(key, setting)| (key.clone(), setting.origin.clone())).collect();
    let listen = listen(settings, flags, &mut |origin| {
        origins.insert("listen".to_owned(), origin);
    })?;
    let public = read(settings, "public", public)?;
    let is_local =
        listen.ip().is_loopback() && public.as_ref().is_none_or(|at| at.host.is_loopback());
    let registration = read(settings, "registration", value::registration)?;
    let exempt_loopback = read(settings, "exempt-loopback", value::truth)?;
    // Behind a forwarder on this machine everybody seems to come from it.
    let forwarded = listen.ip().is_loopback() && !is_local;
    let cache_bytes = read(settings, "cache-bytes", |text| value::size(text, &CACHE_RANGE))?;

    Ok(Config {
        listen,
        public,
        engine: engine(settings)?,
        data: read(settings, "data", path)?.or(data).ok_or(ConfigError::NoHome)?,
        registration: registration.unwrap_or(if is_local {
            Registration::Open
        } else {
            Registration::Invited
        }),
        exempt_loopback: exempt_loopback.unwrap_or(!forwarded),
        metrics: read(settings, "metrics", value::metrics)?.unwrap_or(Metrics::Auto),
        health: read(settings, "health", value::address)?,
        color: read(settings, "color", value::color)?.unwrap_or(Color::Auto),
        cache_bytes: cache_bytes.unwrap_or(CACHE_BYTES),
        tls: tls(settings)?,
        log: log(settings)?,
        limits: limits(settings)?,
        origins,
    })
}

/// Reads a key's value, if there is one.
fn read<T>(
    settings: &Settings,
    key: &str,
    parse: impl Fn(&str) -> Parsed<T>,
) -> Result<Option<T>, ConfigError> {
    settings.get(key).map(|setting| read_setting(key, setting, parse)).transpose()
}

fn read_setting<T>(
    key: &str,
    setting: &Setting,
    parse: impl Fn(&str) -> Parsed<T>,
) -> Result<T, ConfigError> {
    parse(&setting.text).map_err(|why| ConfigError::Value {
        key: key.to_owned(),
        value: setting.text.clone(),
        origin: setting.origin.clone(),
        why,
    })
}

/// `-a` and `-p` change a part of what is set elsewhere.
fn listen(
    settings: &Settings,
    flags: &Flags,
    note: &mut dyn FnMut(Origin),
) -> Result<SocketAddr, ConfigError> {
    let mut listen = read(settings, "listen", value::listen)?
        .unwrap_or(SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT));
    let given = |text: &Option<String>, flag| {
        text.clone().map(|text| Setting { text, origin: Origin::Flag(flag) })
    };
    if let Some(host) = given(&flags.host, "--address") {
        listen.set_ip(read_setting("listen", &host, value::host)?);
        note(host.origin);
    }
    if let Some(port) = given(&flags.port, "--port") {
        listen.set_port(read_setting("listen", &port, value::port)?);
        note(port.origin);
    }
    Ok(listen)
}

fn public(text: &str) -> Parsed<RelayAddress> {
    text.parse().map_err(|error: msg_protocol::address::RelayAddressError| error.to_string())
}

fn path(text: &str) -> Parsed<PathBuf> {
    absolute(text).map_err(|error| error.to_string())
}

fn tls(settings: &Settings) -> Result<Option<TlsFiles>, ConfigError> {
    const NAMES: [&str; 2] = ["tls.certificate", "tls.key"];
    let [certificate, key] = NAMES.map(|name| read(settings, name, path));
    let half = |set: &'static str, missing| {
        let origin = settings.get(set).map_or(Origin::Default, |setting| setting.origin.clone());
        Err(ConfigError::HalfOfTls { set, origin, missing })
    };
    match (certificate?, key?) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => half("tls.certificate", "tls.key"),
        (None, Some(_)) => half("tls.key", "tls.certificate"),
    }
}

/// What only a database needs, first what it cannot do without.
const OF_A_DATABASE: [&str; 5] = [
    "postgres.dsn",
    "blobs",
    "postgres.password-file",
    "postgres.ca",
    "postgres.allow-single-node",
];

fn engine(settings: &Settings) -> Result<Engine, ConfigError> {
    let allow_single_node =
        read(settings, "postgres.allow-single-node", value::truth)?.unwrap_or(false);
    if !read(settings, "store", engine::is_postgres)?.unwrap_or(false) {
        let is_set = |key: &&str| *key != "postgres.allow-single-node" || allow_single_node;
        let mut set = OF_A_DATABASE.into_iter().filter(is_set);
        let first = set.find_map(|key| Some((key, settings.get(key)?)));
        return first.map_or(Ok(Engine::Redb), |(key, setting)| {
            Err(ConfigError::NoDatabase { key, origin: setting.origin.clone() })
        });
    }
    let missing = |missing| {
        let origin = settings.get("store").map_or(Origin::Default, |store| store.origin.clone());
        ConfigError::HalfOfDatabase { origin, missing }
    };
    Ok(Engine::Postgres(Box::new(Database {
        dsn: dsn(settings)?.ok_or_else(|| missing("postgres.dsn"))?,
        blobs: read(settings, "blobs", engine::blobs)?.ok_or_else(|| missing("blobs"))?,
        password_file: read(settings, "postgres.password-file", path)?,
        ca: read(settings, "postgres.ca", path)?,
        allow_single_node,
    })))
}

/// The DSN, of which no error repeats anything: it may hold a password.
fn dsn(settings: &Settings) -> Result<Option<Dsn>, ConfigError> {
    let Some(setting) = settings.get("postgres.dsn") else { return Ok(None) };
    let hidden = Setting { text: HIDDEN.to_owned(), origin: setting.origin.clone() };
    let dsn = read_setting("postgres.dsn", &hidden, |_| Dsn::parse(&setting.text))?;
    if dsn.holds_password() {
        if let Origin::Flag(flag) = setting.origin {
            return Err(ConfigError::PasswordInFlag { flag });
        }
        if let Some(file) = settings.get("postgres.password-file") {
            return Err(ConfigError::TwoPasswords {
                origin: setting.origin.clone(),
                file: file.origin.clone(),
            });
        }
    }
    Ok(Some(dsn))
}

fn log(settings: &Settings) -> Result<Log, ConfigError> {
    let days = read(settings, "log.days", |text| value::number(text, &LOG_DAYS_RANGE))?;
    Ok(Log {
        level: read(settings, "log.level", value::log_level)?.unwrap_or(LogLevel::Info),
        format: read(settings, "log.format", value::log_format)?.unwrap_or(LogFormat::Text),
        folder: read(settings, "log.folder", path)?,
        days: u16::try_from(days.unwrap_or(LOG_DAYS)).unwrap_or(u16::MAX),
    })
}

fn limits(settings: &Settings) -> Result<Limits, ConfigError> {
    let mut limits = Limits::default();
    for info in Limits::ALL {
        let range = Limits::range(info.name);
        let parse = if Limits::is_bytes(info.name) { value::size } else { value::number };
        let key = format!("{LIMITS}{}", info.name);
        if let Some(value) = read(settings, &key, |text| parse(text, &range))? {
            // Cannot fail: the name is one of the table's.
            let _ = limits.set(info.name, value);
        }
    }
    limits.check()?;
    Ok(limits)
}
