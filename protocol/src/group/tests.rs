//! Which commits may be, and what hashes and signatures cover.

use alloc::{vec, vec::Vec};

use super::{commit::GROUP_FORMAT, *};
use crate::{
    bounded::{Bytes, Str},
    card::{Card, Device},
    codec::encode,
    hash::Label,
    id::{AccountId, DeviceId},
    kinded::Unknown,
    laboratory::{card, card_ref, identity, sign, signing, verified},
    prekey::{LastResortPrekey, OneTimePair, SignedPrekey},
    secret::Door,
    signed::{Signable, Verified, VerifyError},
};

const POLICY: GroupPolicy = GroupPolicy { writers: Writers::Members, expire_s: None };

fn create(seed: u8) -> GroupChange {
    CreateGroup {
        identity: identity(seed),
        address: "bob@relay.example".parse().unwrap(),
        pin: None,
        name: Str::new("ops".into()).unwrap(),
        policy: POLICY,
    }
    .into()
}

fn promote() -> GroupChange {
    PromoteMember { account: AccountId([5; 16]) }.into()
}

fn commit(epoch: u32, changes: Vec<GroupChange>) -> GroupCommit {
    GroupCommit {
        format: GROUP_FORMAT,
        group: GroupId([1; 16]),
        epoch,
        previous: if epoch == 1 { GroupCommitHash::NONE } else { GroupCommitHash([9; 32]) },
        author: AccountId::of(&identity(1)),
        card: card_ref(1),
        device: DeviceId([2; 16]),
        changes: List::new(changes).unwrap(),
        state: GroupStateHash([3; 32]),
    }
}

fn refused(commit: &GroupCommit) -> bool {
    matches!(sign(2, commit).verify(&signing(2)), Err(VerifyError::Rule(_)))
}

#[test]
fn a_commit_is_signed_by_a_device() {
    let signed = sign(2, &commit(1, vec![create(1), promote()]));
    let hash = signed.hash();
    let verified = signed.clone().verify(&signing(2)).unwrap();
    assert_eq!(verified.hash(), hash);
    assert!(signed.verify(&signing(3)).is_err());
}

#[test]
fn a_chain_begins_once_with_its_author() {
    assert!(!refused(&commit(2, vec![promote()])));
    assert!(refused(&commit(0, vec![create(1)])), "epoch zero");
    assert!(refused(&commit(1, vec![])), "nothing");
    assert!(refused(&commit(1, vec![promote()])), "no beginning");
    assert!(refused(&commit(1, vec![create(4)])), "somebody else's beginning");
    assert!(refused(&commit(1, vec![promote(), create(1)])), "late beginning");
    assert!(refused(&commit(1, vec![create(1), create(1)])), "two beginnings");
    assert!(refused(&commit(2, vec![create(1)])), "a second beginning");
    let mut orphan = commit(2, vec![promote()]);
    orphan.previous = GroupCommitHash::NONE;
    assert!(refused(&orphan), "no predecessor");
    let mut foreign = commit(2, vec![promote()]);
    foreign.format = 2;
    assert!(refused(&foreign), "unknown format");
}

#[test]
fn a_change_of_a_later_kind_is_kept() {
    let later = GroupChange::Unknown(Unknown { kind: 77, body: Bytes::new(vec![1]).unwrap() });
    let signed = sign(2, &commit(2, vec![later.clone()]));
    let verified = signed.verify(&signing(2)).unwrap();
    assert_eq!(verified.changes[0], later);
}

#[test]
fn a_statement_to_join_is_no_commit() {
    let accept = GroupAccept {
        format: GROUP_FORMAT,
        group: GroupId([1; 16]),
        epoch: u32::MAX,
        account: AccountId([4; 16]),
        card: card_ref(u32::MAX),
        device: DeviceId([2; 16]),
        door: Door::new([6; 32]),
    };
    assert!(encode(&accept).len() <= GroupAccept::MAX_BYTES);
    let signed = sign(2, &accept);
    assert!(signed.clone().verify(&signing(2)).is_ok());
    let posing = Signed::<GroupCommit>::from_parts(signed.raw().to_vec(), *signed.signature());
    assert_eq!(posing.verify(&signing(2)), Err(VerifyError::BadSignature));
}

