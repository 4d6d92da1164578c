//! One of each request, and more where fields may be absent.

use alloc::{vec, vec::Vec};

use msg_protocol::{
    bounded::{Bytes, List},
    id::{BlobId, DeviceId, InviteId, RecordId},
    request::{
        Access, AcknowledgeOne, AcknowledgeUpTo, AskBlob, AskWork, ChangeCredential, Collect,
        CountPrekeys, CreateInvite, Credit, DeleteAccount, DeleteBlob, DeleteRecord, DeleteUser,
        Deposit, EndBatch, FetchBlob, FetchCards, FetchPrekeys, IssueToken, ListInvites,
        ListRecords, ListUsers, NewDevice, Ping, PublishCard, PublishPrekeys, PutBlobChunk,
        PutRecord, RedeemWork, Register, RemoveDevice, RevokeInvite, RevokeToken, SetDoor,
        SetQuota, ShowUser, SignIn, SuspendUser,
    },
    secret::{
        AccountCredential, BlobCapability, DeviceCredential, Door, Invite, LinkToken, SaltedHash,
        WorkTicket,
    },
    time::UnixSeconds,
};

use super::{Samples, request};
use crate::vectors::{case::Case, draws::Draws, party::NOW};

/// All requests.
pub(super) fn cases(samples: &Samples, rng: &mut Draws) -> Vec<Case> {
    let mut cases = account(samples, rng);
    cases.extend(directory(samples, rng));
    cases.extend(envelopes(samples, rng));
    cases.extend(stored(rng));
    cases.extend(administration(samples, rng));
    cases
}

fn account(samples: &Samples, rng: &mut Draws) -> Vec<Case> {
    let card = || samples.alice.card.as_signed().clone();
    let name = || samples.alice.card.name.clone();
    let device = samples.alice.device.id();
    let credential = AccountCredential::new(rng.bytes());
    let of_device = DeviceCredential::new(rng.bytes());
    let register = |invite, rng: &mut Draws| Register {
        name: name(),
        card: card(),
        account_credential: credential.clone(),
        device_credential: of_device.clone(),
        door: Door::new(rng.bytes()),
        invite,
    };
    let invited = Some(Invite::new(rng.bytes()));
    let hash = SaltedHash::of(&LinkToken::new(rng.bytes()), rng.bytes());
    let publish = |device| PublishCard { card: card(), credential: credential.clone(), device };
    let new = NewDevice { device, credential: of_device.clone() };
    vec![
        request(1, "Register, invited", register(invited, rng)),
        request(1, "Register, open to all", register(None, rng)),
        request(0, "SignIn", SignIn { name: name(), device, credential: of_device, counter: 300 }),
        request(7, "Ping", Ping {}),
        request(8, "PublishCard", publish(None)),
        request(9, "PublishCard, with a new device", publish(Some(new))),
        request(10, "SetDoor", SetDoor { door: Door::new(rng.bytes()), grace_s: 259_200 }),
        request(11, "IssueToken", IssueToken { hash, expires: UnixSeconds(NOW.0 + 86_400) }),
        request(12, "RevokeToken", RevokeToken { hash }),
        request(
            13,
            "ChangeCredential",
            ChangeCredential { old: credential.clone(), new: AccountCredential::new(rng.bytes()) },
        ),
        request(
            14,
            "RemoveDevice",
            RemoveDevice { device, card: card(), credential: credential.clone() },
        ),
        request(15, "DeleteAccount", DeleteAccount { credential }),
    ]
}

