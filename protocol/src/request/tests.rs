//! Requests and answers read back, fit their frames and keep to their links.

use alloc::{vec, vec::Vec};

use super::*;
use crate::{
    bounded::{Bytes, List},
    envelope::{Body, Envelope, EnvelopeKind},
    frame::{ClientFrame, RequestId, ServerFrame},
    id::{AccountId, BlobId, DeviceId, EnvelopeId, InviteId, MailboxId, RecordId},
    key::{AgreementKey, KEM_KEY_BYTES, KemKey},
    laboratory::{card, device, sign, sign_raw},
    limits::{
        MAX_BODY_BYTES, MAX_CARD_BYTES, MAX_CARDS_PER_ANSWER, MAX_DEVICES, MAX_INVITE_NOTE_BYTES,
        MAX_INVITES_PER_ANSWER, MAX_NAME_BYTES, MAX_PAIRS_PER_REQUEST, MAX_ROWS_PER_ANSWER,
        MAX_USERS_PER_ANSWER,
    },
    prekey::{LastResortPrekey, OneTimePair, PREKEY_FORMAT, PrekeyBundle, PrekeyId, SignedPrekey},
    push::{Arrived, Push},
    response::{
        Bundles, Cards, Collected, Granted, InviteOut, Invites, Response, Row, User, UserQuota,
        Users,
    },
    secret::{
        AccountCredential, BlobCapability, DeviceCredential, Door, Invite, LinkToken, SaltedHash,
    },
    signed::Signed,
    time::{UnixDay, UnixSeconds},
};

fn envelope(body: usize) -> Envelope {
    Envelope {
        mailbox: MailboxId([1; 16]),
        id: EnvelopeId([2; 16]),
        kind: EnvelopeKind::Handshake,
        expires: UnixSeconds(u64::MAX),
        body: Body::new(vec![9; body]).unwrap(),
    }
}

fn pair() -> Signed<OneTimePair> {
    let pair = OneTimePair {
        format: PREKEY_FORMAT,
        id: PrekeyId(u32::MAX),
        agreement: AgreementKey([3; 32]),
        kem: KemKey::new([4; KEM_KEY_BYTES]),
    };
    sign(1, &pair)
}

pub(crate) fn one_of_each_kind() -> Vec<Request> {
    let name = || "bob".parse().unwrap();
    let hash = SaltedHash::of(&LinkToken::new([1; 32]), [2; 16]);
    let credential = || AccountCredential::new([5; 32]);
    let (account, device_id) = (AccountId([1; 16]), DeviceId([2; 16]));
    let (blob, id) = (BlobId([3; 32]), RecordId([4; 32]));
    vec![
        Register {
            name: name(),
            card: sign(1, &card(1)),
            account_credential: credential(),
            device_credential: DeviceCredential::new([6; 32]),
            door: Door::new([7; 32]),
            invite: Some(Invite::new([8; 20])),
        }
        .into(),
        SignIn {
            name: name(),
            device: device_id,
            credential: DeviceCredential::new([6; 32]),
            counter: 9,
        }
        .into(),
        Ping {}.into(),
        FetchCards { name: name(), from: Some(2) }.into(),
        FetchPrekeys { account, devices: List::empty(), access: Access::None }.into(),
        AskWork { target: account }.into(),
        RedeemWork { target: account, challenge: [1; 32], nonce: 7 }.into(),
        Deposit {
            access: Access::Door(Door::new([7; 32])),
            ephemeral: false,
            envelope: envelope(4_096),
        }
        .into(),
        EndBatch {}.into(),
        Collect { after: 0, envelopes: 10, bytes: 70_000 }.into(),
        Credit { envelopes: 64, after: 5 }.into(),
        AcknowledgeUpTo { sequence: 5 }.into(),
        AcknowledgeOne { sequence: 7 }.into(),
        PublishCard { card: sign(1, &card(1)), credential: credential(), device: None }.into(),
        PublishPrekeys {
            signed: None,
            last_resort: None,
            one_time: List::new(vec![pair()]).unwrap(),
            replace: true,
        }
        .into(),
        CountPrekeys {}.into(),
        SetDoor { door: Door::new([7; 32]), grace_s: 259_200 }.into(),
        IssueToken::new(&LinkToken::new([1; 32]), [2; 16], UnixSeconds(9)).into(),
        RevokeToken { hash }.into(),
        PutRecord { id, expected: 0, value: Bytes::new(vec![1, 2]).unwrap() }.into(),
        ListRecords { after: None }.into(),
        DeleteRecord { id, expected: 3 }.into(),
        PutBlobChunk { blob, length: 9, index: 0, bytes: Bytes::new(vec![1; 9]).unwrap() }.into(),
        AskBlob { blob }.into(),
        FetchBlob { capability: BlobCapability::new([1; 32]), index: 1 }.into(),
        DeleteBlob { blob }.into(),
        ChangeCredential { old: credential(), new: credential() }.into(),
        RemoveDevice { device: device_id, card: sign(1, &card(1)), credential: credential() }
            .into(),
        DeleteAccount { credential: credential() }.into(),
    ]
    .into_iter()
    .chain(of_administrators())
    .collect()
}