/// The label of statements began with the label of commits: what was signed as a
/// statement verified as a commit with the rest of the label in front, and only
/// its first byte told that it was none.
#[test]
fn no_label_of_a_signature_begins_another() {
    let labels = [
        Card::LABEL,
        SignedPrekey::LABEL,
        LastResortPrekey::LABEL,
        OneTimePair::LABEL,
        GroupCommit::LABEL,
        GroupAccept::LABEL,
    ]
    .map(Label::bytes);
    for (one, other) in (0..labels.len()).flat_map(|i| (0..labels.len()).map(move |j| (i, j))) {
        assert!(one == other || !labels[other].starts_with(&labels[one]));
    }
}

fn statement(author: &Verified<Card>, device: &Device) -> GroupAccept {
    GroupAccept {
        format: GROUP_FORMAT,
        group: GroupId([1; 16]),
        epoch: 1,
        account: author.account(),
        card: author.reference(),
        device: device.id(),
        door: Door::new([6; 32]),
    }
}

#[test]
fn attack_14_a_statement_is_the_word_of_the_account_that_it_names() {
    let author = verified(1, &card(1));
    let device = &author.devices[0];
    let honest = statement(&author, device);
    assert!(sign(101, &honest).verify_by_author(&author).is_ok());

    let unsigned = sign(102, &honest).verify_by_author(&author);
    assert_eq!(unsigned, Err(AuthorError::Verify(VerifyError::BadSignature)));

    let mut lister = card(9);
    lister.devices = author.devices.clone();
    let lister = verified(9, &lister);
    let borrowed = sign(101, &honest).verify_by_author(&lister);
    assert_eq!(borrowed, Err(AuthorError::OtherAccount), "who lists a stranger's device");
    let claimed = GroupAccept { account: lister.account(), ..honest.clone() };
    let claimed = sign(101, &claimed).verify_by_author(&author);
    assert_eq!(claimed, Err(AuthorError::OtherAccount));

    let older = GroupAccept { card: card_ref(1), ..honest.clone() };
    assert_eq!(sign(101, &older).verify_by_author(&author), Err(AuthorError::OtherCard));
    let absent = GroupAccept { device: DeviceId([2; 16]), ..honest };
    assert_eq!(sign(101, &absent).verify_by_author(&author), Err(AuthorError::DeviceNotOnCard));
}

#[test]
fn attack_14_a_commit_is_the_word_of_the_account_that_it_names() {
    let author = verified(1, &card(1));
    let device = author.devices[0].id();
    let honest = GroupCommit { card: author.reference(), device, ..commit(2, vec![promote()]) };
    assert!(sign(101, &honest).verify_by_author(&author).is_ok());
    let unsigned = sign(102, &honest).verify_by_author(&author);
    assert_eq!(unsigned, Err(AuthorError::Verify(VerifyError::BadSignature)));
    let other = GroupCommit { author: AccountId([4; 16]), ..honest.clone() };
    assert_eq!(sign(101, &other).verify_by_author(&author), Err(AuthorError::OtherAccount));
    let older = GroupCommit { card: card_ref(1), ..honest.clone() };
    assert_eq!(sign(101, &older).verify_by_author(&author), Err(AuthorError::OtherCard));
    let absent = GroupCommit { device: DeviceId([2; 16]), ..honest };
    assert_eq!(sign(101, &absent).verify_by_author(&author), Err(AuthorError::DeviceNotOnCard));
}

#[test]
fn every_part_of_the_state_is_in_its_hash() {
    let member = GroupMember {
        identity: identity(1),
        address: "bob@relay.example".parse().unwrap(),
        pin: None,
        role: Role::Invited,
    };
    let state = GroupState {
        group: GroupId([1; 16]),
        epoch: 1,
        previous: GroupCommitHash::NONE,
        name: Str::new("ops".into()).unwrap(),
        policy: POLICY,
        members: List::new(vec![member.clone()]).unwrap(),
    };
    assert!(state.member(member.account()).is_some());
    let change = |f: fn(&mut GroupState)| {
        let mut other = state.clone();
        f(&mut other);
        other.hash()
    };
    let role = |state: &mut GroupState| {
        let mut members = state.members.clone().into_vec();
        members[0].role = Role::Admin;
        state.members = List::new(members).unwrap();
    };
    for other in [
        change(|state| state.group = GroupId([2; 16])),
        change(|state| state.epoch = 2),
        change(|state| state.previous = GroupCommitHash([1; 32])),
        change(|state| state.name = Str::new("dev".into()).unwrap()),
        change(|state| state.policy.writers = Writers::Admins),
        change(|state| state.members = List::empty()),
        change(role),
    ] {
        assert_ne!(other, state.hash());
    }
}
