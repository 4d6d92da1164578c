//! Who may say and change something: no former member, no member without rights, no
//! stranger.

use super::*;

#[test]
fn a_member_removed_while_offline_neither_reads_nor_writes_a_later_message() {
    let mut world = people(20);
    let group = group(&mut world, 3);
    // Carol is away: what she writes has not left, what she is sent waits.
    let early = says(&mut world, 2, group, "from carol");
    let remove = RemoveMember { account: id(&world, 2) };
    change(&mut world, 0, group, remove.into());
    says(&mut world, 0, group, "not for carol");
    for _ in 0..3 {
        world.now.0 += 70;
        for who in [0, 1] {
            world.collect(who, false);
            world.deliver(who, 0);
        }
    }
    says(&mut world, 1, group, "nor this");
    // She sends before she knows.
    world.deliver(2, 0);
    world.settle();
    assert_eq!(world.read(2), Vec::<String>::new());
    assert_eq!(world.read(1), ["not for carol"]);
    assert_eq!(world.read(0), ["nor this"]);
    assert_eq!(row(&world, 2, group).standing, GroupStanding::Gone);
    assert_eq!(row(&world, 0, group).refused, [(id(&world, 2), 1)]);
    assert_ne!(world.level(2, 0, early), Some(Level::Read));
    let refused = world.step(2, |draft, now, rng| {
        let own = Own::load(draft).unwrap();
        let message = outbox::new_message_id(rng);
        say(draft, &own, group, message, text("still"), Confirm::Later, 0, now)
    });
    assert!(matches!(refused, Err(GroupError::NotJoined(_))));
}

/// Somebody writes to another as if to a group, whatever their own rows say.
fn forge(world: &mut World, who: usize, whom: usize, context: &GroupContext, what: &str) {
    let account = id(world, whom);
    world.step(who, |draft, now, rng| {
        let contact = contacts::with(draft, account).unwrap().unwrap();
        let post = outbox::Post {
            account,
            message: outbox::new_message_id(rng),
            sent_ms: 0,
            content: text(what),
            confirm: Confirm::Later,
            is_kept: false,
            group: Some(context.clone()),
        };
        outbox::post(draft, &contact, post, now).unwrap();
    });
}

#[test]
fn a_former_member_who_writes_on_is_refused_whatever_state_he_names() {
    let mut world = people(21);
    let group = group(&mut world, 3);
    let before = context_of(&world, 0, group);
    let remove = RemoveMember { account: id(&world, 1) };
    change(&mut world, 0, group, remove.into());
    world.settle();
    let after = context_of(&world, 0, group);
    let mut ahead = after.clone();
    ahead.epoch += 3;
    for context in [before, after, ahead] {
        forge(&mut world, 1, 0, &context, "I am still here");
    }
    world.settle();
    assert_eq!(world.read(0), Vec::<String>::new());
    assert_eq!(row(&world, 0, group).refused[0].0, id(&world, 1));
    // What names a state to come waits, and is refused in the end.
    world.now.0 += 8 * 86_400;
    let rename = RenameGroup { name: Str::new("later".into()).unwrap() };
    change(&mut world, 0, group, rename.into());
    world.settle();
    assert_eq!(world.read(0), Vec::<String>::new());
    assert_eq!(row(&world, 0, group).refused[0].1, 3);
}

#[test]
fn a_member_without_rights_changes_nothing() {
    let mut world = people(22);
    let group = group(&mut world, 3);
    let before = state(&world, 0, group);
    let removes: GroupChange = RemoveMember { account: id(&world, 0) }.into();
    let own_rights: GroupChange = PromoteMember { account: id(&world, 1) }.into();
    for change in [removes, own_rights] {
        let refused = try_change(&mut world, 1, group, change.clone());
        assert!(matches!(refused, Err(GroupError::NotAdmin(_))));
        // His own program is another than ours.
        let tip = row(&world, 1, group).tip.unwrap();
        for whom in [0, 2] {
            let account = id(&world, whom);
            world.step(1, |draft, now, rng| {
                let own = Own::load(draft).unwrap();
                let forged = propose::signed(&own, group, Some(&tip), vec![change.clone()]);
                let commits = List::new(vec![forged.unwrap().0]).unwrap();
                let operation = GroupOperation::Commits(commits);
                propose::tell(draft, account, &[operation], now, rng).unwrap();
            });
        }
    }
    world.settle();
    for who in [0, 2] {
        assert_eq!(state(&world, who, group), before);
    }
    says(&mut world, 2, group, "as ever");
    world.settle();
    assert_eq!(world.read(0), ["as ever"]);
}

#[test]
fn a_stranger_who_knows_all_about_a_group_puts_nothing_into_it() {
    let mut world = people(23);
    let group = group(&mut world, 3);
    let context = context_of(&world, 0, group);
    connect(&mut world, 0, 3);
    forge(&mut world, 3, 0, &context, "trust me");
    world.settle();
    assert_eq!(world.read(0), Vec::<String>::new());
    assert_eq!(row(&world, 0, group).refused, [(id(&world, 3), 1)]);
}

#[test]
fn an_admin_goes_only_if_another_is_left() {
    let mut world = people(26);
    let group = group(&mut world, 2);
    let leave = |world: &mut World, who: usize| {
        world.step(who, |draft, now, rng| {
            let own = Own::load(draft).unwrap();
            decline(draft, &own, group, now, rng)
        })
    };
    assert!(matches!(leave(&mut world, 0), Err(GroupError::LastAdmin(_))));
    let promote = PromoteMember { account: id(&world, 1) };
    change(&mut world, 0, group, promote.into());
    world.settle();
    leave(&mut world, 0).unwrap();
    world.settle();
    let left = state(&world, 1, group);
    assert_eq!(left.members.len(), 1);
    assert_eq!(left.members[0].role, Role::Admin);
    let demote = DemoteAdmin { account: id(&world, 0) };
    assert!(try_change(&mut world, 1, group, demote.into()).is_err(), "nobody is called that");
}
