//! Time, sweeping, figures and checks of a store that several nodes share.

use std::{sync::Arc, time::Duration};

use data_encoding::HEXLOWER;
use msg_protocol::time::UnixSeconds;
use tokio::task::JoinSet;

use crate::store::{
    Accounts as _, Mailboxes as _, Maintenance as _, Prekeys as _, Records as _, Rights as _,
    Upkeep as _,
    account::Creation,
    conformance::laboratory::{BOB, CAROL, MANY, NOW, Person, by_door, record_id, right, right_id},
    mailbox::{Appended, NewEnvelope},
    postgres::{
        Options, Postgres,
        tests::{Asleep, in_database::InDatabase},
    },
    right::RightKind,
    upkeep::BETWEEN_SWEEPS,
};

async fn node(place: &InDatabase) -> Arc<Postgres> {
    Arc::new(place.node().await.unwrap())
}

async fn register(store: &Postgres, person: Person) {
    let created = store.create_account(person.registration(), NOW).await;
    assert_eq!(created, Ok(Creation::Created));
}

/// Appends so many envelopes that are over a minute later.
async fn fill(store: &Arc<Postgres>, person: Person, count: u32) {
    let mut appends = JoinSet::new();
    for number in 0..count {
        let store = Arc::clone(store);
        let expires = NOW.plus_s(60);
        let new = NewEnvelope { expires, ..by_door(person.mailbox(0), number) };
        appends.spawn(async move { store.append(new).await });
    }
    assert!(appends.join_all().await.iter().all(|appended| *appended == Ok(Appended::Stored)));
}

