//! Which engine keeps what the relay keeps, and how its database is reached.

use core::fmt;
use std::path::PathBuf;

use tokio_postgres::config::Host;

use super::value::Parsed;
use crate::store::postgres::{objects, parameters};

/// What stands in the place of a text that may hold a password.
pub(super) const HIDDEN: &str = "(not shown)";

/// Where what the relay keeps is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// In the data folder, by this process alone.
    Redb,
    /// In a database that several nodes share.
    Postgres(Box<Database>),
}

/// A database, and where the pieces of blobs lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// How it is reached.
    pub dsn: Dsn,
    /// The file of the password, if it does not stand in the DSN.
    pub password_file: Option<PathBuf>,
    /// Certificate authorities by which it is known, in PEM; `None` for those of
    /// the system.
    pub ca: Option<PathBuf>,
    /// Whether a server that no other one follows will do.
    pub allow_single_node: bool,
    /// Where the pieces of blobs lie.
    pub blobs: String,
}

/// A DSN, which may hold a password and is never shown with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn(String);

impl Dsn {
    /// Takes what PostgreSQL's own tools take, with a host.
    pub(super) fn parse(text: &str) -> Parsed<Self> {
        const EXPECTED: &str =
            "a DSN is expected, as host=a,b,c user=msg dbname=msg, or postgres://msg@a/msg";
        let parameters = parameters(text).ok_or(EXPECTED)?;
        if parameters.get_hosts().is_empty() {
            return Err("the DSN names no host".to_owned());
        }
        if parameters.get_hosts().iter().any(is_cut_password) {
            return Err("a host of the DSN holds `@`; in a password it is written `%40`".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole text, with a password if there is one.
    pub fn to_secret_text(&self) -> String {
        self.0.clone()
    }

    /// Whether a password stands in it.
    pub fn holds_password(&self) -> bool {
        holds_password(&self.0)
    }

    /// The text without its password.
    pub(super) fn shown(&self) -> String {
        if !self.holds_password() {
            return self.0.clone();
        }
        let without = without_password(&self.0);
        if parameters(&without).is_some() && !holds_password(&without) {
            without
        } else {
            HIDDEN.to_owned()
        }
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Dsn(..)")
    }
}

/// Whether a host is the rest of a password that ended too early.
fn is_cut_password(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name.contains('@'),
        Host::Unix(path) => path.to_string_lossy().contains('@'),
    }
}

fn holds_password(dsn: &str) -> bool {
    parameters(dsn).is_some_and(|parameters| parameters.get_password().is_some())
}

/// The DSN with what looks like a password left out. Whether nothing of it is left
/// is for the caller to see.
fn without_password(dsn: &str) -> String {
    match dsn.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", url_without_password(rest)),
        None => pairs(dsn)
            .into_iter()
            .filter(|pair| pair.split('=').next().map(str::trim) != Some("password"))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn url_without_password(rest: &str) -> String {
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may hold what stands before the hosts.
    let address = match address.rsplit_once('@') {
        Some((user, hosts)) => {
            format!("{}@{hosts}", user.split(':').next().unwrap_or_default())
        }
        None => address.to_owned(),
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("password="))
        .collect();
    if kept.is_empty() { address } else { format!("{address}?{}", kept.join("&")) }
}

/// The pairs of `key = 'value' key=value`, each with its quotes.
fn pairs(dsn: &str) -> Vec<String> {
    let (mut pairs, mut pair) = (Vec::new(), String::new());
    let (mut quoted, mut escaped, mut valued) = (false, false, false);
    for character in dsn.chars() {
        let ends = character.is_whitespace() && !quoted && !escaped && valued;
        if ends && !pair.ends_with('=') {
            pairs.push(std::mem::take(&mut pair));
            valued = false;
            continue;
        }
        if character.is_whitespace() && !quoted && !escaped {
            continue;
        }
        valued |= character == '=';
        quoted ^= character == '\'' && !escaped;
        escaped = character == '\\' && !escaped;
        pair.push(character);
    }
    pairs.extend((!pair.is_empty()).then_some(pair));
    pairs
}

/// `redb` or `postgres`.
pub(super) fn is_postgres(text: &str) -> Parsed<bool> {
    match text {
        "redb" => Ok(false),
        "postgres" => Ok(true),
        _ => Err("redb or postgres is expected".to_owned()),
    }
}

/// `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`.
pub(super) fn blobs(text: &str) -> Parsed<String> {
    objects::check(text).map_err(|error| format!("{error}; {} is expected", objects::EXAMPLES))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dsn_is_shown_without_its_password_however_it_is_written() {
        for (dsn, shown) in [
            ("host=a,b user=msg dbname=msg", "host=a,b user=msg dbname=msg"),
            ("host=a password=secret user=msg", "host=a user=msg"),
            ("password='se cret' host=a", "host=a"),
            (r"host=a password = 'se\'cr et' user=msg", "host=a user=msg"),
            ("host = a  password =secret", "host=a"),
            (r"host=a password=se\ cret user=b", "host=a user=b"),
            (
                "postgres://msg:secret@a:5,b:6/db?sslmode=require",
                "postgres://msg@a:5,b:6/db?sslmode=require",
            ),
            ("postgresql://msg@a/db?password=secret", "postgresql://msg@a/db"),
            (
                "postgres://a/db?user=msg&password=secret&sslmode=require",
                "postgres://a/db?user=msg&sslmode=require",
            ),
        ] {
            let dsn = Dsn::parse(dsn).unwrap();
            assert_eq!(dsn.shown(), shown);
            assert_eq!(dsn.holds_password(), dsn.to_secret_text().contains("cr"));
            assert!(!format!("{dsn:?}").contains("cr"));
        }
    }

    #[test]
    fn what_is_no_dsn_is_refused_and_not_repeated() {
        for wrong in [
            "",
            "a",
            "host",
            "user=msg password=secret",
            "host=a port=x",
            "mysql://a/b",
            "postgres://msg:word@secret@a/b",
        ] {
            let why = Dsn::parse(wrong).unwrap_err();
            assert!(!why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn blobs_lie_in_a_folder_or_a_bucket() {
        for right in ["file:///srv/blobs", "s3://bucket", "s3://b/p?endpoint=https://c:9&region=x"]
        {
            assert_eq!(blobs(right), Ok(right.to_owned()));
        }
        let wrong = ["/srv/blobs", "file://srv", "file:///", "s3://", "s3:///p", "http://a/b"];
        for wrong in wrong.into_iter().chain(["s3://key:secret@b", "s3://b?endpoint=http://c:9"]) {
            assert!(blobs(wrong).is_err(), "{wrong}");
        }
    }
}
