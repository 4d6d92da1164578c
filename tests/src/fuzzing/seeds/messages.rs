//! Seeds of what stands inside an envelope, and of groups.

use msg_protocol::{
    address::{Address, Pin},
    bounded::{Bytes, List, Str},
    card::{CardHash, CardRef},
    codec,
    content::{
        Confirm, ContactDetails, Content, Extension, File, FileHash, Line, Lines, Message, Receipt,
        ReceiptLevel, Text,
    },
    group::{
        AddMember, CreateGroup, GroupAccept, GroupCommit, GroupCommitHash, GroupContext,
        GroupMember, GroupOperation, GroupPolicy, GroupState, GroupStateHash, RemoveMember, Role,
        Writers, commit::GROUP_FORMAT,
    },
    id::{AccountId, DeviceId, GroupId, MessageId},
    key::{IdentityKey, Signature},
    secret::{BlobCapability, Door, FileKey},
    signed::Signed,
};

use super::{Seed, seed};

const CARD: CardRef = CardRef { version: 3, hash: CardHash([7; 32]) };
const GROUP: GroupId = GroupId([8; 16]);
const TARGET: MessageId = MessageId([9; 16]);

pub(super) fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (name, content) in contents() {
        let message = message(content);
        seeds.push(seed("message", name, message.encode().unwrap()));
    }
    let mut extended = message(text());
    let extension = Extension { tag: 7, body: Bytes::new(vec![1, 2, 3]).unwrap() };
    extended.extensions = List::new(vec![extension]).unwrap();
    extended.group = Some(context());
    seeds.push(seed("message", "extended", extended.encode().unwrap()));

    seeds.push(seed("group_state", "two", codec::encode(&state())));
    let signed = |kind: u8, raw: Vec<u8>| [vec![kind], raw].concat();
    seeds.push(seed("signed_object", "commit", signed(4, codec::encode(&first_commit()))));
    seeds.push(seed("signed_object", "later-commit", signed(4, codec::encode(&later_commit()))));
    seeds.push(seed("signed_object", "accept", signed(5, codec::encode(&accept()))));
    seeds
}

fn message(content: Content) -> Message {
    Message {
        id: MessageId([1; 16]),
        sent_ms: 1_800_000_000_000,
        sender_card: CARD,
        recipient_card: CARD,
        confirm: Confirm::Later,
        group: None,
        content,
        extensions: List::empty(),
    }
}

fn text() -> Content {
    let bytes = Bytes::new(b"hello".to_vec()).unwrap();
    Text { bytes, reply_to: Some(TARGET), expire_s: Some(60) }.into()
}

/// Those kinds that the shortest body of zeros is not.
fn contents() -> Vec<(&'static str, Content)> {
    let signed = |raw: Vec<u8>| Signed::from_parts(raw, Signature([5; 64]));
    let commits = List::new(vec![signed(codec::encode(&first_commit()))]).unwrap();
    let accept = Signed::from_parts(codec::encode(&accept()), Signature([5; 64]));
    let line = Line { id: TARGET, bytes: Bytes::new(b"one".to_vec()).unwrap() };
    vec![
        ("text", text()),
        ("file", file().into()),
        (
            "receipt",
            Receipt { level: ReceiptLevel::Read, ids: List::new(vec![TARGET]).unwrap() }.into(),
        ),
        ("commits", GroupOperation::Commits(commits).into()),
        ("accept", GroupOperation::Accepts(List::new(vec![accept]).unwrap()).into()),
        ("request", GroupOperation::Request { group: GROUP, after: GroupCommitHash::NONE }.into()),
        ("lines", Lines { lines: List::new(vec![line]).unwrap(), expire_s: None }.into()),
        (
            "contact",
            ContactDetails {
                address: address(),
                pin: Some(Pin::new([2; 32])),
                door: Some(Door::new([1; 32])),
                token: None,
                card: CARD,
                display_name: Str::new("Bob".into()).unwrap(),
            }
            .into(),
        ),
    ]
}

fn address() -> Address {
    "bob@relay.example:443".parse().unwrap()
}

fn file() -> File {
    File {
        relay: "relay.example".parse().unwrap(),
        pin: None,
        capability: BlobCapability::new([3; 32]),
        key: FileKey::new([4; 32]),
        hash: FileHash([5; 32]),
        length: 70_000,
        padded: 71_680,
        name: Str::new("report.pdf".into()).unwrap(),
        as_text: false,
        reply_to: None,
        expire_s: None,
        image: None,
    }
}

fn context() -> GroupContext {
    let seen = List::new(vec![TARGET]).unwrap();
    GroupContext { group: GROUP, epoch: 3, state: state().hash(), seen }
}

fn policy() -> GroupPolicy {
    GroupPolicy { writers: Writers::Admins, expire_s: Some(60) }
}

fn state() -> GroupState {
    let member = |seed, role| GroupMember {
        identity: IdentityKey([seed; 32]),
        address: address(),
        pin: None,
        role,
    };
    GroupState {
        group: GROUP,
        epoch: 1,
        previous: GroupCommitHash::NONE,
        name: Str::new("ops".into()).unwrap(),
        policy: policy(),
        members: List::new(vec![member(1, Role::Admin), member(2, Role::Invited)]).unwrap(),
    }
}

fn first_commit() -> GroupCommit {
    let identity = IdentityKey([1; 32]);
    let create = CreateGroup {
        identity,
        address: address(),
        pin: None,
        name: Str::new("ops".into()).unwrap(),
        policy: policy(),
    };
    let add = AddMember { identity: IdentityKey([2; 32]), address: address(), pin: None };
    GroupCommit {
        format: GROUP_FORMAT,
        group: GROUP,
        epoch: 1,
        previous: GroupCommitHash::NONE,
        author: AccountId::of(&identity),
        card: CARD,
        device: DeviceId([4; 16]),
        changes: List::new(vec![create.into(), add.into()]).unwrap(),
        state: GroupStateHash([6; 32]),
    }
}

fn later_commit() -> GroupCommit {
    let remove = RemoveMember { account: AccountId([1; 16]) };
    GroupCommit {
        epoch: 2,
        previous: GroupCommitHash([5; 32]),
        changes: List::new(vec![remove.into()]).unwrap(),
        ..first_commit()
    }
}

fn accept() -> GroupAccept {
    GroupAccept {
        format: GROUP_FORMAT,
        group: GROUP,
        epoch: 1,
        account: AccountId([1; 16]),
        card: CARD,
        device: DeviceId([4; 16]),
        door: Door::new([3; 32]),
    }
}
