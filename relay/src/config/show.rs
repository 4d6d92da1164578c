//! The configuration as text: TOML that reads back to the same configuration,
//! and JSON. Both say of each value where it came from.

use core::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{
    Config, Database, Engine, LogFormat, Metrics,
    key::{self, LIMITS},
    value,
};
use crate::limits::Limits;

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    Text(String),
    Number(u64),
    Bytes(u64),
    Truth(bool),
    Unset,
}

impl Shown {
    fn path(path: Option<&std::path::Path>) -> Self {
        path.map_or(Self::Unset, |path| Self::Text(path.to_string_lossy().into_owned()))
    }

    fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => toml::Value::from(text.as_str()).to_string(),
            Self::Bytes(bytes) if *bytes >= 1_024 => format!("\"{}\"", value::size_text(*bytes)),
            Self::Number(number) | Self::Bytes(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Unset => "\"\"".to_owned(),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) | Self::Bytes(number) => json!(number),
            Self::Truth(truth) => json!(truth),
            Self::Unset => Value::Null,
        }
    }
}

impl Config {
    /// The value of a key.
    pub(super) fn shown(&self, name: &str) -> Shown {
        let (tls, database) = (self.tls.as_ref(), self.database());
        match name {
            "listen" => Shown::Text(self.listen.to_string()),
            "public" => self
                .public
                .as_ref()
                .map_or(Shown::Unset, |public| Shown::Text(public.with_port().to_string())),
            "data" => Shown::path(Some(&self.data)),
            "store" => Shown::Text(if database.is_some() { "postgres" } else { "redb" }.to_owned()),
            "blobs" => text(database, |database| database.blobs.clone()),
            "postgres.dsn" => text(database, |database| database.dsn.shown()),
            "postgres.password-file" => {
                Shown::path(database.and_then(|database| database.password_file.as_deref()))
            }
            "postgres.ca" => Shown::path(database.and_then(|database| database.ca.as_deref())),
            "postgres.allow-single-node" => {
                Shown::Truth(database.is_some_and(|database| database.allow_single_node))
            }
            "health" => {
                self.health.map_or(Shown::Unset, |address| Shown::Text(address.to_string()))
            }
            "registration" => Shown::Text(value::registration_text(self.registration).to_owned()),
            "exempt-loopback" => Shown::Truth(self.exempt_loopback),
            "metrics" => Shown::Text(match self.metrics {
                Metrics::Auto => "auto".to_owned(),
                Metrics::Off => "off".to_owned(),
                Metrics::At(address) => address.to_string(),
            }),
            "cache-bytes" => Shown::Bytes(self.cache_bytes),
            "color" => Shown::Text(self.color.as_str().to_owned()),
            "tls.certificate" => Shown::path(tls.map(|files| files.certificate.as_path())),
            "tls.key" => Shown::path(tls.map(|files| files.key.as_path())),
            "log.level" => Shown::Text(self.log.level.as_str().to_owned()),
            "log.format" => Shown::Text(match self.log.format {
                LogFormat::Text => "text".to_owned(),
                LogFormat::Json => "json".to_owned(),
            }),
            "log.folder" => Shown::path(self.log.folder.as_deref()),
            "log.days" => Shown::Number(self.log.days.into()),
            _ => {
                let limit = name.strip_prefix(LIMITS).unwrap_or(name);
                let value = self.limits.value(limit).unwrap_or_default();
                if Limits::is_bytes(limit) { Shown::Bytes(value) } else { Shown::Number(value) }
            }
        }
    }

    fn database(&self) -> Option<&Database> {
        match &self.engine {
            Engine::Redb => None,
            Engine::Postgres(database) => Some(database),
        }
    }

    /// As TOML, each value with its origin.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut table = String::new();
        for name in key::names() {
            let (of, key) = name.split_once('.').unwrap_or(("", &name));
            if of != table {
                let _ = writeln!(text, "\n[{of}]");
                of.clone_into(&mut table);
            }
            let value = self.shown(&name).to_toml();
            let _ = writeln!(text, "{key} = {value}  # {}", comment(self.origin(&name)));
        }
        text
    }

    /// As one object: of each key the value and its origin.
    pub fn to_json(&self) -> Value {
        let entry = |name: String| {
            let value = json!({
                "value": self.shown(&name).to_json(),
                "origin": self.origin(&name).to_string(),
            });
            (name, value)
        };
        json!({ "v": 1, "type": "config", "config": key::names().map(entry).collect::<Map<_, _>>() })
    }

    /// The limits as lines: name, value, default, origin, and what is bounded.
    pub fn limits_table(&self) -> Vec<[String; 5]> {
        let row = |info: &crate::limits::LimitInfo| {
            let name = format!("{LIMITS}{}", info.name);
            let is_bytes = Limits::is_bytes(info.name);
            let text =
                |value: u64| if is_bytes { value::size_text(value) } else { value.to_string() };
            [
                info.name.to_owned(),
                text(self.limits.value(info.name).unwrap_or_default()),
                text(info.default),
                self.origin(&name).to_string(),
                info.about.to_owned(),
            ]
        };
        Limits::ALL.iter().map(row).collect()
    }

    /// The limits as one object for each.
    pub fn limits_json(&self) -> Vec<Value> {
        let row = |info: &crate::limits::LimitInfo| {
            json!({
                "v": 1,
                "type": "limit",
                "name": info.name,
                "value": self.limits.value(info.name).unwrap_or_default(),
                "default": info.default,
                "origin": self.origin(&format!("{LIMITS}{}", info.name)).to_string(),
                "about": info.about,
            })
        };
        Limits::ALL.iter().map(row).collect()
    }
}

fn text(database: Option<&Database>, text: impl FnOnce(&Database) -> String) -> Shown {
    database.map_or(Shown::Unset, |database| Shown::Text(text(database)))
}

/// An origin within a comment: a path may hold anything, a comment may not.
fn comment(origin: &super::Origin) -> String {
    origin.to_string().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
