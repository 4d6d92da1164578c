//! Time, sweeping, figures and checks.

use msg_protocol::{limits::BLOB_CHUNK_BYTES, time::UnixSeconds};

use super::{
    Engine,
    laboratory::{
        BOB, CAROL, LATER, MANY, NOW, by_door, chunk, invite, knock, record_id, right, right_id,
    },
    world::{World, sweep_all},
};
use crate::store::{
    Accounts as _, Blobs as _, Mailboxes as _, Maintenance as _, Records as _, RelayTime,
    Rights as _, Upkeep as _,
    blob::NewChunk,
    mailbox::{Acknowledged, ENVELOPE_OVERHEAD_BYTES, NewEnvelope, Waiting},
    right::{KnockRight, RightKind, StoredInvite},
    upkeep::BETWEEN_SWEEPS,
};

const ENVELOPE: u64 = 4_096 + ENVELOPE_OVERHEAD_BYTES;

pub(crate) async fn a_new_store_takes_the_wall_clocks_time<E: Engine>() {
    let world = World::<E>::new().await;
    assert_eq!(world.store.time(UnixSeconds(500)).await, Ok(RelayTime(500)));
}

pub(crate) async fn sweeping_keeps_the_time<E: Engine>() {
    let world = World::<E>::new().await;
    assert_eq!(world.store.time(UnixSeconds(500)).await, Ok(RelayTime(500)));
    world.store.sweep(RelayTime(700)).await.unwrap();
    for wall in [0, 600, u64::MAX] {
        let time = world.store.time(UnixSeconds(wall)).await.unwrap();
        let most = RelayTime(700).plus_s(BETWEEN_SWEEPS.as_secs());
        assert!(RelayTime(700) <= time && time <= most, "whatever the wall clock says");
    }
}

/// More than one round removes, in two mailboxes, with as many that stay.
const OVER: usize = 1_500;

pub(crate) async fn sweeping_removes_all_that_is_over_and_nothing_else<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    let soon = NOW.plus_s(60);
    let appended = world.race(2 * OVER, |store, index| async move {
        let mailbox = [BOB, CAROL][index % 2].mailbox(0);
        let expires = if index < OVER { soon } else { LATER };
        let new = by_door(mailbox, u32::try_from(index).unwrap());
        store.append(NewEnvelope { expires, ..new }).await
    });
    assert!(appended.await.iter().all(Result::is_ok));
    for (number, expires) in [(1, soon), (2, LATER)] {
        let token = KnockRight { expires, ..right(RightKind::Token, 8) };
        world.store.add_right(BOB.id(), right_id(number), token, 9, NOW).await.unwrap();
        let invite = StoredInvite { expires, ..invite(1) };
        world.store.add_invite(right_id(number), invite, 9, NOW).await.unwrap();
        let chunk = NewChunk { expires, ..chunk(BOB, number, 70_000, 0) };
        world.store.put_chunk(chunk).await.unwrap();
    }
    let all = (2 * OVER) as u64;
    assert_eq!(sweep_all(&*world.store, RelayTime(soon.0 - 1)).await, (0, 0), "nothing is over");
    assert_eq!(world.store.figures().await.unwrap().envelopes, all);
    assert_eq!(sweep_all(&*world.store, soon).await, (all / 2, 1));
    assert_eq!(sweep_all(&*world.store, soon).await, (0, 0));

    let figures = world.store.figures().await.unwrap();
    assert_eq!((figures.envelopes, figures.blobs), (all / 2, 1));
    assert_eq!(figures.envelope_bytes, all / 2 * ENVELOPE);
    for person in [BOB, CAROL] {
        let waiting = world.store.waiting(person.mailbox(0)).await.unwrap();
        let envelopes = u32::try_from(OVER / 2).unwrap();
        let bytes = u64::from(envelopes) * ENVELOPE;
        assert_eq!(waiting, Waiting { envelopes, bytes, knocks: 0 });
        assert_eq!(world.rows(person.mailbox(0)).await.len(), OVER / 2);
    }
    let tokens = world.store.tokens(BOB.id(), NOW).await.unwrap();
    assert_eq!(tokens.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [right_id(2)]);
    let invites = world.store.invites(NOW).await.unwrap();
    assert_eq!(invites.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [right_id(2)]);
}

pub(crate) async fn figures_and_holdings_say_what_is_there<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    world.register(CAROL).await;
    let (store, mailbox) = (&world.store, BOB.mailbox(0));
    let ticket = right(RightKind::Ticket, 8);
    store.add_right(BOB.id(), right_id(1), ticket, 9, NOW).await.unwrap();
    world.append(by_door(mailbox, 1)).await;
    world.append(knock(mailbox, 2, right_id(1))).await;
    world.append(by_door(mailbox, 3)).await;
    let rows = world.rows(mailbox).await;
    store.acknowledge(mailbox, Acknowledged::One(rows[0].sequence)).await.unwrap();
    store.put_record(BOB.id(), record_id(1), 0, vec![1; 10], MANY).await.unwrap();
    store.put_chunk(chunk(BOB, 1, 70_000, 0)).await.unwrap();
    store.raise_counter(BOB.id(), BOB.device_id(0), 7).await.unwrap();

    let figures = store.figures().await.unwrap();
    let counts = (figures.accounts, figures.devices, figures.envelopes, figures.blobs);
    assert_eq!(counts, (2, 2, 2, 1));
    assert_eq!((figures.envelope_bytes, figures.damaged), (2 * ENVELOPE, 0));
    let holdings = store.holdings(BOB.id(), 1, NOW).await.unwrap().unwrap();
    let held = &holdings.mailboxes[0];
    assert_eq!(holdings.mailboxes.len(), 1);
    assert_eq!((held.device, held.mailbox, held.counter), (BOB.device_id(0), mailbox, 7));
    assert_eq!(held.waiting, Waiting { envelopes: 2, bytes: 2 * ENVELOPE, knocks: 1 });
    assert_eq!(held.envelopes.len(), 1, "no more than were asked for");
    let first = held.envelopes[0];
    assert_eq!((first.sequence, first.bytes), (rows[1].sequence, 4_096));
    assert_eq!((first.knock, first.expires), (true, LATER));
    assert_eq!(holdings.records, [(record_id(1), 1, 10)]);
    let piece = BLOB_CHUNK_BYTES as u64;
    assert_eq!(holdings.blobs, [(super::laboratory::blob_id(1), 70_000, piece, LATER)]);
    assert_eq!(holdings.rights, [KnockRight { knocks: 7, ..ticket }]);
}

pub(crate) async fn a_check_finds_no_fault<E: Engine>() {
    let world = World::<E>::with(BOB).await;
    let empty = world.store.check().await.unwrap();
    assert_eq!(empty.faults, Vec::<String>::new());
    world.register(CAROL).await;
    world.append(by_door(BOB.mailbox(0), 1)).await;
    let checked = world.store.check().await.unwrap();
    assert_eq!(checked.faults, Vec::<String>::new());
    assert!(checked.rows > empty.rows);
}
