//! The engine that an operator has chosen, opened.

use std::{os::unix::fs::MetadataExt as _, path::Path, sync::Arc};

use tracing::warn;

use super::RunError;
use crate::{
    config::{Config, Database, Origin},
    presence::Presence,
    private,
    store::{
        Store,
        postgres::{self, Postgres},
        redb::{self, Redb},
    },
    tls::{self, Tls},
};

/// Opens the store in the data folder.
pub(super) fn redb(config: &Config, presence: Arc<Presence>) -> Result<Redb, redb::OpenError> {
    Redb::open(&config.data, folder_options(config), presence)
}

/// How a store in a folder is opened.
pub(crate) fn folder_options(config: &Config) -> redb::Options {
    redb::Options {
        cache_bytes: usize::try_from(config.cache_bytes).unwrap_or(usize::MAX),
        floor_bytes: config.limits.floor_bytes,
        floor_percent: config.limits.floor_percent,
        ballast_bytes: config.limits.ballast_bytes,
        store_bytes: config.limits.store_bytes,
    }
}

/// Opens the store in a database.
pub(super) async fn postgres(
    database: &Database,
    presence: Arc<Presence>,
) -> Result<Postgres, RunError> {
    Ok(Postgres::open(database_options(database)?, presence).await?)
}

/// Says what of the configuration does nothing with a database, and that a password
/// lies open.
pub(super) fn complain(config: &Config, database: &Database) {
    let idle = idle_limits(config);
    if !idle.is_empty() {
        warn!(keys = %idle.join(" "), "these do nothing with `store = \"postgres\"`");
    }
    if let Origin::File(path, _) = config.origin("postgres.dsn")
        && database.dsn.holds_password()
        && is_open_to_all(path)
    {
        warn!(
            path = %path.display(),
            "others on this machine can read the database's password in it; \
             make it 640, or use postgres.password-file"
        );
    }
}

/// The limits that somebody has set, and that only a store in a folder keeps.
fn idle_limits(config: &Config) -> Vec<&'static str> {
    const OF_A_FOLDER: [&str; 4] = [
        "limits.floor-bytes",
        "limits.floor-percent",
        "limits.ballast-bytes",
        "limits.store-bytes",
    ];
    let is_set = |key: &&str| *config.origin(key) != Origin::Default;
    OF_A_FOLDER.into_iter().filter(is_set).collect()
}

/// Whether anybody on this machine can read it.
fn is_open_to_all(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
}

/// How a store in a database is opened.
pub(crate) fn database_options(database: &Database) -> Result<postgres::Options, RunError> {
    let dsn = database.dsn.to_secret_text();
    Ok(postgres::Options {
        password: database.password_file.as_deref().map(password).transpose()?,
        roots: database.ca.clone(),
        allow_single_node: database.allow_single_node,
        ..postgres::Options::new(dsn, database.blobs.clone())
    })
}

/// A file's text, without the end of its line.
fn password(file: &Path) -> Result<Vec<u8>, RunError> {
    let text = private::read_provided(file, true).map_err(RunError::Password)?;
    Ok(text.trim_end_matches(['\r', '\n']).as_bytes().to_vec())
}

/// Sees to it that all nodes show one key: links name it by its pin. Whoever names
/// the files of his key may be about to change it at all nodes.
pub(super) async fn check_pin(
    store: &impl Store,
    config: &Config,
    tls: &Tls,
) -> Result<(), RunError> {
    let own = tls.pin();
    let kept = store.pin(own).await?;
    if kept == own {
        return Ok(());
    }
    if config.tls.is_some() {
        warn!("this node shows another TLS key than the first one did");
        return Ok(());
    }
    let [key, certificate] = tls::own_files(&config.data);
    Err(RunError::OtherKey { own: Box::new(own), kept: Box::new(kept), key, certificate })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::{
        config::{Environment, Flags},
        store::memory::Memory,
        test_folder::Folder,
    };

    fn config(folder: &Folder, more: &[(&str, &str)]) -> Config {
        let data = folder.path().to_string_lossy().into_owned();
        let given = [("MSG_RELAY_DATA", data.as_str())];
        let environment: Environment = given.iter().chain(more).copied().collect();
        Config::load(&Flags::default(), &environment).unwrap()
    }

    #[test]
    fn what_does_nothing_and_what_lies_open_is_seen() {
        let folder = Folder::new("complaints");
        assert_eq!(idle_limits(&config(&folder, &[])), [""; 0]);
        let set = config(&folder, &[("MSG_RELAY_LIMITS_FLOOR_BYTES", "1GiB")]);
        assert_eq!(idle_limits(&set), ["limits.floor-bytes"]);
        let file = folder.path().join("relay.toml");
        std::fs::write(&file, "").unwrap();
        for (mode, is_open) in [(0o644, true), (0o640, false), (0o600, false)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open_to_all(&file), is_open);
        }
    }

    #[tokio::test]
    async fn a_node_with_another_key_does_not_start_unless_its_files_are_named() {
        let store = Memory::new(Arc::new(Presence::default())).unwrap();
        let folders = [Folder::new("pin-first"), Folder::new("pin-second")];
        let [first, second] = folders.each_ref().map(|folder| {
            let config = config(folder, &[]);
            let tls = Tls::open(&tls::Source::Own(config.data.clone(), Vec::new())).unwrap();
            (config, tls)
        });
        for _ in 0..2 {
            assert!(check_pin(&store, &first.0, &first.1).await.is_ok());
        }
        let refused = check_pin(&store, &second.0, &second.1).await.unwrap_err();
        let (said, hint) = (refused.to_string(), refused.hint().unwrap());
        for pin in [first.1.pin(), second.1.pin()] {
            assert!(said.contains(&pin.to_string()), "{said}");
        }
        let [key, certificate] = tls::own_files(&second.0.data);
        for file in [&key, &certificate] {
            assert!(hint.contains(&file.display().to_string()), "{hint}");
        }
        let files = [
            ("MSG_RELAY_TLS_KEY", key.to_str().unwrap()),
            ("MSG_RELAY_TLS_CERTIFICATE", certificate.to_str().unwrap()),
        ];
        let named = config(&folders[1], &files);
        assert!(check_pin(&store, &named, &second.1).await.is_ok());
    }

    #[test]
    fn a_password_ends_before_its_line_does() {
        let folder = Folder::new("password");
        let path = folder.path().join("password");
        private::make_file(&path, " pass word \r\n").unwrap();
        assert_eq!(password(&path).unwrap(), b" pass word ");
        assert!(password(&folder.path().join("none")).is_err());
    }
}