/// Sweeps until nothing is left; how many envelopes went.
async fn sweep_all(store: Arc<Postgres>) -> u64 {
    let mut envelopes = 0;
    for _ in 0..1_000 {
        let swept = store.sweep(NOW.plus_s(60)).await.unwrap();
        envelopes += swept.envelopes;
        if !swept.more {
            return envelopes;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("sweeping comes to no end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_sweep_at_once_count_each_envelope_once() {
    const EACH: u32 = 700;
    let Some(place) = InDatabase::found() else { return };
    let nodes = [node(&place).await, node(&place).await, node(&place).await];
    for person in [BOB, CAROL] {
        register(&nodes[0], person).await;
        fill(&nodes[0], person, EACH).await;
    }
    let sweeps = nodes.clone().map(|node| tokio::spawn(sweep_all(node)));
    let mut removed = 0;
    for sweep in sweeps {
        removed += sweep.await.unwrap();
    }
    assert_eq!(removed, u64::from(2 * EACH));
    assert_eq!(nodes[1].figures().await.unwrap().envelope_bytes, 0);
    assert_eq!(nodes[2].check().await.unwrap().faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_waits_for_nobody() {
    let Some(place) = InDatabase::found() else { return };
    let store = node(&place).await;
    for person in [BOB, CAROL] {
        register(&store, person).await;
        fill(&store, person, 3).await;
    }
    let mut other = place.session();
    let id = HEXLOWER.encode(&BOB.mailbox(0).0);
    let hold = format!("BEGIN; SELECT 1 FROM mailbox WHERE id = '\\x{id}' FOR UPDATE");
    other.query(&hold).unwrap();
    let swept = store.sweep(NOW.plus_s(60)).await.unwrap();
    assert_eq!((swept.envelopes, swept.more), (3, true), "what is held comes later");
    other.query("COMMIT").unwrap();
    let swept = store.sweep(NOW.plus_s(60)).await.unwrap();
    assert_eq!((swept.envelopes, swept.more), (3, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_passes_with_the_nodes_and_never_goes_back() {
    let Some(place) = InDatabase::found() else { return };
    let (one, other) = (node(&place).await, node(&place).await);
    let wall = UnixSeconds(NOW.0);
    assert_eq!(one.time(wall).await, Ok(NOW));
    one.sweep(NOW.plus_s(1_000)).await.unwrap();
    other.sweep(NOW.plus_s(400)).await.unwrap();
    assert!(other.time(wall).await.unwrap() >= NOW.plus_s(1_000), "whoever is behind");

    place.session().query("UPDATE relay SET kept = kept - interval '20 seconds'").unwrap();
    assert!(one.time(wall).await.unwrap() >= NOW.plus_s(1_020), "beside others");
    place.session().query("UPDATE relay SET kept = kept - interval '9 days'").unwrap();
    let most = NOW.plus_s(1_000 + BETWEEN_SWEEPS.as_secs());
    assert_eq!(one.time(wall).await, Ok(most), "while nobody was there");
    other.sweep(NOW.plus_s(1_030)).await.unwrap();
    assert_eq!(one.time(wall).await, Ok(most), "nor by whoever is behind that");
    place.session().query("UPDATE relay SET kept = kept + interval '30 days'").unwrap();
    assert_eq!(one.time(wall).await, Ok(NOW.plus_s(1_000)), "by a clock set back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_kept_for_as_long_as_they_are_good() {
    let Some(place) = InDatabase::found() else { return };
    let store = node(&place).await;
    let options = Options { figures_good_for: Duration::from_hours(1), ..place.options() };
    let patient = Postgres::open(options, Arc::new(Asleep)).await.unwrap();
    assert_eq!(patient.figures().await.unwrap().accounts, 0);
    register(&store, BOB).await;
    assert_eq!(patient.figures().await.unwrap().accounts, 0);
    let figures = store.figures().await.unwrap();
    assert_eq!(figures.accounts, 1);
    assert!(figures.file_bytes > 0 && figures.room_bytes.is_none());
    register(&patient, CAROL).await;
    assert_eq!(patient.figures().await.unwrap().commits, 1, "what this node knows itself");
}

/// Summing up may take minutes; it keeps nobody waiting who has older sums.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sums_that_take_long_keep_nobody_waiting() {
    let Some(place) = InDatabase::found() else { return };
    let options = Options { figures_good_for: Duration::from_millis(1), ..place.options() };
    let store = Postgres::open(options, Arc::new(Asleep)).await.unwrap();
    while store.figures().await.is_err() {}
    let mut session = place.session();
    session.query("BEGIN").unwrap();
    session.query("LOCK TABLE blob IN ACCESS EXCLUSIVE MODE").unwrap();
    register(&store, BOB).await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(store.figures().await.unwrap().accounts, 0);
        assert_eq!(store.has_room().await, Ok(true));
    }
    session.query("COMMIT").unwrap();
    for _ in 0..3_000 {
        if store.figures().await.unwrap().accounts == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the sums never came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_tells_what_does_not_fit() {
    let Some(place) = InDatabase::found() else { return };
    let store = node(&place).await;
    register(&store, BOB).await;
    fill(&store, BOB, 3).await;
    let prekeys = BOB.prekeys(0, 0..3);
    store.publish_prekeys(BOB.id(), BOB.device_id(0), prekeys).await.unwrap();
    store.put_record(BOB.id(), record_id(1), 0, vec![1; 9], MANY).await.unwrap();
    store.add_right(BOB.id(), right_id(1), right(RightKind::Token, 8), 9, NOW).await.unwrap();
    assert_eq!(store.check().await.unwrap().faults, Vec::<String>::new());

    let faults = [
        (
            "UPDATE mailbox SET cnt = cnt + 1",
            "1 mailboxes that count other envelopes than they have",
        ),
        ("DELETE FROM mailbox", "3 envelopes in no mailbox"),
        ("DELETE FROM device", "3 prekeys of no device"),
        ("UPDATE device SET next_pair = 1", "2 prekeys beyond the last number of their device"),
        ("DELETE FROM card", "1 accounts that lack a card"),
        ("DELETE FROM account", "1 rights of no account"),
        ("UPDATE record SET value = ''", "1 accounts that count other records than they have"),
        (
            "UPDATE account SET card = set_byte(card, 40, get_byte(card, 40) # 1)",
            "1 damaged accounts",
        ),
        ("UPDATE card SET version = version + 1", "1 damaged cards"),
        ("UPDATE device SET counter = ''", "1 damaged devices"),
        ("UPDATE prekey SET id = 9 WHERE id = 0", "1 damaged prekeys"),
        ("UPDATE knock_right SET kind = 7", "1 damaged rights"),
        ("UPDATE mailbox SET acct = '\\x00'", "1 damaged mailboxes"),
        ("UPDATE envelope SET body = set_byte(body, 77, 1)", "3 damaged envelopes"),
        ("UPDATE envelope SET expires = expires + 1", "3 damaged envelopes"),
    ];
    let mut session = place.session();
    let keep = TABLES.map(|table| format!("CREATE TABLE {table}_kept AS TABLE {table};"));
    session.query(&keep.concat()).unwrap();
    let undo =
        TABLES.map(|table| format!("DELETE FROM {table}; INSERT INTO {table} TABLE {table}_kept;"));
    for (damage, fault) in faults {
        session.query(damage).unwrap();
        let found = store.check().await.unwrap().faults;
        assert!(found.iter().any(|found| found == fault), "{damage}: {found:?}");
        session.query(&undo.concat()).unwrap();
        assert_eq!(store.check().await.unwrap().faults, Vec::<String>::new(), "{damage}");
    }
}

const TABLES: [&str; 8] =
    ["account", "card", "device", "prekey", "knock_right", "record", "mailbox", "envelope"];
