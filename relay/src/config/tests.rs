//! One configuration out of several sources, and what is refused.

use std::{fs, path::Path};

use super::*;
use crate::test_folder::Folder;

fn some_file(folder: &Folder, text: &str) -> PathBuf {
    let path = folder.path().join("some.toml");
    fs::write(&path, text).unwrap();
    path
}

fn home() -> (&'static str, &'static str) {
    ("HOME", "/nonexistent/home")
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().copied().chain([home()]).collect()
}

fn flags(settings: &[(&str, &str, &'static str)]) -> Flags {
    let owned = |(key, value, flag): &(&str, &str, &'static str)| {
        ((*key).to_owned(), (*value).to_owned(), *flag)
    };
    Flags { settings: settings.iter().map(owned).collect(), ..Flags::default() }
}

fn load_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&Flags::default(), &environment(pairs))
}

fn load_file(text: &str) -> Result<Config, ConfigError> {
    // Tests run side by side, each in a thread of its own.
    let folder = Folder::new(&format!("file-{:?}", std::thread::current().id()));
    let file = Some(some_file(&folder, text));
    Config::load(&Flags { file, ..Flags::default() }, &environment(&[]))
}

fn wrong(result: Result<Config, ConfigError>) -> (String, String) {
    let error = result.unwrap_err();
    (error.to_string(), error.hint().unwrap_or_default())
}

