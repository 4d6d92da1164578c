//! What a server must be set to, so that what it has committed is never lost.
//!
//! It is asked when a connection is made, and again behind every commit: an
//! operator may take the names of the standbys out, or a safeguard away, while a
//! commit waits, and the server then ends it as if nothing were wrong.

use tokio_postgres::Row;

use super::failure::OpenError;

/// Asks for all of them, in the order of [`REQUIREMENTS`].
pub(super) const ASK: &str = "SELECT pg_is_in_recovery()::text, current_setting('fsync'), \
     current_setting('full_page_writes'), current_setting('synchronous_commit'), \
     current_setting('synchronous_standby_names')";

/// Whether the answer to [`ASK`] meets them all.
pub(super) fn check(row: &Row, allow_single_node: bool) -> Result<(), OpenError> {
    for (column, requirement) in REQUIREMENTS.iter().enumerate() {
        let found: &str = row.try_get(column).unwrap_or_default();
        let waived = requirement.waivable && allow_single_node;
        if !waived && !(requirement.holds)(found) {
            return Err(OpenError::Setting {
                setting: requirement.setting,
                found: if found.is_empty() { "''".to_owned() } else { found.to_owned() },
                fix: requirement.fix,
            });
        }
    }
    Ok(())
}

/// What a server must be set to.
struct Requirement {
    setting: &'static str,
    holds: fn(&str) -> bool,
    fix: &'static str,
    waivable: bool,
}

const REQUIREMENTS: [Requirement; 5] = [
    Requirement {
        setting: "pg_is_in_recovery",
        holds: |found| found == "false",
        fix: "name the primary in `postgres.dsn`, or all servers with `target_session_attrs=read-write`",
        waivable: false,
    },
    Requirement {
        setting: "fsync",
        holds: |found| found == "on",
        fix: "set `fsync = on` in postgresql.conf and reload",
        waivable: false,
    },
    Requirement {
        setting: "full_page_writes",
        holds: |found| found == "on",
        fix: "set `full_page_writes = on` in postgresql.conf and reload",
        waivable: false,
    },
    Requirement {
        setting: "synchronous_commit",
        holds: |found| matches!(found, "on" | "remote_apply"),
        fix: "set `synchronous_commit = on` in postgresql.conf, and nothing else for the role or the database, and reload",
        waivable: false,
    },
    Requirement {
        setting: "synchronous_standby_names",
        holds: |found| !found.trim().is_empty(),
        fix: "set `synchronous_standby_names = 'ANY 1 (NAME, NAME)'` in postgresql.conf, with the application names of two standbys, and reload; with one server alone, `postgres.allow-single-node = true` says that its disk is all there is",
        waivable: true,
    },
];
