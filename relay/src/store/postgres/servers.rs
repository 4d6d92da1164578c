//! Where the servers are, out of the DSN: each by itself, so that each has its own
//! time to answer, and is spoken to under TLS unless nothing lies between.
//!
//! Whoever presents a certificate is known by it and by its name, always. So
//! `verify-ca` and `verify-full` say no more than `require` does here.

use std::{net::IpAddr, time::Duration};

use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};
use tracing::warn;

use super::{failure::OpenError, options::Options};

/// How long a server may take to take a connection, if the DSN does not say.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// After which a silent server counts as gone.
const SILENCE: Duration = Duration::from_secs(15);
/// How often it is asked within that.
const BETWEEN_ASKING: Duration = Duration::from_secs(5);

/// What a DSN says; `None` if it cannot be read.
pub fn parameters(dsn: &str) -> Option<Config> {
    // Only what the driver does not know is put into its words.
    let strict = || {
        let known = ["verify-full", "verify-ca"].iter().fold(dsn.to_owned(), |dsn, mode| {
            dsn.replace(&format!("sslmode={mode}"), "sslmode=require")
                .replace(&format!("sslmode='{mode}'"), "sslmode=require")
        });
        known.parse().ok()
    };
    dsn.parse().ok().or_else(strict)
}

/// The servers of a DSN, each with how it is reached.
pub(super) fn servers(options: &Options) -> Result<Vec<Config>, OpenError> {
    let all = parameters(&options.dsn).ok_or(OpenError::Dsn)?;
    let (hosts, addresses) = (all.get_hosts(), all.get_hostaddrs());
    let count = hosts.len().max(addresses.len());
    let fits = |listed: usize| listed == 0 || listed == count;
    let ports = all.get_ports();
    if count == 0
        || !fits(hosts.len())
        || !fits(addresses.len())
        || !(ports.len() == 1 || fits(ports.len()))
    {
        return Err(OpenError::Dsn);
    }
    let mut servers = Vec::new();
    let mut in_the_clear = false;
    for number in 0..count {
        let (host, address) = (hosts.get(number), addresses.get(number).copied());
        let mode = mode(&all, host, address, options.roots.is_some());
        in_the_clear |= mode == SslMode::Disable && !is_here(host, address);
        let mut server = common(&all, options);
        server.ssl_mode(mode);
        match (host, address) {
            (Some(Host::Tcp(name)), _) => server.host(name),
            (Some(Host::Unix(path)), _) => server.host_path(path),
            // The certificate names the address then.
            (None, Some(address)) => server.host(address.to_string()),
            (None, None) => return Err(OpenError::Dsn),
        };
        if let Some(address) = address {
            server.hostaddr(address);
        }
        if let Some(port) = ports.get(number).or_else(|| ports.first()) {
            server.port(*port);
        }
        servers.push(server);
    }
    if in_the_clear {
        warn!("the database is spoken to without TLS, as `sslmode=disable` says");
    }
    Ok(servers)
}

/// What is the same for all of them.
fn common(all: &Config, options: &Options) -> Config {
    let mut server = Config::new();
    if let Some(user) = all.get_user() {
        server.user(user);
    }
    if let Some(password) = options.password.as_deref().or_else(|| all.get_password()) {
        server.password(password);
    }
    if let Some(database) = all.get_dbname() {
        server.dbname(database);
    }
    if let Some(more) = all.get_options() {
        server.options(more);
    }
    server
        .application_name(all.get_application_name().unwrap_or("msg-relay"))
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .connect_timeout(all.get_connect_timeout().copied().unwrap_or(CONNECT_TIME))
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .tcp_user_timeout(SILENCE)
        .keepalives_idle(SILENCE)
        .keepalives_interval(BETWEEN_ASKING)
        .keepalives_retries(3);
    server
}

/// Whether a server is spoken to under TLS.
fn mode(all: &Config, host: Option<&Host>, address: Option<IpAddr>, has_roots: bool) -> SslMode {
    match all.get_ssl_mode() {
        _ if is_socket(host) => SslMode::Disable,
        SslMode::Prefer if has_roots || !is_here(host, address) => SslMode::Require,
        asked => asked,
    }
}

fn is_socket(host: Option<&Host>) -> bool {
    matches!(host, Some(Host::Unix(_)))
}

/// Whether a server is on this machine, and nobody between.
fn is_here(host: Option<&Host>, address: Option<IpAddr>) -> bool {
    match (host, address) {
        (Some(Host::Unix(_)), _) => true,
        (_, Some(address)) => address.is_loopback(),
        (Some(Host::Tcp(name)), None) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(dsn: &str, has_roots: bool) -> Vec<SslMode> {
        let roots = has_roots.then(|| "ca.pem".into());
        let options = Options { roots, ..Options::new(dsn.to_owned(), String::new()) };
        servers(&options).unwrap().iter().map(Config::get_ssl_mode).collect()
    }

    #[test]
    fn whoever_is_not_on_this_machine_is_spoken_to_under_tls() {
        use SslMode::{Disable, Prefer, Require};
        assert_eq!(modes("host=a,b", false), [Require, Require]);
        assert_eq!(modes("host=a sslmode=prefer", false), [Require]);
        assert_eq!(modes("postgres://msg@a,10.0.0.1/msg", false), [Require, Require]);
        assert_eq!(modes("host=localhost hostaddr=10.0.0.1", false), [Require]);
        assert_eq!(modes("hostaddr=10.0.0.1", false), [Require]);
        assert_eq!(
            modes("host=127.0.0.1,localhost,::1,/run/postgresql,a", false),
            [Prefer, Prefer, Prefer, Disable, Require]
        );
        assert_eq!(modes("host=127.0.0.1", true), [Require], "known by a certificate");
        assert_eq!(modes("host=a sslmode=disable", true), [Disable]);
    }

    #[test]
    fn what_other_tools_call_their_ways_to_verify_is_understood() {
        for dsn in [
            "host=a sslmode=verify-full",
            "sslmode='verify-ca' host=a",
            "postgres://msg:secret@a/msg?sslmode=verify-full",
        ] {
            assert_eq!(modes(dsn, false), [SslMode::Require], "{dsn}");
        }
        assert!(parameters("host=a sslmode=allow").is_none());
        let known = parameters("host=a password='sslmode=verify-full'").unwrap();
        assert_eq!(known.get_password(), Some(b"sslmode=verify-full".as_slice()));
    }

    #[test]
    fn each_server_keeps_its_own_port_and_all_the_rest() {
        let dsn = "host=a,b port=5,6 user=msg dbname=d connect_timeout=7".to_owned();
        let options = Options { password: Some(b"p".into()), ..Options::new(dsn, String::new()) };
        let servers = servers(&options).unwrap();
        assert_eq!(servers.iter().flat_map(Config::get_ports).collect::<Vec<_>>(), [&5, &6]);
        for server in &servers {
            assert_eq!(server.get_hosts().len(), 1);
            assert_eq!((server.get_user(), server.get_dbname()), (Some("msg"), Some("d")));
            assert_eq!(server.get_password(), Some(b"p".as_slice()));
            assert_eq!(server.get_connect_timeout(), Some(&Duration::from_secs(7)));
        }
    }
}