#[test]
fn without_any_source_a_relay_serves_its_machine() {
    let config = load_env(&[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7777");
    assert_eq!(config.registration, Registration::Open);
    assert!(config.exempt_loopback);
    assert_eq!(config.metrics, Metrics::Auto);
    assert_eq!(config.data, Path::new("/nonexistent/home/.local/share/msg-relay"));
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.origin("listen"), &Origin::Default);
}

#[test]
fn flags_stand_above_the_environment_and_that_above_the_file() {
    let folder = Folder::new("precedence");
    let file = some_file(
        &folder,
        "listen = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"\ndays = 3\n[limits]\nknocks = 21\n",
    );
    let mut flags = flags(&[("limits.knocks", "23", "--limit")]);
    flags.file = Some(file.clone());
    flags.port = Some("9".into());
    let environment =
        environment(&[("MSG_RELAY_LOG_LEVEL", "debug"), ("MSG_RELAY_LIMITS_KNOCKS", "22")]);
    let config = Config::load(&flags, &environment).unwrap();

    assert_eq!(config.limits.knocks, 23);
    assert_eq!(config.origin("limits.knocks"), &Origin::Flag("--limit"));
    assert_eq!(config.log.level, LogLevel::Debug);
    assert_eq!(config.origin("log.level"), &Origin::Environment("MSG_RELAY_LOG_LEVEL".into()));
    assert_eq!(config.log.days, 3);
    assert_eq!(config.origin("log.days"), &Origin::File(file, 4));
    assert_eq!(config.listen.to_string(), "127.0.0.1:9", "a port changes no host");
    assert_eq!(config.origin("listen"), &Origin::Flag("--port"));
}

#[test]
fn an_empty_value_takes_back_what_a_lower_source_said() {
    let folder = Folder::new("empty");
    let flags = Flags {
        file: Some(some_file(&folder, "public = \"relay.example\"\n")),
        ..Flags::default()
    };
    let config = Config::load(&flags, &environment(&[("MSG_RELAY_PUBLIC", "")])).unwrap();
    assert_eq!(config.public, None);
    assert_eq!(config.origin("public"), &Origin::Default);
}

#[test]
fn every_limit_can_be_set_by_every_source() {
    for info in Limits::ALL {
        let range = Limits::range(info.name);
        let value =
            if info.default == *range.start() { info.default + 1 } else { info.default - 1 };
        let value = if range.contains(&value) { value } else { *range.start() };
        // What must not be larger than another limit is made smaller, and the other way round.
        let value = match info.name {
            "knocks" | "account-blob-bytes" | "sign-in-penalty-max-s" => info.default + 1,
            _ => value,
        };
        let text = value.to_string();
        let key = format!("limits.{}", info.name);
        let by_flag = Config::load(&flags(&[(&key, &text, "--limit")]), &environment(&[]));
        let configs = [
            load_file(&format!("[limits]\n{} = {value}\n", info.name)),
            load_env(&[(&variable(&key), &text)]),
            by_flag,
        ];
        for config in configs {
            let config = config.unwrap();
            assert_eq!(config.limits.value(info.name), Ok(value), "{key}");
            assert_ne!(config.limits, Limits::default());
            assert_ne!(config.origin(&key), &Origin::Default);
        }
    }
}

#[test]
fn every_limit_refuses_what_is_out_of_its_range() {
    for info in Limits::ALL {
        let range = Limits::range(info.name);
        let below = range.start().checked_sub(1);
        for value in below.into_iter().chain([range.end() + 1]) {
            let (error, _) = wrong(load_env(&[(
                &variable(&format!("limits.{}", info.name)),
                &value.to_string(),
            )]));
            assert!(error.contains(info.name) && error.contains("it must be from"), "{error}");
        }
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_a_near_name() {
    let (error, hint) = wrong(load_file("listen = \"127.0.0.1:1\"\n\n[limits]\nnocks = 3\n"));
    assert!(error.contains("`limits.nocks`") && error.contains("some.toml:4"), "{error}");
    assert_eq!(hint, "did you mean `limits.knocks`?");

    let (error, hint) = wrong(load_env(&[("MSG_RELAY_LIMITS_NOCKS", "3")]));
    assert!(error.contains("`MSG_RELAY_LIMITS_NOCKS`"), "{error}");
    assert_eq!(hint, "did you mean `MSG_RELAY_LIMITS_KNOCKS`?");

    let by_flag = flags(&[("limits.mailbox_envelops", "3", "--limit")]);
    let (error, hint) = wrong(Config::load(&by_flag, &environment(&[])));
    assert!(error.contains("(--limit)"), "{error}");
    assert_eq!(hint, "did you mean `mailbox-envelopes`?");

    for unknown in ["zzz = 1\n", "[zzz]\nlevel = 1\n", "[log]\nzzz = 1\n", "[log.level]\nx = 1\n"] {
        assert!(load_file(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_key_and_place() {
    let (error, _) = wrong(load_file("registration = \"all\"\n"));
    assert!(error.starts_with("registration = `all`: open, invited or closed"), "{error}");
    assert!(error.ends_with("some.toml:1)"), "{error}");
    let (error, _) = wrong(load_env(&[("MSG_RELAY_METRICS", "0.0.0.0:7778")]));
    assert!(error.contains("loopback") && error.contains("MSG_RELAY_METRICS"), "{error}");
    let (error, _) = wrong(load_file("listen = [1]\n"));
    assert!(error.starts_with("listen is a list"), "{error}");
    let (error, _) = wrong(load_file("\nlisten = \n"));
    assert!(error.contains("some.toml:2: "), "{error}");
    let (error, _) = wrong(load_file("[tls]\nkey = \"k.pem\"\n"));
    assert!(error.contains("tls.certificate is not"), "{error}");
    let (error, _) = wrong(load_env(&[("MSG_RELAY_LIMITS_TICKET_KNOCKS", "33")]));
    assert!(error.contains("limits.ticket-knocks is 33"), "{error}");
}

const DATABASE: [(&str, &str); 4] = [
    ("MSG_RELAY_STORE", "postgres"),
    ("MSG_RELAY_BLOBS", "s3://bucket/prefix"),
    ("MSG_RELAY_POSTGRES_DSN", "host=a,b user=msg password=secret"),
    ("MSG_RELAY_POSTGRES_ALLOW_SINGLE_NODE", "true"),
];

#[test]
fn a_database_is_named_with_all_it_needs() {
    let config = load_env(&DATABASE).unwrap();
    let Engine::Postgres(database) = &config.engine else { panic!("{config:?}") };
    assert_eq!(database.dsn.to_secret_text(), "host=a,b user=msg password=secret");
    assert_eq!((database.allow_single_node, database.blobs.as_str()), (true, "s3://bucket/prefix"));
    assert_eq!((&database.ca, &database.password_file), (&None, &None));
    for missing in [1, 2] {
        let mut given = DATABASE.to_vec();
        let (variable, _) = given.remove(missing);
        let (error, hint) = wrong(load_env(&given));
        let key = if variable.ends_with("BLOBS") { "blobs" } else { "postgres.dsn" };
        assert!(error.ends_with(&format!("{key} is not set")), "{error}");
        assert!(error.contains("MSG_RELAY_STORE") && !hint.is_empty(), "{error} {hint}");
    }
    for alone in &DATABASE[1..] {
        let (error, _) = wrong(load_env(&[*alone]));
        assert!(error.contains("`store` is not postgres") && error.contains(alone.0), "{error}");
    }
    let (error, _) = wrong(load_env(&[("MSG_RELAY_STORE", "mysql")]));
    assert!(error.contains("redb or postgres"), "{error}");
}

#[test]
fn a_password_is_never_shown() {
    let config = load_env(&DATABASE).unwrap();
    for shown in [config.to_toml(), config.to_json().to_string(), format!("{config:?}")] {
        assert!(!shown.contains("secret") && shown.contains("bucket"), "{shown}");
    }
    assert!(config.to_toml().contains("dsn = \"host=a,b user=msg\""), "{}", config.to_toml());

    let by_flag = |dsn| {
        let flags = flags(&[("postgres.dsn", dsn, "--postgres-dsn")]);
        Config::load(&flags, &environment(&DATABASE[..2]))
    };
    let (error, hint) = wrong(by_flag("host=a password=secret"));
    assert!(error.contains("--postgres-dsn") && !error.contains("secret"), "{error}");
    assert!(hint.contains("postgres.password-file"), "{hint}");
    assert!(by_flag("host=a user=msg").is_ok());
    let (error, _) = wrong(by_flag("nonsense secret"));
    assert!(!error.contains("secret") && error.contains("a DSN is expected"), "{error}");

    let twice = [&DATABASE[..], &[("MSG_RELAY_POSTGRES_PASSWORD_FILE", "/p")]].concat();
    let (error, _) = wrong(load_env(&twice));
    assert!(error.contains("MSG_RELAY_POSTGRES_PASSWORD_FILE"), "{error}");
    let mut other = DATABASE;
    other[2].1 = "host=a,b user=msg password=other";
    assert_eq!(config.changed(&load_env(&other).unwrap()), ["postgres.dsn"]);
}

#[test]
fn health_is_told_at_any_address_with_a_port() {
    let config = load_env(&[("MSG_RELAY_HEALTH", "0.0.0.0:7779")]).unwrap();
    assert_eq!(config.health, Some("0.0.0.0:7779".parse().unwrap()));
    assert_eq!(load_env(&[]).unwrap().health, None);
    for text in ["7779", "relay.example:7779", "0.0.0.0"] {
        let (error, _) = wrong(load_env(&[("MSG_RELAY_HEALTH", text)]));
        assert!(error.contains("an IP address with its port"), "{error}");
    }
}

#[test]
fn who_is_reached_from_elsewhere_invites_and_counts() {
    let config = load_env(&[("MSG_RELAY_LISTEN", "0.0.0.0:7777")]).unwrap();
    assert_eq!((config.registration, config.exempt_loopback), (Registration::Invited, true));
    // Behind a forwarder every link comes from loopback.
    let config = load_env(&[("MSG_RELAY_PUBLIC", "relay.example")]).unwrap();
    assert_eq!((config.registration, config.exempt_loopback), (Registration::Invited, false));
}

#[test]
fn a_path_in_a_file_begins_at_the_file() {
    let folder = Folder::new("paths");
    let flags = Flags {
        file: Some(some_file(&folder, "data = \"d\"\n[log]\nfolder = \"/var/log/x\"\n")),
        ..Flags::default()
    };
    let config = Config::load(&flags, &environment(&[])).unwrap();
    assert_eq!(config.data, folder.path().join("d"));
    assert_eq!(config.log.folder.as_deref(), Some(Path::new("/var/log/x")));
}

#[test]
fn the_file_in_the_data_folder_counts_unless_another_is_named() {
    let folder = Folder::new("usual");
    fs::write(folder.path().join("relay.toml"), "[log]\ndays = 2\n").unwrap();
    let data = folder.path().to_string_lossy().into_owned();
    let config = load_env(&[("MSG_RELAY_DATA", &data)]).unwrap();
    assert_eq!(config.log.days, 2);
    let other = some_file(&folder, "");
    let config =
        load_env(&[("MSG_RELAY_DATA", &data), ("MSG_RELAY_CONFIG", &other.to_string_lossy())]);
    assert_eq!(config.unwrap().log.days, 14);
    let missing = load_env(&[("MSG_RELAY_CONFIG", "/nonexistent/relay.toml")]);
    assert!(matches!(missing, Err(ConfigError::File { .. })));
}

#[test]
fn systemd_says_where_data_is() {
    let config = load_env(&[("STATE_DIRECTORY", "/var/lib/msg-relay")]).unwrap();
    assert_eq!(config.data, Path::new("/var/lib/msg-relay"));
    let homeless = Config::load(&Flags::default(), &Environment::default());
    assert!(matches!(homeless, Err(ConfigError::NoHome)));
}

#[test]
fn what_is_printed_reads_back_to_the_same() {
    let pairs = [
        ("MSG_RELAY_LISTEN", "[::]:9"),
        ("MSG_RELAY_PUBLIC", "relay.example:443"),
        ("MSG_RELAY_DATA", "/srv/a \"quoted\"\\ folder #1"),
        ("MSG_RELAY_TLS_CERTIFICATE", "/etc/c.pem"),
        ("MSG_RELAY_TLS_KEY", "/etc/k.pem"),
        ("MSG_RELAY_METRICS", "off"),
        ("MSG_RELAY_LIMITS_STORE_BYTES", "5GiB"),
        ("MSG_RELAY_STORE", "postgres"),
        ("MSG_RELAY_BLOBS", "file:///srv/blobs"),
        ("MSG_RELAY_POSTGRES_DSN", "postgres://msg@a,b/msg"),
        ("MSG_RELAY_POSTGRES_PASSWORD_FILE", "/etc/password"),
        ("MSG_RELAY_HEALTH", "[::]:7779"),
    ];
    for given in [&pairs[..], &[]] {
        let config = load_env(given).unwrap();
        let text = config.to_toml();
        let again = load_file(&text).unwrap();
        assert_eq!(config.changed(&again), Vec::<String>::new(), "{text}");
        assert_eq!(Config { origins: config.origins.clone(), ..again }, config);
    }
    assert!(load_env(&pairs).unwrap().to_toml().contains("  # environment MSG_RELAY_LISTEN\n"));
}

#[test]
fn what_changed_is_named() {
    let before = load_env(&[]).unwrap();
    let after =
        load_env(&[("MSG_RELAY_LIMITS_KNOCKS", "40"), ("MSG_RELAY_LOG_DAYS", "1")]).unwrap();
    assert_eq!(before.changed(&after), ["log.days", "limits.knocks"]);
}

#[test]
fn the_operators_page_has_every_key() {
    let page = include_str!("../../OPERATIONS.md");
    for key in KEYS {
        assert!(page.contains(&format!("`{}`", key.name)), "{}", key.name);
    }
}
