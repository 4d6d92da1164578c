//! The command line: words, flags and their help. What the words do stands
//! elsewhere.
//!
//! Flags that configure are texts here; [`crate::config`] reads them, as it
//! reads the same settings from a file and from the environment.

pub(crate) mod admin;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use self::admin::Admin;
use crate::config::Flags;

const EXAMPLES: &str = "\
Examples:
  msg-relay                              serve on 127.0.0.1:7777; anybody on this machine may register
  msg-relay -a 0.0.0.0 --public relay.example
                                         serve everybody; links show that name
  msg-relay --limit mailbox-bytes=1GiB   serve with another limit
  msg-relay config                       what is configured, and where
  msg-relay invite create                print a link with which somebody may register

Settings come from a TOML file, MSG_RELAY_* variables and flags; a later one wins.";

/// A relay for msg: it authenticates, stores, forwards and forgets, and can read nothing.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "msg-relay", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(subcommand_precedence_over_arg = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    settings: SettingFlags,
}

/// What there is beside serving.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the configuration, and where each value came from.
    ///
    /// What is printed is a valid configuration file.
    #[command(after_help = "Examples:
  msg-relay config > relay.toml
  MSG_RELAY_LOG_LEVEL=debug msg-relay config | grep level
  msg-relay config --json")]
    Config(Printing),
    /// Print every limit: its value, its default, where the value came from, what it bounds.
    #[command(after_help = "Examples:
  msg-relay limits
  msg-relay --limit knocks=64 limits --json")]
    Limits(Printing),
    /// Make the data folder, TLS key and store without serving yet; print the relay's link.
    ///
    /// Serving makes what is not there by itself. This is for whoever wants to see
    /// the pin, or back the key up, before the first user comes.
    #[command(after_help = "Examples:
  msg-relay --data /var/lib/msg-relay --public relay.example init
  msg-relay init --json")]
    Init(Printing),
    /// Move the store between the data folder and a database. No relay may run on either.
    ///
    /// With `store = postgres` and a database configured, everything goes from the
    /// data folder into it, or back. It is read anew at both ends and compared.
    /// Nothing is changed where it was. What is cut off goes on when it is run again.
    #[command(after_help = "Examples:
  systemctl stop msg-relay
  msg-relay migrate --to postgres        with store, postgres.dsn and blobs in relay.toml
  msg-relay migrate --to redb            and back, into a data folder without a store")]
    Migrate(Migrate),
    #[command(flatten)]
    Admin(Admin),
}

/// Where a store goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Destination {
    /// Into the database.
    Postgres,
    /// Into the data folder.
    Redb,
}

/// What is moved, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ClapArgs)]
pub(crate) struct Migrate {
    /// Where everything goes.
    #[arg(long, value_name = "ENGINE")]
    pub(crate) to: Destination,
    /// Leave behind what cannot be read, and name it, rather than move nothing.
    #[arg(long)]
    pub(crate) skip_damaged: bool,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// How a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ClapArgs)]
pub(crate) struct Printing {
    /// Print JSON, one object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flags that configure. Each has a twin in the file and in the environment.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Settings")]
struct SettingFlags {
    /// Read this configuration file [default: relay.toml in the data folder, or /etc/msg-relay/relay.toml].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Listen there [default: 127.0.0.1:7777].
    #[arg(long, global = true, value_name = "HOST:PORT", conflicts_with_all = ["address", "port"])]
    listen: Option<String>,
    /// Listen on that address; 0.0.0.0 or [::] for all.
    #[arg(short, long, global = true, value_name = "HOST")]
    address: Option<String>,
    /// Listen on that port.
    #[arg(short, long, global = true, value_name = "PORT")]
    port: Option<String>,
    /// Show this address in links, its port 7777 unless named [default: the one it listens on].
    #[arg(long, global = true, value_name = "HOST[:PORT]")]
    public: Option<String>,
    /// Keep everything in this folder [default: ~/.local/share/msg-relay].
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Keep it there with that engine: redb, or postgres in a database [default: redb].
    #[arg(long, global = true, value_name = "ENGINE")]
    store: Option<String>,
    /// With postgres, keep pieces of files there: file:///FOLDER or s3://BUCKET/PREFIX.
    #[arg(long, global = true, value_name = "URL")]
    blobs: Option<String>,
    /// Who may register: open, invited or closed [default: open on loopback, else invited].
    #[arg(long, global = true, value_name = "POLICY")]
    registration: Option<String>,
    /// Whether links from this machine are free of the limits of sources.
    #[arg(long, global = true, value_name = "true|false")]
    exempt_loopback: Option<String>,
    /// Answer Prometheus at this loopback address, or off [default: 127.0.0.1:7778 if free].
    #[arg(long, global = true, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// Tell balancers at this address whether the relay is well [default: nowhere].
    #[arg(long, global = true, value_name = "HOST:PORT")]
    health: Option<String>,
    /// Hold that much of the store in memory [default: 64MiB].
    #[arg(long, global = true, value_name = "SIZE")]
    cache_bytes: Option<String>,
    /// Colour what people read, the text log among it: auto, always or never [default: auto].
    #[arg(long, global = true, value_name = "WHEN")]
    color: Option<String>,
    /// Reach the database so; a password belongs into a file.
    #[arg(long, global = true, value_name = "DSN")]
    postgres_dsn: Option<String>,
    /// Read the database's password from this file.
    #[arg(long, global = true, value_name = "FILE")]
    postgres_password_file: Option<String>,
    /// Know the database by these certificate authorities [default: the system's].
    #[arg(long, global = true, value_name = "FILE")]
    postgres_ca: Option<String>,
    /// Take a database that no standby follows.
    #[arg(long, global = true, value_name = "true|false")]
    postgres_allow_single_node: Option<String>,
    /// Show this certificate instead of one's own, with --tls-key.
    #[arg(long, global = true, value_name = "FILE")]
    tls_certificate: Option<String>,
    /// The key of that certificate.
    #[arg(long, global = true, value_name = "FILE")]
    tls_key: Option<String>,
    /// Log from that level on: error, warn, info, debug or trace [default: info].
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Log as text or as json [default: text].
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Log to daily files in this folder [default: to stderr].
    #[arg(long, global = true, value_name = "FOLDER")]
    log_folder: Option<String>,
    /// Keep that many daily files [default: 14].
    #[arg(long, global = true, value_name = "DAYS")]
    log_days: Option<String>,
    /// Set a limit; `msg-relay limits` names them.
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = limit)]
    limit: Vec<(String, String)>,
}

