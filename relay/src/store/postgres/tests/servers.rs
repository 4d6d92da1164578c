//! Which servers are good enough, and how they are reached.

use std::sync::Arc;

use msg_postgres_rig::{Certificates, Cluster, Database, PASSWORD, ROLE, are_there};

use super::{Asleep, blobs, options};
use crate::store::{
    Accounts as _, Rights as _, StoreError,
    account::{Creation, Whose},
    conformance::laboratory::{BOB, CAROL, NOW, Person, invite, right, right_id},
    postgres::{OpenError, Options, Postgres},
    right::{Added, RightKind},
};

async fn open(options: Options) -> Result<Postgres, OpenError> {
    Postgres::open(options, Arc::new(Asleep)).await
}

/// The setting for which a server is refused, and what its operator is told.
async fn refused(options: &Options) -> Option<(&'static str, &'static str)> {
    match open(options.clone()).await {
        Err(OpenError::Setting { setting, fix, .. }) => Some((setting, fix)),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_refused_with_which_an_acknowledgement_would_be_a_lie() {
    if !are_there() {
        return;
    }
    let blobs = blobs();
    let mut server = Cluster::of(1).start().unwrap();
    let strict = Options { allow_single_node: false, ..options(server.dsn(), &blobs) };
    let (setting, fix) = refused(&strict).await.expect("nobody follows it");
    assert_eq!(setting, "synchronous_standby_names");
    assert!(fix.contains("synchronous_standby_names = 'ANY 1 ("), "the line to set: {fix}");
    let waived = Options { allow_single_node: true, ..strict };
    assert_eq!(refused(&waived).await, None);
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        server.set(1, name, "off");
        let (setting, fix) = refused(&waived).await.expect(name);
        assert_eq!(setting, name);
        assert!(fix.contains(&format!("{name} = on")), "{fix}");
        server.reset(1, name);
        assert_eq!(refused(&waived).await, None, "{name} is as it was");
    }
    for level in ["local", "remote_write"] {
        server.set(1, "synchronous_commit", level);
        assert_eq!(refused(&waived).await.expect(level).0, "synchronous_commit");
    }
    server.reset(1, "synchronous_commit");
    // A role's own setting counts as much.
    let mut session = server.session(1, "postgres").unwrap();
    session.query(&format!("ALTER ROLE {ROLE} SET synchronous_commit = off")).unwrap();
    assert_eq!(refused(&waived).await.expect("by the role").0, "synchronous_commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_looked_at_again_whenever_it_is_reached_anew() {
    if !are_there() {
        return;
    }
    let blobs = blobs();
    let mut server = Cluster::of(1).start().unwrap();
    let store = open(options(server.dsn(), &blobs)).await.unwrap();
    assert_eq!(store.create_account(BOB.registration(), NOW).await, Ok(Creation::Created));
    server.set(1, "fsync", "off");
    server.kill(1);
    server.start(1);
    assert!(store.create_account(CAROL.registration(), NOW).await.is_err(), "it keeps nothing now");
    server.reset(1, "fsync");
    assert_eq!(store.create_account(CAROL.registration(), NOW).await, Ok(Creation::Created));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_known_by_its_certificate() {
    if !are_there() {
        return;
    }
    let blobs = blobs();
    let certificates = Certificates::new();
    let folder = crate::test_folder::Folder::new("database-authority");
    let (ours, other) = (folder.path().join("ours.pem"), folder.path().join("other.pem"));
    std::fs::write(&ours, &certificates.authority).unwrap();
    std::fs::write(&other, Certificates::new().authority).unwrap();
    let server = Cluster::of(1).guarded(certificates).start().unwrap();
    let right = Options {
        password: Some(PASSWORD.into()),
        roots: Some(ours.clone()),
        ..options(format!("{} sslmode=require", server.dsn()), &blobs)
    };
    let store = open(right.clone()).await.unwrap();
    assert_eq!(store.create_account(BOB.registration(), NOW).await, Ok(Creation::Created));

    let wrong = [
        Options { roots: Some(other), ..right.clone() },
        Options { password: Some("another".into()), ..right.clone() },
        Options { password: None, ..right.clone() },
        Options { dsn: format!("{} sslmode=disable", server.dsn()), ..right.clone() },
    ];
    for options in wrong {
        let Err(error) = open(options).await else { panic!("let in") };
        assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
        assert!(!error.to_string().contains(PASSWORD));
    }
    // Authorities alone say that the server must show a certificate.
    let unsaid = Options { dsn: server.dsn(), ..right.clone() };
    open(unsaid).await.unwrap();
    let plain = Cluster::of(1).start().unwrap();
    let Err(error) = open(Options { dsn: plain.dsn(), ..right.clone() }).await else {
        panic!("spoken to without TLS")
    };
    assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
    let absent = Options { roots: Some(folder.path().join("absent.pem")), ..right };
    assert!(matches!(open(absent).await, Err(OpenError::Roots { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_this_machine_is_reached_over_its_socket() {
    if !are_there() {
        return;
    }
    let blobs = blobs();
    let server = Cluster::of(1).setting("unix_socket_directories", ".").start().unwrap();
    let (folder, port) = (server.folder().join("p1"), server.port(1));
    let dsn = format!("host={} port={port} user={ROLE} dbname={ROLE}", folder.display());
    let store = open(options(dsn, &blobs)).await.unwrap();
    assert_eq!(store.create_account(BOB.registration(), NOW).await, Ok(Creation::Created));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_row_spoils_nothing_for_others() {
    if !are_there() {
        return;
    }
    let (database, blobs) = (Database::fresh(), blobs());
    let store = open(options(database.dsn(), &blobs)).await.unwrap();
    for person in [BOB, CAROL] {
        assert_eq!(store.create_account(person.registration(), NOW).await, Ok(Creation::Created));
    }
    for number in 1..=2 {
        assert_eq!(store.add_invite(right_id(number), invite(1), 9, NOW).await, Ok(true));
        let token = right(RightKind::Token, 8);
        let added = store.add_right(BOB.id(), right_id(number), token, 9, NOW).await;
        assert_eq!(added, Ok(Added::Done));
    }
    let server = database.server();
    let mut session = server.session(server.primary(), database.name()).unwrap();
    for damage in [
        format!("UPDATE account SET card = 'x' WHERE name = '{}'", BOB.name().as_str()),
        "UPDATE invite SET hash = 'x' WHERE id = (SELECT min(id::text)::bytea FROM invite)".to_owned(),
        "UPDATE knock_right SET hash = 'x' WHERE id = (SELECT min(id::text)::bytea FROM knock_right)".to_owned(),
    ] {
        session.query(&damage).unwrap();
    }
    // Both are asked for by one statement.
    let of = |person: Person| store.account(Whose::Mailbox(person.mailbox(0)));
    let together = futures_util::future::join_all((0..40).map(|number| {
        let person = if number % 2 == 0 { BOB } else { CAROL };
        async move { (person.id(), of(person).await) }
    }));
    for (id, found) in together.await {
        match found {
            Ok(account) => assert_eq!(account.unwrap().id, CAROL.id()),
            Err(error) => assert_eq!((id, error), (BOB.id(), StoreError::Damaged)),
        }
    }
    let of_carol = of(CAROL).await.unwrap().map(|account| account.id);
    assert_eq!(of_carol, Some(CAROL.id()));
    let listed = store.accounts(None, 1).await.unwrap();
    assert_eq!(listed.iter().map(|account| account.id).collect::<Vec<_>>(), [CAROL.id()]);
    assert_eq!(store.invites(NOW).await.unwrap().len(), 1);
    assert_eq!(store.tokens(BOB.id(), NOW).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_may_start_at_once_and_a_later_schema_is_refused() {
    if !are_there() {
        return;
    }
    let blobs = blobs();
    let database = Database::fresh();
    let nodes = (0..6).map(|_| open(options(database.dsn(), &blobs)));
    for node in futures_util::future::join_all(nodes).await {
        node.unwrap();
    }
    let server = database.server();
    let mut session = server.session(server.primary(), database.name()).unwrap();
    let versions = session.query("SELECT count(*), max(version) FROM schema").unwrap();
    assert_eq!(versions[0][0], versions[0][1], "each script ran once");
    session.query("INSERT INTO schema VALUES (1000)").unwrap();
    let Err(error) = open(options(database.dsn(), &blobs)).await else { panic!("opened") };
    assert!(matches!(error, OpenError::Later { found: 1_000, .. }), "{error}");
}

#[tokio::test]
async fn a_dsn_that_cannot_be_read_is_not_repeated() {
    let blobs = blobs();
    for dsn in ["", "secret", "port=five password=secret", "user=a password=secret"] {
        let Err(error) = open(options(dsn.to_owned(), &blobs)).await else { panic!("opened") };
        assert!(matches!(error, OpenError::Dsn), "{error}");
        assert!(!error.to_string().contains("secret"));
    }
}
