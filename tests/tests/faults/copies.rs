//! One folder is for one relay.

use msg_tests::seed;

use crate::scene::{Scene, relay};

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