fn limit(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE is expected")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Args {
    /// What the flags say, for the configuration.
    pub(crate) fn flags(&self) -> Flags {
        let given = &self.settings;
        let settings = [
            ("listen", "--listen", &given.listen),
            ("public", "--public", &given.public),
            ("data", "--data", &given.data),
            ("store", "--store", &given.store),
            ("blobs", "--blobs", &given.blobs),
            ("registration", "--registration", &given.registration),
            ("exempt-loopback", "--exempt-loopback", &given.exempt_loopback),
            ("metrics", "--metrics", &given.metrics),
            ("health", "--health", &given.health),
            ("cache-bytes", "--cache-bytes", &given.cache_bytes),
            ("color", "--color", &given.color),
            ("postgres.dsn", "--postgres-dsn", &given.postgres_dsn),
            ("postgres.password-file", "--postgres-password-file", &given.postgres_password_file),
            ("postgres.ca", "--postgres-ca", &given.postgres_ca),
            (
                "postgres.allow-single-node",
                "--postgres-allow-single-node",
                &given.postgres_allow_single_node,
            ),
            ("tls.certificate", "--tls-certificate", &given.tls_certificate),
            ("tls.key", "--tls-key", &given.tls_key),
            ("log.level", "--log-level", &given.log_level),
            ("log.format", "--log-format", &given.log_format),
            ("log.folder", "--log-folder", &given.log_folder),
            ("log.days", "--log-days", &given.log_days),
        ];
        let settings = settings.into_iter().filter_map(|(key, flag, value)| {
            value.clone().map(|value| (key.to_owned(), value, flag))
        });
        let limits = given
            .limit
            .iter()
            .map(|(name, value)| (format!("limits.{name}"), value.clone(), "--limit"));
        Flags {
            file: given.config.clone(),
            settings: settings.chain(limits).collect(),
            host: given.address.clone(),
            port: given.port.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::config::KEYS;

    #[test]
    fn the_definitions_hold_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn each_key_has_its_flag() {
        for key in KEYS {
            let args = Args::try_parse_from(["msg-relay", key.flag, "x"]).unwrap();
            let expected = (key.name.to_owned(), "x".to_owned(), key.flag);
            assert_eq!(args.flags().settings, [expected]);
        }
    }

    #[test]
    fn flags_stand_before_or_behind_a_command() {
        for line in [["--limit", "knocks=1", "limits"], ["limits", "--limit", "knocks=1"]] {
            let args = Args::try_parse_from(["msg-relay"].iter().chain(&line)).unwrap();
            assert!(matches!(args.command, Some(Command::Limits(_))));
            assert_eq!(args.flags().settings.len(), 1);
        }
    }
}
