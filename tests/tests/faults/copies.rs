//! One folder is for one relay; a backup taken while everybody sends makes another.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use msg_tests::{relay::Peer, seed};
use rand_core::Rng as _;
use tempfile::TempDir;

use crate::{
    load::{Load, Sender},
    scene::{PROGRAM, Scene, relay},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_relay_on_a_folder_says_who_has_it_and_leaves_it_alone() {
    let mut rng = seed::rng(14);
    let scene = Scene::new(relay(), 1).await;
    let bob = &scene.people[0];
    scene.send(bob, 4_096, 10, &mut rng).await;
    for _ in 0..3 {
        let (status, said) = scene.relay.run_another();
        assert_eq!(status.code(), Some(1), "{said}");
        let pid = scene.relay.id();
        assert!(said.contains(&format!("another relay, process {pid}, runs on")), "{said}");
        assert!(said.contains("hint: "), "{said}");
        scene.send(bob, 4_096, 10, &mut rng).await;
    }
    assert_eq!(scene.balance().await.answered, 40);
}

/// Runs one of the program's commands on a data folder.
fn command(word: &str, file: &Path, data: &Path) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg(word).arg(file).arg("--data").arg(data);
    command.stdin(Stdio::null()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_load_makes_a_relay_with_all_that_was_answered_for_before() {
    let mut rng = seed::rng(15);
    let scene = Scene::new(relay(), 3).await;
    for identity in &scene.people {
        scene.send(identity, 4_096, 50, &mut rng).await;
    }
    let mut before = Vec::new();
    for identity in &scene.people {
        before.push(scene.look(identity).await);
    }

    // Nobody collects meanwhile; everybody sends.
    let senders = Sender::several(&scene, 4, rng.next_u64());
    let load = Load::start(&scene, senders, 0);
    load.until_answered(20).await;
    let aside = TempDir::new().unwrap();
    fs::set_permissions(aside.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let backup = aside.path().join("backup");
    let taken = tokio::task::block_in_place(|| command("backup", &backup, &scene.relay.data()));
    assert!(taken.status.success(), "{taken:?}");
    load.until_answered(40).await;

    let folder = TempDir::new().unwrap();
    let restored = command("restore", &backup, &folder.path().join("data"));
    assert!(restored.status.success(), "{restored:?}");
    let copy = Scene::adopt(relay().start_in(folder), &scene);
    for (identity, before) in scene.people.iter().zip(before) {
        // Theirs are other ledgers' numbers: what was there is there, byte for byte.
        let rows = copy.look(identity).await;
        let has = |row| rows.contains(row);
        assert!(rows.len() >= before.len() && before.iter().all(has), "nothing is missing");
    }
    let epoch =
        async |scene: &Scene| Peer::anonymous(&scene.endpoint()).await.unwrap().welcome().epoch;
    assert_ne!(epoch(&scene).await, epoch(&copy).await);
    assert_ne!(scene.endpoint().pin, copy.endpoint().pin, "a backup holds no key");
    for identity in &copy.people {
        copy.drain(identity).await;
        assert_eq!(copy.look(identity).await, []);
        copy.send(identity, 4_096, 10, &mut rng).await;
    }

    let mut scene = scene;
    assert!(scene.relay.stop().success());
    load.ended().await;
}
