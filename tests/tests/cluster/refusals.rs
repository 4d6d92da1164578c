//! A relay does not start on a database whose word is worth nothing, or that is not
//! the one it was told to trust.

use std::{fs, os::unix::fs::PermissionsExt as _};

use msg_tests::{
    cluster::on_database,
    postgres::{Certificates, Cluster, PASSWORD},
    relay::{Identity, Peer, RelayBuilder},
};
use tempfile::TempDir;

use crate::scene::{relay, turn};

fn alone(database: &Cluster) -> RelayBuilder {
    on_database(relay(), database)
        .arg("--metrics")
        .arg("off")
        .env("MSG_RELAY_POSTGRES_ALLOW_SINGLE_NODE", "true")
}

/// What a relay says that does not start.
fn refused(builder: RelayBuilder) -> String {
    match builder.try_start_in(TempDir::new().unwrap()) {
        Ok(_) => panic!("the relay has started"),
        Err((status, said)) => {
            assert!(!status.success());
            said
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_promises_too_little_is_refused_by_the_name_of_its_setting() {
    let Some(_turn) = turn().await else { return };
    let mut database = Cluster::of(1).start().unwrap();
    let said = refused(alone(&database).env("MSG_RELAY_POSTGRES_ALLOW_SINGLE_NODE", "false"));
    assert!(said.contains("synchronous_standby_names"), "{said}");
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        database.set(1, setting, "off");
        let said = refused(alone(&database));
        assert!(said.contains(setting), "{setting}: {said}");
        database.reset(1, setting);
    }
    let mut relay = alone(&database).start();
    Peer::register(&relay.endpoint(), &Identity::random(1)).await.unwrap();
    assert!(relay.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_known_by_its_certificate_and_knows_the_relay_by_a_password() {
    let Some(_turn) = turn().await else { return };
    let certificates = Certificates::new();
    let database = Cluster::of(1).guarded(certificates.clone()).start().unwrap();
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let builder = |authority: &str, password: &str| {
        let ca = file("ca.pem", authority);
        let password = file("password", password);
        let key = ("MSG_RELAY_POSTGRES_PASSWORD_FILE", "MSG_RELAY_POSTGRES_CA");
        alone(&database).env(key.0, password).env(key.1, ca)
    };
    let said = refused(builder(&certificates.authority, "a wrong password"));
    assert!(said.contains("password") && !said.contains("a wrong password"), "{said}");
    let said = refused(builder(&Certificates::new().authority, PASSWORD));
    assert!(said.contains("certificate") && !said.contains(PASSWORD), "{said}");
    let mut relay = builder(&certificates.authority, PASSWORD).start();
    Peer::register(&relay.endpoint(), &Identity::random(1)).await.unwrap();
    assert!(!relay.log().contains(PASSWORD));
    assert!(relay.stop().success());
}