fn of_administrators() -> Vec<Request> {
    let name = || "bob".parse().unwrap();
    let credential = || AccountCredential::new([5; 32]);
    let invite = InviteId([9; 32]);
    vec![
        CreateInvite { uses: 2, days: 30, note: "for carol".try_into().unwrap() }.into(),
        ListInvites { after: Some(invite) }.into(),
        RevokeInvite { id: invite }.into(),
        ListUsers { after: Some(name()) }.into(),
        ShowUser { name: name() }.into(),
        SuspendUser { name: name(), suspended: true }.into(),
        SetQuota {
            name: name(),
            default: true,
            mailbox_envelopes: None,
            mailbox_bytes: Some(u64::MAX),
            blob_bytes: Some(0),
        }
        .into(),
        DeleteUser { name: name(), credential: credential() }.into(),
    ]
}

#[test]
fn every_request_survives_a_round_trip_and_nothing_but_itself() {
    let requests = one_of_each_kind();
    assert_eq!(requests.len(), Request::KINDS.len());
    for (request, (kind, name)) in requests.into_iter().zip(Request::KINDS) {
        assert_eq!(request.kind(), *kind);
        assert_eq!(request.rules().unwrap().name, *name);
        let frame = ClientFrame::Request(RequestId(u32::MAX), request);
        let bytes = frame.encode().unwrap();
        assert_eq!(ClientFrame::decode(&bytes[4..]), Ok(frame), "{name}");
        assert!(ClientFrame::decode(&bytes[4..bytes.len() - 1]).is_err(), "{name} cut");
        assert!(ClientFrame::decode(&[&bytes[4..], &[0]].concat()).is_err(), "{name} longer");
    }
}

#[test]
fn every_answer_that_a_request_expects_exists() {
    for request in one_of_each_kind() {
        let rules = request.rules().unwrap();
        assert!(Response::KINDS.iter().any(|(kind, _)| *kind == rules.answer), "{}", rules.name);
    }
}

#[test]
fn deposits_and_mail_never_share_a_link() {
    for request in one_of_each_kind() {
        let links = request.rules().unwrap().links;
        match request {
            Request::Deposit(_) | Request::EndBatch(_) | Request::FetchPrekeys(_) => {
                assert!(!links.allow(LinkKind::SignedIn));
            }
            Request::Collect(_) | Request::Credit(_) | Request::AcknowledgeUpTo(_) => {
                assert!(!links.allow(LinkKind::Anonymous));
            }
            Request::SignIn(_) => assert_eq!(links, Links::First),
            _ => {}
        }
    }
}

fn fits(frame: &ServerFrame) -> bool {
    frame.encode().is_ok_and(|bytes| ServerFrame::decode(&bytes[4..]).as_ref() == Ok(frame))
}

