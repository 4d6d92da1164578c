//! What members are told of changes.

use super::*;
use crate::{
    engine::inbox,
    rows::{Happened, Whose},
};

/// What somebody is told, and by whom it was done; read now.
fn told(world: &mut World, who: usize) -> Vec<(AccountId, Happened, Vec<String>)> {
    let store = &world.nodes[who].store;
    let unread = inbox::unread(store, 0, Whose::Everybody, usize::MAX).unwrap();
    let notices = unread.into_iter().filter_map(|one| {
        let notice = one.message.notice?;
        let whom = notice.whom.into_iter().chain(notice.name).collect();
        Some((one.message.with, notice.what, whom))
    });
    let notices = notices.collect();
    world.read(who);
    notices
}

#[test]
fn members_are_told_who_came_went_and_may_do_what_and_of_nothing_before_them() {
    let mut world = people(90);
    let group = group(&mut world, 3);
    let [alice, bob, carol] = [0, 1, 2].map(|who| id(&world, who));
    let of_bob = told(&mut world, 1);
    assert_eq!(of_bob[0], (alice, Happened::Invited, vec![]));
    for who in [0, 2] {
        told(&mut world, who);
    }
    let promote = PromoteMember { account: bob };
    change(&mut world, 0, group, promote.into());
    let rename = RenameGroup { name: Str::new("night".into()).unwrap() };
    change(&mut world, 0, group, rename.into());
    world.settle();
    let promoted = (alice, Happened::Promoted, vec!["bob@relay.example".to_owned()]);
    let renamed = (alice, Happened::Renamed, vec!["night".to_owned()]);
    assert_eq!(told(&mut world, 2), [promoted.clone(), renamed.clone()]);
    assert_eq!(told(&mut world, 1), [promoted, renamed]);
    assert_eq!(told(&mut world, 0), [], "nobody is told what they did themselves");
    connect(&mut world, 0, 3);
    let adds = adds(&world, 3);
    change(&mut world, 0, group, adds);
    world.settle();
    accepts(&mut world, 3, group);
    world.settle();
    let dan = id(&world, 3);
    let name = vec!["dan@relay.example".to_owned()];
    let of_bob = told(&mut world, 1);
    assert_eq!(of_bob, [(alice, Happened::Added, name), (dan, Happened::Joined, vec![])]);
    assert_eq!(told(&mut world, 0), [(dan, Happened::Joined, vec![])]);
    assert_eq!(told(&mut world, 3), [(alice, Happened::Invited, vec![])]);
    world.step(3, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        decline(draft, &own, group, now, rng).unwrap();
    });
    world.settle();
    assert_eq!(told(&mut world, 0), [(dan, Happened::Left, vec![])]);
    told(&mut world, 2);
    let remove = RemoveMember { account: carol };
    change(&mut world, 1, group, remove.into());
    world.settle();
    assert_eq!(told(&mut world, 0), [(bob, Happened::Removed, vec!["carol".to_owned()])]);
    assert_eq!(told(&mut world, 2)[0].1, Happened::Removed, "she is told why she hears no more");
}