fn directory(samples: &Samples, rng: &mut Draws) -> Vec<Case> {
    let name = || samples.alice.card.name.clone();
    let account = samples.alice.card.account();
    let devices = vec![samples.alice.device.id(), DeviceId(rng.bytes())];
    let bundle = samples.prekeys.bundle(&samples.alice.device, true);
    let fetch =
        |devices, access| FetchPrekeys { account, devices: List::new(devices).unwrap(), access };
    let pairs = List::new(bundle.one_time.iter().cloned().collect()).unwrap();
    let all = PublishPrekeys {
        signed: Some(bundle.signed),
        last_resort: Some(bundle.last_resort),
        one_time: List::empty(),
        replace: true,
    };
    let more = PublishPrekeys { signed: None, last_resort: None, one_time: pairs, replace: false };
    vec![
        request(16, "FetchCards, the latest", FetchCards { name: name(), from: None }),
        request(17, "FetchCards, from a version on", FetchCards { name: name(), from: Some(300) }),
        request(18, "FetchPrekeys, without a right", fetch(vec![], Access::None)),
        request(
            19,
            "FetchPrekeys of two devices, by a door",
            fetch(devices.clone(), Access::Door(Door::new(rng.bytes()))),
        ),
        request(
            20,
            "FetchPrekeys, by a token",
            fetch(vec![], Access::Token(LinkToken::new(rng.bytes()))),
        ),
        request(
            21,
            "FetchPrekeys, by a ticket",
            fetch(devices, Access::Ticket(WorkTicket::new(rng.bytes()))),
        ),
        request(22, "AskWork", AskWork { target: account }),
        request(
            23,
            "RedeemWork",
            RedeemWork { target: account, challenge: rng.bytes(), nonce: u64::MAX },
        ),
        request(24, "PublishPrekeys, both that rotate", all),
        request(25, "PublishPrekeys, a one-time pair", more),
        request(26, "CountPrekeys", CountPrekeys {}),
    ]
}

fn envelopes(samples: &Samples, rng: &mut Draws) -> Vec<Case> {
    let access = Access::Door(Door::new(rng.bytes()));
    let envelope = samples.envelope.clone();
    vec![
        request(32, "Deposit", Deposit { access, ephemeral: false, envelope }),
        request(33, "EndBatch", EndBatch {}),
        request(34, "Collect", Collect { after: 1 << 40, envelopes: 16, bytes: 1 << 20 }),
        request(35, "Credit", Credit { envelopes: 1_024, after: 0 }),
        request(36, "AcknowledgeUpTo", AcknowledgeUpTo { sequence: 300 }),
        request(37, "AcknowledgeOne", AcknowledgeOne { sequence: u64::MAX }),
    ]
}

fn stored(rng: &mut Draws) -> Vec<Case> {
    let (id, blob) = (RecordId(rng.bytes()), BlobId(rng.bytes()));
    let value = Bytes::new(b"sealed".to_vec()).unwrap();
    let chunk = Bytes::new(vec![0x5a; 300]).unwrap();
    let put = PutBlobChunk { blob, length: 65_836, index: 1, bytes: chunk };
    let capability = BlobCapability::new(rng.bytes());
    vec![
        request(48, "PutRecord", PutRecord { id, expected: 0, value }),
        request(49, "ListRecords, from the first", ListRecords { after: None }),
        request(50, "ListRecords, from another on", ListRecords { after: Some(id) }),
        request(51, "DeleteRecord", DeleteRecord { id, expected: 9 }),
        request(52, "PutBlobChunk, the last of two", put),
        request(53, "AskBlob", AskBlob { blob }),
        request(54, "FetchBlob", FetchBlob { capability, index: 300 }),
        request(55, "DeleteBlob", DeleteBlob { blob }),
    ]
}

fn administration(samples: &Samples, rng: &mut Draws) -> Vec<Case> {
    let name = || samples.alice.card.name.clone();
    let id = InviteId(rng.bytes());
    let quota = |default, mailbox_envelopes, blob_bytes| SetQuota {
        name: name(),
        default,
        mailbox_envelopes,
        mailbox_bytes: None,
        blob_bytes,
    };
    let note = "for bob".try_into().unwrap();
    let credential = AccountCredential::new(rng.bytes());
    vec![
        request(56, "CreateInvite", CreateInvite { uses: 300, days: 30, note }),
        request(57, "ListInvites, from the first", ListInvites { after: None }),
        request(58, "ListInvites, from another on", ListInvites { after: Some(id) }),
        request(59, "RevokeInvite", RevokeInvite { id }),
        request(60, "ListUsers, from the first", ListUsers { after: None }),
        request(61, "ListUsers, from another on", ListUsers { after: Some(name()) }),
        request(62, "ShowUser", ShowUser { name: name() }),
        request(63, "SuspendUser", SuspendUser { name: name(), suspended: true }),
        request(64, "SetQuota, some of it", quota(false, Some(300), Some(1 << 40))),
        request(65, "SetQuota, the relay's again", quota(true, None, None)),
        request(66, "DeleteUser", DeleteUser { name: name(), credential }),
    ]
}
