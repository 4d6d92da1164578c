//! Connections that are good: to a server that takes writes and keeps its word.
//!
//! Every connection is checked when it is made, the first and each later one: a
//! server may have been configured otherwise meanwhile, or another one may have
//! taken its place. OPERATIONS.md lists the settings.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

use msg_protocol::id::RelayEpoch;
use sha2::{Digest as _, Sha256};
use tokio_postgres::{
    Config,
    config::{SslMode, TargetSessionAttrs},
};

use super::{
    failure::{Failure, OpenError},
    line::{Hear, Line, reason},
    options::Options,
    tls::DatabaseTls,
};

/// How long a server may take to answer a dial.
const DIAL_TIME: Duration = Duration::from_secs(3);
/// After which a silent server counts as gone.
const SILENCE: Duration = Duration::from_secs(15);

/// Makes connections.
pub(super) struct Dialer {
    config: Config,
    tls: DatabaseTls,
    allow_single_node: bool,
    /// What tells this server's history from others.
    history: RwLock<[u8; 32]>,
}

impl Dialer {
    /// For the database that the options name.
    pub(super) fn new(options: &Options) -> Result<Self, OpenError> {
        let mut config: Config = options.dsn.parse().map_err(|_| OpenError::Dsn)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(OpenError::Dsn);
        }
        if let Some(password) = &options.password {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("msg-relay");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(DIAL_TIME);
        }
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        let is_plain = config.get_ssl_mode() == SslMode::Disable;
        let roots = options.roots.as_deref();
        let tls = DatabaseTls::read(if is_plain { None } else { roots })?;
        Ok(Self {
            config,
            tls,
            allow_single_node: options.allow_single_node,
            history: RwLock::new([0; 32]),
        })
    }

    /// A connection to a server that has been checked.
    pub(super) async fn dial(&self, hear: Option<Hear>) -> Result<Line, OpenError> {
        let line = self.connect(hear).await?;
        self.check(&line).await?;
        let history = history(&line).await;
        *self.history.write().unwrap_or_else(PoisonError::into_inner) = history;
        Ok(line)
    }

    /// The epoch of a store that has that seed, on the server dialled last.
    pub(super) fn epoch(&self, seed: &[u8]) -> RelayEpoch {
        let history = self.history.read().unwrap_or_else(PoisonError::into_inner);
        let mut hash = Sha256::new();
        hash.update(seed);
        hash.update(*history);
        let digest: [u8; 32] = hash.finalize().into();
        RelayEpoch(digest.first_chunk().copied().unwrap_or_default())
    }

    async fn connect(&self, hear: Option<Hear>) -> Result<Line, OpenError> {
        let (client, connection) = self
            .config
            .connect(self.tls.clone())
            .await
            .map_err(|error| OpenError::Unreachable(reason(&error)))?;
        Ok(Line::new(client, connection, hear))
    }

    async fn check(&self, line: &Line) -> Result<(), OpenError> {
        const ASK: &str = "SELECT pg_is_in_recovery()::text, current_setting('fsync'), \
             current_setting('full_page_writes'), current_setting('synchronous_commit'), \
             current_setting('synchronous_standby_names')";
        let unreachable = |_| OpenError::Unreachable("the connection was lost".to_owned());
        let row = line.row(ASK, &[]).await.map_err(unreachable)?;
        let row = row.ok_or_else(|| unreachable(Failure::Lost))?;
        for (column, requirement) in REQUIREMENTS.iter().enumerate() {
            let found: &str = row.try_get(column).unwrap_or_default();
            let waived = requirement.waivable && self.allow_single_node;
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

/// What tells this server and its timeline from any other: a failover, and a
/// restore to a point in time, begin another timeline.
async fn history(line: &Line) -> [u8; 32] {
    const ASK: &str = "SELECT system_identifier::text, \
         substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) FROM pg_control_system()";
    let Ok(Some(row)) = line.row(ASK, &[]).await else { return [0; 32] };
    let (Ok(system), Ok(timeline)) = (row.try_get::<_, &str>(0), row.try_get::<_, &str>(1)) else {
        return [0; 32];
    };
    Sha256::digest(format!("{system}/{timeline}")).into()
}
