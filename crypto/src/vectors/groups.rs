//! Groups: changes, commits, states, statements of joining.

use alloc::{string::ToString as _, vec, vec::Vec};

use msg_protocol::{
    address::Pin,
    bounded::{List, Str},
    card::{CardHash, CardRef},
    codec,
    group::{
        AddMember, CreateGroup, DemoteAdmin, GroupAccept, GroupChange, GroupCommit,
        GroupCommitHash, GroupMember, GroupPolicy, GroupState, PromoteMember, RemoveMember,
        RenameGroup, Role, SetPolicy, Writers, commit::GROUP_FORMAT,
    },
    hash::LABEL_PREFIX,
    id::{AccountId, GroupId},
    key::IdentityKey,
    secret::Door,
    signed::{Signable, Signed},
};
use serde::Serialize;

use super::{
    card::{TODAY, signed_json},
    case::{Case, File},
    draws::Draws,
    json::{Json, object},
    value::json,
};
use crate::{identity::DeviceSecret, secret::Secret};

/// A first commit and a statement, signed by a device made for them.
pub(crate) struct SignedByDevice {
    seed: Secret<32>,
    device: DeviceSecret,
    pub(crate) commit: Signed<GroupCommit>,
    pub(crate) accept: Signed<GroupAccept>,
    state: GroupState,
}

#[test]
fn groups_are_as_their_vectors_say() {
    let rng = &mut Draws::of("groups");
    let made = signed(rng);
    let mut cases = changes(rng);
    let shown = |kind: u16| {
        let kind = Json::from(kind);
        cases.iter().any(|case| case.member("inputs").unwrap().member("kind") == Some(&kind))
    };
    assert!(GroupChange::KINDS.iter().all(|(kind, _)| shown(*kind)), "a change has no vector");
    cases.push(state("the state after the first commit", &made.state));
    cases.push(made.case("the first commit of a group", &made.commit));
    cases.push(made.case("a statement of joining", &made.accept));
    File {
        name: "groups",
        about: "Groups. `change`: one change by its fields. `state`: a group's state and its hash. \
                `sign`: a commit or a statement, its bytes, signature and hash. Members stand in \
                the order of the encoding.",
        spec: "protocol/SPEC.md, Groups",
        cases,
    }
    .keep();
}

fn name(text: &str) -> Str<{ msg_protocol::limits::MAX_GROUP_NAME_BYTES }> {
    Str::new(text.to_string()).unwrap()
}

fn changes(rng: &mut Draws) -> Vec<Case> {
    let identity = IdentityKey(rng.bytes());
    let account = AccountId::of(&identity);
    let policy = GroupPolicy { writers: Writers::Admins, expire_s: Some(3_600) };
    let pin = Some(Pin::new(rng.bytes()));
    let address = || "alice@relay.example".parse().unwrap();
    vec![
        change(CreateGroup { identity, address: address(), pin, name: name("ops"), policy }),
        change(AddMember { identity, address: address(), pin: None }),
        change(RemoveMember { account }),
        change(RenameGroup { name: name("Op\u{e9}rations") }),
        change(PromoteMember { account }),
        change(DemoteAdmin { account }),
        change(SetPolicy { policy: GroupPolicy { writers: Writers::Members, expire_s: None } }),
    ]
}

fn change<T: Serialize + Into<GroupChange>>(value: T) -> Case {
    let fields = json(&value);
    let change: GroupChange = value.into();
    let (kind, encoded) = (change.kind(), codec::encode(&change));
    assert_eq!(codec::decode::<GroupChange>(&encoded, encoded.len()).unwrap(), change);
    let (_, name) = GroupChange::KINDS.iter().find(|(number, _)| *number == kind).unwrap();
    Case::new("change", *name, object! { "kind": kind, "fields": fields })
        .outputs(object! { "bytes": &encoded })
}

fn state(name: &str, state: &GroupState) -> Case {
    Case::new("state", name, object! { "state": json(state) })
        .outputs(object! { "bytes": &codec::encode(state), "hash": &state.hash().0 })
}

/// A commit that makes a group of two, and the second member's statement.
pub(crate) fn signed(rng: &mut Draws) -> SignedByDevice {
    let (seed, group) = (rng.secret(), GroupId(rng.bytes()));
    let device = DeviceSecret::from_seeds(&seed, &rng.secret());
    let mut identities: [IdentityKey; 2] = [IdentityKey(rng.bytes()), IdentityKey(rng.bytes())];
    identities.sort_by_key(AccountId::of);
    let [alice, bob] = identities;
    let (address, other) = ("alice@relay.example", "bob@other.example:443");
    let policy = GroupPolicy { writers: Writers::Members, expire_s: None };
    let pin = Some(Pin::new(rng.bytes()));
    let create = CreateGroup {
        identity: alice,
        address: address.parse().unwrap(),
        pin: None,
        name: name("ops"),
        policy,
    };
    let add = AddMember { identity: bob, address: other.parse().unwrap(), pin };
    let member = |identity, address: &str, pin, role| GroupMember {
        identity,
        address: address.parse().unwrap(),
        pin,
        role,
    };
    let state = GroupState {
        group,
        epoch: 1,
        previous: GroupCommitHash::NONE,
        name: name("ops"),
        policy,
        members: List::new(vec![
            member(alice, address, None, Role::Admin),
            member(bob, other, pin, Role::Invited),
        ])
        .unwrap(),
    };
    let card = CardRef { version: 3, hash: CardHash(rng.bytes()) };
    let commit = GroupCommit {
        format: GROUP_FORMAT,
        group,
        epoch: 1,
        previous: GroupCommitHash::NONE,
        author: AccountId::of(&alice),
        card,
        device: device.id(),
        changes: List::new(vec![create.into(), add.into()]).unwrap(),
        state: state.hash(),
    };
    let accept = GroupAccept {
        format: GROUP_FORMAT,
        group,
        epoch: 1,
        account: AccountId::of(&bob),
        card,
        device: device.id(),
        door: Door::new(rng.bytes()),
    };
    let (commit, accept) = (device.sign(&commit), device.sign(&accept));
    SignedByDevice { seed, device, commit, accept, state }
}

impl SignedByDevice {
    fn case<T>(&self, name: &str, signed: &Signed<T>) -> Case
    where
        T: Signable<Signer = msg_protocol::key::SigningKey> + core::fmt::Debug,
    {
        let key = self.device.public(TODAY).signing;
        let value = signed.clone().verify(&key).unwrap();
        let label = T::LABEL.bytes();
        let label = core::str::from_utf8(&label).unwrap().trim_start_matches(LABEL_PREFIX);
        let hash = (T::LABEL == GroupCommit::LABEL).then(|| self.commit.hash());
        let inputs = object! { "label": label, "seed": &self.seed, "value": json(&*value) };
        let outputs = object! {
            "key": key.as_bytes(),
            "signed": signed_json(signed),
            "hash": hash.as_ref().map(|hash| &hash.0),
        };
        Case::new("sign", name, inputs).outputs(outputs)
    }
}
