//! What is kept of a group stays short enough to be read, whatever its members do.

use msg_protocol::{
    codec::encode,
    group::{
        GroupCommit, GroupCommitHash, GroupMember, GroupStateHash, Role, commit::GROUP_FORMAT,
    },
    key::IdentityKey,
    limits::{MAX_GROUP_MEMBERS, MAX_GROUP_STATE_BYTES},
    signed::Signed,
};
use rand_core::Rng as _;

use super::{attacks::sends, *};
use crate::{
    engine::groups::{
        introduce::MAX_ENTRANTS,
        refresh::{MAX_SETTLED, MAX_STATES, MAX_UNSETTLED, MAX_WINDOW},
    },
    rows::{Entrant, EntrantsRow, Tip},
    store::memory::Memory,
};

/// Somebody who is said to live at an endless address.
fn somebody(world: &mut World) -> GroupMember {
    let mut identity = [0; 32];
    world.rng.fill_bytes(&mut identity);
    let host = ["h".repeat(60).as_str(); 4].join(".");
    GroupMember {
        identity: IdentityKey(identity),
        address: format!("somebody@{host}").parse().unwrap(),
        pin: Some(msg_protocol::address::Pin::of(&identity)),
        role: Role::Invited,
    }
}

/// A commit that asks so many of those in, whatever the bounds are; and where it leads.
fn endless(world: &mut World, tip: &mut Tip, count: usize) -> Signed<GroupCommit> {
    let mut members = tip.state.members.clone().into_vec();
    let mut changes: Vec<GroupChange> = Vec::new();
    for _ in 0..count {
        let member = somebody(world);
        let GroupMember { identity, address, pin, .. } = member.clone();
        changes.push(AddMember { identity, address, pin }.into());
        members.push(member);
    }
    members.sort_by_key(GroupMember::account);
    let own = Own::load(&world.nodes[0].store).unwrap();
    let (epoch, previous) = (tip.state.epoch + 1, tip.commit);
    let members = List::new(members).unwrap();
    let state = GroupState { epoch, previous, members, ..tip.state.clone() };
    let signed = own.device.sign(&GroupCommit {
        format: GROUP_FORMAT,
        group: state.group,
        epoch,
        previous,
        author: own.id(),
        card: own.card().reference(),
        device: own.device_id(),
        changes: List::new(changes).unwrap(),
        state: state.hash(),
    });
    *tip = Tip { commit: signed.hash(), state };
    signed
}

/// A bug: two states of a group of a thousand endless addresses made a row that was
/// written and never read again, and with it all groups were gone.
#[test]
fn a_contact_who_asks_into_a_group_of_endless_addresses_spoils_no_other() {
    let mut world = people(80);
    let ours = group(&mut world, 2);
    let theirs = invites(&mut world, 0, &[1]);
    let mut tip = row(&world, 0, theirs).tip.unwrap();
    // So slowly in the end that what is settled holds most of them too.
    for count in [180; 5].into_iter().chain([5; 17]) {
        let commit = endless(&mut world, &mut tip, count);
        sends(&mut world, 0, 1, vec![commit]);
    }
    world.deliver(0, 0);
    world.collect(1, false);
    let kept = state(&world, 1, theirs);
    assert!(encode(&kept).len() <= MAX_GROUP_STATE_BYTES);
    assert_eq!(kept.members.len(), 2 + 3 * 180, "as long as there is room");
    says(&mut world, 0, ours, "as ever");
    world.deliver(0, 0);
    world.collect(1, false);
    assert_eq!(world.read(1), ["as ever"]);
    // Nor does an honest client of theirs go further.
    let more = somebody(&mut world);
    let adds = AddMember { identity: more.identity, address: more.address, pin: more.pin };
    let own = Own::load(&world.nodes[0].store).unwrap();
    let (_, made) = propose::signed(&own, theirs, Some(&tip), vec![adds.into()]).unwrap();
    assert_eq!(made, 0);
}