fn invite_out() -> InviteOut {
    InviteOut {
        id: InviteId([0xff; 32]),
        uses: u32::MAX,
        made: UnixDay(u32::MAX),
        expires: UnixDay(u32::MAX),
        note: "n".repeat(MAX_INVITE_NOTE_BYTES).as_str().try_into().unwrap(),
    }
}

/// An account in as many bytes as any takes.
fn user() -> User {
    let most = Granted { value: u64::MAX, own: true };
    User {
        name: "n".repeat(MAX_NAME_BYTES).parse().unwrap(),
        id: AccountId([0xff; 16]),
        made: UnixDay(u32::MAX),
        suspended: true,
        administrator: true,
        devices: u32::MAX,
        envelopes: u64::MAX,
        envelope_bytes: u64::MAX,
        blobs: u64::MAX,
        blob_bytes: u64::MAX,
        records: u64::MAX,
        quota: UserQuota { mailbox_envelopes: most, mailbox_bytes: most, blob_bytes: most },
    }
}

#[test]
fn the_largest_of_everything_fits_a_frame() {
    let deposit = Deposit {
        access: Access::Door(Door::new([7; 32])),
        ephemeral: true,
        envelope: envelope(MAX_BODY_BYTES),
    };
    assert!(ClientFrame::Request(RequestId(u32::MAX), deposit.into()).encode().is_ok());

    let publish = PublishPrekeys {
        signed: None,
        last_resort: None,
        one_time: List::new(vec![pair(); MAX_PAIRS_PER_REQUEST]).unwrap(),
        replace: true,
    };
    assert!(ClientFrame::Request(RequestId(u32::MAX), publish.into()).encode().is_ok());

    let answer = |response: Response| fits(&ServerFrame::Response(RequestId(u32::MAX), response));
    let row = |body| Row { sequence: u64::MAX, knock: true, envelope: envelope(body) };
    let rows = List::new(vec![row(4_096); MAX_ROWS_PER_ANSWER]).unwrap();
    assert!(answer(Collected { rows, more: true }.into()));
    assert!(fits(&ServerFrame::Push(Push::from(Arrived { row: row(MAX_BODY_BYTES) }))));

    let largest = sign_raw(1, vec![0; MAX_CARD_BYTES]);
    let cards = List::new(vec![largest; MAX_CARDS_PER_ANSWER]).unwrap();
    assert!(answer(Cards { cards, more: true }.into()));

    let last_resort = LastResortPrekey {
        format: PREKEY_FORMAT,
        id: PrekeyId(u32::MAX),
        key: KemKey::new([4; KEM_KEY_BYTES]),
        expires: UnixDay(u32::MAX),
    };
    let signed = SignedPrekey {
        format: PREKEY_FORMAT,
        id: PrekeyId(u32::MAX),
        key: AgreementKey([1; 32]),
        expires: UnixDay(u32::MAX),
    };
    let bundle = PrekeyBundle {
        device: device(1).id(),
        signed: sign(1, &signed),
        last_resort: sign(1, &last_resort),
        one_time: Some(pair()),
    };
    let bundles = List::new(vec![bundle; MAX_DEVICES]).unwrap();
    assert!(answer(Bundles { bundles }.into()));

    let invites = List::new(vec![invite_out(); MAX_INVITES_PER_ANSWER]).unwrap();
    assert!(answer(Invites { invites, more: true }.into()));
    let users = List::new(vec![user(); MAX_USERS_PER_ANSWER]).unwrap();
    assert!(answer(Users { users, more: true }.into()));
    let one = ServerFrame::Response(RequestId(u32::MAX), user().into());
    assert!(fits(&one));
    assert!(one.encode().unwrap().len() <= MEDIUM);
}

#[test]
fn debug_shows_no_secret() {
    for request in one_of_each_kind() {
        let shown = alloc::format!("{request:?}");
        for secret in ["5, 5", "6, 6", "7, 7", "8, 8", "bob"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
