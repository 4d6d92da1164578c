//! Nothing is answered for that only the primary has: not at once, and not when the
//! primary has started again and finds it in its tables.

use std::time::Duration;

use msg_protocol::envelope::Envelope;
use msg_tests::{
    postgres::Stop,
    relay::{Endpoint, Identity, Peer, deposit, envelope},
    seed,
};
use tokio::time::{Instant, sleep, timeout};

use crate::scene::{PATIENCE, Scene};

/// Longer than a relay waits for the database.
const LONG: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

/// Whether a relay answers for the envelope before that time is over. It is sent
/// again as often as it takes, as clients do.
async fn is_answered_for(
    endpoint: &Endpoint,
    to: &Identity,
    envelope: &Envelope,
    within: Duration,
) -> bool {
    let deadline = Instant::now() + within;
    let attempts = async {
        loop {
            if let Ok(mut peer) = Peer::anonymous(endpoint).await
                && let Ok(id) = peer.send(deposit(&to.door, envelope))
                && let Ok(Ok(_)) = peer.wait(id).await
            {
                return;
            }
            sleep(PAUSE).await;
        }
    };
    timeout(deadline - Instant::now(), attempts).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_standbys_nothing_is_answered_for_not_even_what_is_there() {
    let Some(mut scene) = Scene::new(1, 1).await else { return };
    let (bob, mut rng) = (scene.people[0].clone(), seed::rng(1));
    // The relay itself, whatever a balancer thinks of it.
    let endpoint = scene.relays.node(1).endpoint();
    let first = envelope(bob.mailbox(), 4_096, &mut rng);
    scene.ledger.sends(&first);
    assert!(is_answered_for(&endpoint, &bob, &first, PATIENCE).await);
    scene.ledger.answered(first.id);

    let database = &mut scene.relays.database;
    let primary = database.primary();
    for number in database.standbys() {
        database.stop(number, Stop::Fast);
    }
    let second = envelope(bob.mailbox(), 4_096, &mut rng);
    scene.ledger.sends(&second);
    assert!(!is_answered_for(&endpoint, &bob, &second, LONG).await, "only the primary has it");

    scene.relays.database.kill(primary);
    scene.relays.database.start(primary);
    let mut session = scene.relays.database.session(primary, "msg").unwrap();
    let count = session.value("SELECT count(*) FROM envelope").unwrap();
    assert_eq!(count, "2", "the primary kept it, as the trap wants it");
    assert!(!is_answered_for(&endpoint, &bob, &second, LONG).await, "a duplicate of nothing sure");

    let standby = scene.relays.database.standbys()[0];
    scene.relays.database.start(standby);
    assert!(is_answered_for(&endpoint, &bob, &second, PATIENCE).await, "a standby has it");
    scene.ledger.answered(second.id);
    let sums = scene.balance().await;
    assert_eq!((sums.answered, sums.repeated), (2, 0));
}
