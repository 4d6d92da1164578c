//! Whatever order commits come in, everybody has the same group.

use msg_protocol::{
    bounded::{List, Str},
    card::{CardHash, CardRef},
    codec,
    group::{
        AddMember, CreateGroup, DemoteAdmin, GroupPolicy, GroupState, GroupStateHash,
        PromoteMember, RemoveMember, RenameGroup, Role, Writers, commit::GROUP_FORMAT,
    },
    id::{DeviceId, GroupId},
    key::{IdentityKey, Signature},
    signed::Signed,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::*;

const GROUP: GroupId = GroupId([7; 16]);
const POLICY: GroupPolicy = GroupPolicy { writers: Writers::Members, expire_s: None };

fn identity(who: u8) -> IdentityKey {
    IdentityKey([who; 32])
}

fn account(who: u8) -> AccountId {
    AccountId::of(&identity(who))
}

fn add(who: u8) -> GroupChange {
    let address = format!("p{who}@relay.example").parse().unwrap();
    AddMember { identity: identity(who), address, pin: None }.into()
}

fn promote(who: u8) -> GroupChange {
    PromoteMember { account: account(who) }.into()
}

fn demote(who: u8) -> GroupChange {
    DemoteAdmin { account: account(who) }.into()
}

fn remove(who: u8) -> GroupChange {
    RemoveMember { account: account(who) }.into()
}

fn rename(name: &str) -> GroupChange {
    RenameGroup { name: Str::new(name.to_owned()).unwrap() }.into()
}

fn signed(author: u8, before: Option<&Tip>, changes: &[GroupChange]) -> (Link, GroupState) {
    let mut commit = GroupCommit {
        format: GROUP_FORMAT,
        group: GROUP,
        epoch: before.map_or(1, |tip| tip.state.epoch + 1),
        previous: before.map_or(GroupCommitHash::NONE, |tip| tip.commit),
        author: account(author),
        card: CardRef { version: 1, hash: CardHash([0; 32]) },
        device: DeviceId([author; 16]),
        changes: List::new(changes.to_vec()).unwrap(),
        state: GroupStateHash([0; 32]),
    };
    let empty = GroupState {
        group: GROUP,
        epoch: 0,
        previous: GroupCommitHash::NONE,
        name: Str::new(String::new()).unwrap(),
        policy: POLICY,
        members: List::empty(),
    };
    let state = before.map_or(empty, |tip| tip.state.clone());
    let state = changes::next(&state, GROUP, commit.previous).unwrap();
    let (state, made) = changes::still(state, changes);
    assert_eq!(made.len(), changes.len(), "a test makes changes that can be made");
    commit.state = state.hash();
    let signed: Signed<GroupCommit> =
        Signed::from_parts(codec::encode(&commit), Signature([0; 64]));
    (Link { hash: signed.hash(), commit }, state)
}

/// A commit of somebody on a tip.
fn commit(author: u8, before: &Tip, changes: &[GroupChange]) -> (Link, Tip) {
    let (link, state) = signed(author, Some(before), changes);
    let tip = Tip { commit: link.hash, state };
    (link, tip)
}

/// A group of so many admins.
fn group(admins: u8) -> Tip {
    let create = CreateGroup {
        identity: identity(0),
        address: "p0@relay.example".parse().unwrap(),
        pin: None,
        name: Str::new("ops".into()).unwrap(),
        policy: POLICY,
    };
    let mut changes = vec![create.into()];
    changes.extend((1..admins).flat_map(|who| [add(who), promote(who)]));
    let (link, state) = signed(0, None, &changes);
    assert_eq!(changes::begin(&link.commit).as_ref(), Ok(&state));
    Tip { commit: link.hash, state }
}

/// Two commits on one tip, the one of the lower hash first: so that a rule does not
/// hold by chance, names are tried until the hashes are as they should be.
fn with_hashes_so(
    base: &Tip,
    (one, of_one): (u8, &[GroupChange]),
    (other, of_other): (u8, &[GroupChange]),
) -> (Link, Link) {
    for number in 0..64 {
        let more = rename(&format!("try {number}"));
        let (first, _) = commit(one, base, &[of_one, &[more]].concat());
        let (second, _) = commit(other, base, of_other);
        if first.hash > second.hash {
            return (first, second);
        }
    }
    panic!("hashes are not random");
}

fn names(decided: &Decided) -> Vec<GroupCommitHash> {
    decided.chain.iter().flat_map(|applied| applied.commits.clone()).collect()
}

#[test]
fn of_two_commits_the_lower_hash_wins() {
    let base = group(3);
    let (one, _) = commit(1, &base, &[rename("one")]);
    let (two, _) = commit(2, &base, &[rename("two")]);
    let (low, high) = if one.hash < two.hash { (one, two) } else { (two, one) };
    for links in [[low.clone(), high.clone()], [high.clone(), low.clone()]] {
        let decided = decide(&base, &links);
        assert_eq!(names(&decided), [low.hash]);
        assert_eq!(decided.displaced, [high.hash].into());
    }
}

#[test]
fn who_takes_the_rights_of_the_rivals_author_wins_whatever_the_hashes_are() {
    for strike in [remove(2), demote(2)] {
        let base = group(3);
        let (strikes, struck) = with_hashes_so(&base, (1, &[strike]), (2, &[add(9)]));
        let decided = decide(&base, &[struck, strikes.clone()]);
        assert_eq!(names(&decided), [strikes.hash]);
        assert_ne!(decided.tip.state.member(account(2)).map(|two| two.role), Some(Role::Admin));
    }
}

#[test]
fn two_who_remove_each_other_are_both_gone() {
    let base = group(3);
    let (one, _) = commit(1, &base, &[remove(2), add(8)]);
    let (two, _) = commit(2, &base, &[remove(1), add(9)]);
    let decided = decide(&base, &[one.clone(), two.clone()]);
    assert_eq!(decided, decide(&base, &[two, one]));
    assert_eq!(decided.chain.len(), 1);
    assert_eq!(decided.chain[0].commits.len(), 2);
    let is_in = |who| decided.tip.state.member(account(who)).is_some();
    assert_eq!([0, 1, 2, 8, 9].map(is_in), [true, false, false, true, true]);
    assert_eq!(decided.tip.state.epoch, base.state.epoch + 1);
    // The group goes on from there.
    let (next, tip) = commit(0, &decided.tip, &[rename("calm")]);
    let links = [decided_links(&base), vec![next.clone()]].concat();
    let decided = decide(&base, &links);
    assert_eq!(decided.tip, tip);
    assert_eq!(names(&decided).last(), Some(&next.hash));
}

/// The same two who remove each other.
fn decided_links(base: &Tip) -> Vec<Link> {
    let (one, _) = commit(1, base, &[remove(2), add(8)]);
    let (two, _) = commit(2, base, &[remove(1), add(9)]);
    vec![one, two]
}

#[test]
fn a_removed_admin_who_grinds_a_rival_of_an_earlier_commit_wins_nothing() {
    let base = group(3);
    for number in 0..64 {
        let (earlier, tip) = commit(0, &base, &[rename("quiet")]);
        let (removal, removed) = commit(1, &tip, &[remove(2)]);
        let (ground, _) = commit(2, &base, &[rename(&format!("try {number}")), add(9)]);
        if ground.hash < earlier.hash {
            let decided = decide(&base, &[ground, removal, earlier]);
            assert_eq!(decided.tip, removed);
            return;
        }
    }
    panic!("hashes are not random");
}

#[test]
fn what_may_not_be_is_refused() {
    let mut base = group(2);
    let (link, tip) = commit(0, &base, &[add(5), demote(1)]);
    let (by_member, _) = commit(1, &tip, &[add(6)]);
    let (by_nobody, _) = commit(9, &tip, &[remove(0)]);
    let (goes, _) = commit(5, &tip, &[remove(5)]);
    let mut lie = commit(0, &tip, &[rename("lie")]).0;
    lie.commit.state = GroupStateHash([1; 32]);
    lie.hash = GroupCommitHash([1; 32]);
    let links = [link, by_member.clone(), by_nobody.clone(), goes.clone(), lie.clone()];
    let decided = decide(&base, &links);
    assert_eq!(names(&decided).last(), Some(&goes.hash));
    assert_eq!(decided.refused.get(&by_member.hash), Some(&Invalid::NotAllowed));
    assert_eq!(decided.refused.get(&by_nobody.hash), Some(&Invalid::NotAllowed));
    assert_eq!(decided.refused.get(&lie.hash), Some(&Invalid::OtherState));
    base.commit = GroupCommitHash([9; 32]);
    assert_eq!(decide(&base, &links).waiting.len(), links.len(), "of another past");
}

#[test]
fn limit_max_epochs_back_and_max_days_late_settle_what_is_old() {
    let mut tip = group(2);
    let base = tip.clone();
    let mut links = Vec::new();
    for number in 0..=MAX_EPOCHS_BACK {
        let (link, after) = commit(0, &tip, &[rename(&format!("name {number}"))]);
        links.push(link);
        tip = after;
    }
    let decided = decide(&base, &links);
    let (start, now) = (UnixSeconds(1_000_000), UnixSeconds(1_000_000 + 6 * 86_400));
    assert_eq!(settled(&decided.chain, |_| start, now), 1, "one epoch more than the most");
    let late = UnixSeconds(1_000_000 + 8 * 86_400);
    assert_eq!(settled(&decided.chain, |_| start, late), decided.chain.len());
    let third = decided.chain[2].commits[0];
    let came = |hash| if hash == third { start } else { late };
    assert_eq!(settled(&decided.chain, came, late), 3, "with all before it");
}

/// One of several who work on a group, and may not have everything yet.
struct Replica {
    links: Vec<Link>,
    own: Vec<Link>,
}

/// People make commits, each on what they have, and hear of others' in any order,
/// some twice. Who is displaced proposes again. In the end everybody has everything.
fn schedule(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |below: u32| rng.next_u32() % below;
    let people: u8 = 4;
    let base = group(people);
    let mut replicas: Vec<Replica> =
        (0..people).map(|_| Replica { links: Vec::new(), own: Vec::new() }).collect();
    let mut on_the_way: Vec<(usize, Link)> = Vec::new();
    for turn in 0..40 {
        let who = draw(u32::from(people));
        let index = usize::try_from(who).unwrap();
        let author = u8::try_from(who).unwrap();
        let other = u8::try_from(draw(u32::from(people))).unwrap();
        let decided = decide(&base, &replicas[index].links);
        let is_early = decided.chain.len() < 8;
        let change = match draw(9) {
            0 => remove(other),
            1 => demote(other),
            2 => promote(other),
            3 => add(other),
            4 | 5 => add(u8::try_from(100 + turn).unwrap()),
            _ => rename(&format!("name {turn}")),
        };
        let before = changes::next(&decided.tip.state, GROUP, decided.tip.commit).unwrap();
        let is_fit = !changes::still(before, std::slice::from_ref(&change)).1.is_empty();
        if is_early
            && is_fit
            && changes::may(&decided.tip.state, account(author), std::slice::from_ref(&change))
        {
            let (link, _) = commit(author, &decided.tip, &[change]);
            replicas[index].own.push(link.clone());
            replicas[index].links.push(link.clone());
            for to in 0..usize::from(people) {
                on_the_way.push((to, link.clone()));
                if draw(4) == 0 {
                    on_the_way.push((to, link.clone()));
                }
            }
        }
        for _ in 0..draw(6) {
            if !on_the_way.is_empty() {
                let length = u32::try_from(on_the_way.len()).unwrap();
                let at = usize::try_from(draw(length)).unwrap();
                let (to, link) = on_the_way.swap_remove(at);
                replicas[to].links.push(link);
            }
        }
    }
    while !on_the_way.is_empty() {
        let length = u32::try_from(on_the_way.len()).unwrap();
        let (to, link) = on_the_way.swap_remove(usize::try_from(draw(length)).unwrap());
        replicas[to].links.push(link);
    }
    let first = decide(&base, &replicas[0].links);
    assert!(first.waiting.is_empty(), "seed {seed}");
    for replica in &replicas {
        assert_eq!(decide(&base, &replica.links), first, "seed {seed}");
        for own in &replica.own {
            let is_known = names(&first).contains(&own.hash)
                || first.displaced.contains(&own.hash)
                || first.refused.contains_key(&own.hash);
            assert!(is_known, "seed {seed}");
        }
    }
    everybody_had_the_right(&base, &first, &replicas[0].links);
}

/// Nobody changes anything without having the right at that place.
fn everybody_had_the_right(base: &Tip, decided: &Decided, links: &[Link]) {
    let mut state = base.state.clone();
    for applied in &decided.chain {
        for hash in &applied.commits {
            let link = links.iter().find(|link| link.hash == *hash).unwrap();
            assert!(changes::may(&state, link.commit.author, &link.commit.changes));
        }
        state = applied.tip.state.clone();
    }
}

#[test]
fn members_agree_after_any_order_of_arrival() {
    for seed in 0..400 {
        schedule(seed);
    }
}

/// A bug: two admins who struck and raised each other again at every epoch doubled
/// what everybody else had to look at, once for each epoch.
#[test]
fn two_admins_who_strike_each_other_at_every_epoch_hold_nobody_up() {
    let base = group(2);
    let (mut links, mut tip) = (Vec::new(), base.clone());
    for _ in 0..60 {
        let one = commit(0, &tip, &[demote(1), promote(1)]);
        let other = commit(1, &tip, &[demote(0), promote(0)]);
        let (first, last) = if one.0.hash < other.0.hash { (one, other) } else { (other, one) };
        tip = last.1;
        links.extend([first.0, last.0]);
    }
    let decided = decide(&base, &links);
    assert_eq!(decided.chain.len(), 60);
    assert_eq!(decided.tip, tip);
}