#[test]
fn the_longest_row_of_a_group_can_be_read() {
    let mut world = people(81);
    let group = group(&mut world, 2);
    let mut tip = row(&world, 0, group).tip.unwrap();
    for (count, room) in [(100, 40_000), (1, 400)] {
        while encode(&tip.state).len() + room < MAX_GROUP_STATE_BYTES {
            endless(&mut world, &mut tip, count);
        }
    }
    let (account, hash) = (AccountId([255; 16]), GroupCommitHash([255; 32]));
    let message = MessageId([255; 16]);
    let mut longest = GroupRow {
        base: Some(tip.clone()),
        tip: Some(tip),
        settled: vec![hash; MAX_SETTLED],
        window: vec![hash; MAX_UNSETTLED],
        unchecked: vec![hash; MAX_WINDOW],
        states: vec![GroupStateHash([255; 32]); MAX_STATES],
        joined: vec![account; MAX_GROUP_MEMBERS],
        unproven: vec![account; MAX_GROUP_MEMBERS],
        guests: vec![account; MAX_GROUP_MEMBERS],
        promised: vec![(account, u32::MAX); MAX_GROUP_MEMBERS],
        untold: vec![account; 2 * MAX_GROUP_MEMBERS],
        proposed: vec![hash; MAX_WINDOW],
        noted: vec![hash; MAX_UNSETTLED + MAX_WINDOW],
        recent: vec![message; 256],
        gaps: vec![(message, message); 64],
        refused: vec![(account, u32::MAX); 64],
        ..GroupRow::new("x".repeat(140), GroupStanding::Invited { by: account })
    };
    let mut number = u64::MAX;
    while longest.put_off(AccountId(u128::from(number % 1_000).to_be_bytes()), number).is_none() {
        number -= 1;
    }
    assert_eq!(longest.unsent.len(), MAX_GROUP_MEMBERS);
    let mut store = Memory::default();
    let draft = crate::step::Draft::new(&store);
    kept::save(&draft, group, &longest);
    draft.step(()).commit(&mut store).unwrap();
    assert_eq!(kept::with(&store, group).unwrap(), Some(longest));
}

/// What is said while a member is blocked waits for them, message by message, without
/// end: the oldest gives way.
#[test]
fn who_cannot_be_written_to_for_long_misses_the_oldest() {
    let mut world = people(82);
    let group = group(&mut world, 3);
    let (bob, carol) = (id(&world, 1), id(&world, 2));
    for account in [bob, carol] {
        world.step(0, |draft, now, rng| contacts::block(draft, account, now, rng).unwrap());
    }
    let [first, second] = ["first", "second"].map(|text| says(&mut world, 0, group, text));
    let level = |world: &World, who, message| world.level(0, who, message);
    let mut full = row(&world, 0, group);
    assert_eq!(full.unsent.len(), 2);
    // The first gives way here already.
    while full.put_off(bob, 0).is_none() {}
    world.step(0, |draft, _, _| kept::save(draft, group, &full));
    assert_eq!(level(&world, 1, second), Some(Level::Queued));
    let third = says(&mut world, 0, group, "third");
    assert_eq!(level(&world, 1, second), Some(Level::Failed));
    for (who, message) in [(1, third), (2, first), (2, second), (2, third)] {
        assert_eq!(level(&world, who, message), Some(Level::Queued), "{who}");
    }
    let count = |row: &GroupRow| row.unsent.iter().map(|(_, numbers)| numbers.len()).sum::<usize>();
    assert_eq!(count(&row(&world, 0, group)), count(&full));
}

#[test]
fn of_very_many_who_join_the_first_are_not_introduced_any_more() {
    let mut world = people(83);
    let group = group(&mut world, 2);
    let key = crate::rows::group::key(group);
    let (alice, now) = (id(&world, 0), world.now);
    let kept = row(&world, 0, group);
    let told = Entrant { told: 7, ..Entrant::new(alice, now, now) };
    world.step(0, |draft, _, _| {
        draft.write(&key, &EntrantsRow { entered: vec![told; MAX_ENTRANTS] });
        let new = Entrant::new(alice, now, now);
        super::super::introduce::note(draft, alice, group, &kept, new).unwrap();
    });
    let row: EntrantsRow = crate::rows::Read::row(&world.nodes[0].store, &key).unwrap().unwrap();
    assert_eq!(row.entered.len(), MAX_ENTRANTS);
    assert_eq!(row.entered.iter().map(|one| one.told).max(), Some(6), "they have moved up");
    assert_eq!(row.entered.last().map(|one| one.told), Some(0));
}
