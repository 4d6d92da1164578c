//! What the tools of a database do better than a relay that uses it.

use crate::{args::admin::Admin, config::Engine};

/// A command for a store in the data folder, where there is none. The operator's
/// fault, who is told what to use in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("with `store = postgres`, {what} is the database's own affair")]
pub(crate) struct DatabaseDoesIt {
    /// What is asked for.
    pub(crate) what: &'static str,
    /// What to do.
    pub(crate) hint: &'static str,
}

/// Why a command is of no use with that engine, if it is.
pub(super) const fn refusal(engine: &Engine, words: &Admin) -> Option<DatabaseDoesIt> {
    if matches!(engine, Engine::Redb) {
        return None;
    }
    let (what, hint) = match words {
        Admin::Backup { .. } => (
            "a backup",
            "pg_basebackup copies the database while everything runs; copy what `blobs` names after it",
        ),
        Admin::Restore { .. } => (
            "bringing a backup back",
            "stop all nodes, restore what pg_basebackup made and what `blobs` names, and start them again",
        ),
        Admin::Wipe { .. } => (
            "deleting the store",
            "stop all nodes, drop the database with dropdb, and delete what `blobs` names",
        ),
        Admin::Compact(_) => (
            "giving room back",
            "autovacuum frees room for what comes; VACUUM FULL gives it back to the file system, and shuts everybody out meanwhile",
        ),
        _ => return None,
    };
    Some(DatabaseDoesIt { what, hint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        args::Printing,
        config::{Config, Environment, Flags},
    };

    #[test]
    fn commands_for_a_store_in_a_folder_say_what_to_use_in_their_place() {
        let printing = Printing { json: false };
        let file = std::path::PathBuf::from("file");
        let words = [
            Admin::Backup { file: file.clone(), printing },
            Admin::Restore { file, printing },
            Admin::Wipe { key: false, yes: true, printing },
            Admin::Compact(printing),
        ];
        let environment = [
            ("HOME", "/nonexistent"),
            ("MSG_RELAY_STORE", "postgres"),
            ("MSG_RELAY_BLOBS", "file:///nonexistent"),
            ("MSG_RELAY_POSTGRES_DSN", "host=a"),
        ];
        let environment: Environment = environment.into_iter().collect();
        let config = Config::load(&Flags::default(), &environment).unwrap();
        for words in &words {
            let refused = super::super::operate(&config, words).unwrap_err();
            assert!(refused.is_usage() && refused.hint().is_some(), "{refused}");
            assert!(refused.to_string().contains("store = postgres"), "{refused}");
            assert_eq!(refusal(&Engine::Redb, words), None);
        }
        assert_eq!(refusal(&config.engine, &Admin::Stats(printing)), None);
    }
}
