//! The keys of the configuration: each has one name in a file, one environment
//! variable and one flag. Limits are keys too, under `limits.`.

use crate::limits::Limits;

/// The prefix of every environment variable of a relay.
pub(super) const PREFIX: &str = "MSG_RELAY_";
/// Names the file itself, so it is no key of it.
pub(super) const FILE_VARIABLE: &str = "MSG_RELAY_CONFIG";
/// What the keys of limits begin with.
pub(super) const LIMITS: &str = "limits.";

/// A key, but for the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name, with a dot between table and key.
    pub name: &'static str,
    /// Its flag.
    pub flag: &'static str,
    /// Whether its value is a path: one in a file is relative to that file.
    pub is_path: bool,
}

const fn key(name: &'static str, flag: &'static str) -> Key {
    Key { name, flag, is_path: false }
}

const fn path(name: &'static str, flag: &'static str) -> Key {
    Key { name, flag, is_path: true }
}

/// The keys in the order in which they are shown.
pub const KEYS: [Key; 21] = [
    key("listen", "--listen"),
    key("public", "--public"),
    path("data", "--data"),
    key("store", "--store"),
    key("blobs", "--blobs"),
    key("registration", "--registration"),
    key("exempt-loopback", "--exempt-loopback"),
    key("metrics", "--metrics"),
    key("health", "--health"),
    key("cache-bytes", "--cache-bytes"),
    key("color", "--color"),
    key("postgres.dsn", "--postgres-dsn"),
    path("postgres.password-file", "--postgres-password-file"),
    path("postgres.ca", "--postgres-ca"),
    key("postgres.allow-single-node", "--postgres-allow-single-node"),
    path("tls.certificate", "--tls-certificate"),
    path("tls.key", "--tls-key"),
    key("log.level", "--log-level"),
    key("log.format", "--log-format"),
    path("log.folder", "--log-folder"),
    key("log.days", "--log-days"),
];

/// The names of all keys, limits among them.
pub(super) fn names() -> impl Iterator<Item = String> {
    let keys = KEYS.iter().map(|key| key.name.to_owned());
    keys.chain(Limits::ALL.iter().map(|info| format!("{LIMITS}{}", info.name)))
}

/// Whether there is a key of that name.
pub(super) fn exists(name: &str) -> bool {
    names().any(|known| known == name)
}

/// Whether values of that key are paths.
pub(super) fn is_path(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name && key.is_path)
}

/// The environment variable of a key.
pub fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase().replace(['.', '-'], "_"))
}

/// The candidate that was probably meant.
pub(super) fn nearest(
    written: &str,
    candidates: impl IntoIterator<Item = String>,
) -> Option<String> {
    const LIKE_ENOUGH: f64 = 0.6;
    let likeness = |candidate: String| {
        let like = strsim::normalized_damerau_levenshtein(written, &candidate);
        (like >= LIKE_ENOUGH).then_some((like, candidate))
    };
    let best = candidates.into_iter().filter_map(likeness).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_key_has_a_variable_of_its_own() {
        let variables: BTreeSet<String> = names().map(|name| variable(&name)).collect();
        assert_eq!(variables.len(), names().count());
        assert!(!variables.contains(FILE_VARIABLE));
        assert_eq!(variable("limits.mailbox-envelopes"), "MSG_RELAY_LIMITS_MAILBOX_ENVELOPES");
    }
}
