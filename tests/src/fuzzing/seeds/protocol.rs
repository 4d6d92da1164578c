//! Seeds of what travels: one of each kind.

use msg_protocol::{
    bounded::List,
    codec,
    envelope::{Body, Envelope, EnvelopeKind},
    error::{Code, Refusal},
    frame::{ClientFrame, LENGTH_BYTES, RequestId, ServerFrame},
    id::{DeviceId, EnvelopeId, MailboxId, RelayEpoch},
    limits::BODY_SIZES,
    push::{Arrived, Passing, Push},
    request::{
        Access, CreateInvite, DeleteUser, Deposit, FetchCards, ListUsers, PublishCard,
        PublishPrekeys, Register, RemoveDevice, Request, ShowUser, SignIn, SuspendUser,
    },
    response::{Bundles, Cards, Collected, Response, Row},
    secret::{AccountCredential, DeviceCredential, Door, Invite},
    signed::Signed,
    time::UnixSeconds,
    version::{Farewell, Hello, LinkKind, Registration, Terms, Welcome},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Seed, messages, seed};
use crate::fuzzing::world::WORLD;

pub(super) fn seeds() -> Vec<Seed> {
    let mut seeds = messages::seeds();
    for card in &WORLD.cards {
        seeds.push(seed("card", &format!("{}", card.version), card.as_signed().raw()));
    }
    seeds.push(seed("card", "long-form", long_form(WORLD.cards[0].as_signed().raw())));
    let one_time = codec::encode(&WORLD.bundle);
    let last_resort = msg_protocol::prekey::PrekeyBundle { one_time: None, ..WORLD.bundle.clone() };
    seeds.push(seed("prekey_bundle", "one-time", one_time));
    seeds.push(seed("prekey_bundle", "last-resort", codec::encode(&last_resort)));
    for (kind, raw) in (1..).zip(&WORLD.one_of_each_prekey) {
        seeds.push(seed("signed_object", &format!("prekey-{kind}"), [&[kind], &**raw].concat()));
    }
    seeds.push(seed("envelope", "smallest", codec::encode(&envelope())));
    seeds.extend(client_frames());
    seeds.extend(server_frames());
    seeds
}

/// The same card, its version (behind format, identity and name) in two bytes: what
/// strictness is there to refuse.
fn long_form(card: &[u8]) -> Vec<u8> {
    let at = 1 + 32 + 1 + "carol".len();
    assert_eq!(card[at], 1);
    [&card[..at], &[0x81, 0], &card[at + 1..]].concat()
}

fn envelope() -> Envelope {
    Envelope {
        mailbox: MailboxId([1; 16]),
        id: EnvelopeId([2; 16]),
        kind: EnvelopeKind::Session,
        expires: UnixSeconds(1_800_000_000),
        body: Body::new(vec![0; BODY_SIZES[0]]).unwrap(),
    }
}

/// Kinds whose shortest body of zeros decodes: most of those without a name or an
/// envelope in them.
fn of_zeros<T: DeserializeOwned + Serialize>(kinds: &[(u16, &'static str)]) -> Vec<(String, T)> {
    let shortest = |kind: u16| {
        (0..200)
            .find_map(|length| codec::decode(&codec::encode(&(kind, vec![0_u8; length])), 256).ok())
    };
    let found =
        kinds.iter().filter_map(|(kind, name)| Some((name.to_lowercase(), shortest(*kind)?)));
    found.collect()
}

fn client_frames() -> Vec<Seed> {
    let name = || "bob".parse().unwrap();
    let card = || WORLD.cards[0].as_signed().clone();
    let credential = || AccountCredential::new([5; 32]);
    let device = DeviceId([2; 16]);
    let mut requests = of_zeros::<Request>(Request::KINDS);
    let mut add = |name: &str, request: Request| requests.push((name.to_owned(), request));
    add(
        "register",
        Register {
            name: name(),
            card: card(),
            account_credential: credential(),
            device_credential: DeviceCredential::new([6; 32]),
            door: Door::new([7; 32]),
            invite: Some(Invite::new([8; 20])),
        }
        .into(),
    );
    let credential_of_device = DeviceCredential::new([6; 32]);
    add(
        "sign-in",
        SignIn { name: name(), device, credential: credential_of_device, counter: 9 }.into(),
    );
    add("fetch-cards", FetchCards { name: name(), from: Some(2) }.into());
    let access = Access::Door(Door::new([7; 32]));
    add("deposit", Deposit { access, ephemeral: false, envelope: envelope() }.into());
    add(
        "publish-card",
        PublishCard { card: card(), credential: credential(), device: None }.into(),
    );
    add("remove-device", RemoveDevice { device, card: card(), credential: credential() }.into());
    add(
        "create-invite",
        CreateInvite { uses: 1, days: 30, note: "for bob".try_into().unwrap() }.into(),
    );
    add("list-users", ListUsers { after: Some(name()) }.into());
    add("show-user", ShowUser { name: name() }.into());
    add("suspend-user", SuspendUser { name: name(), suspended: true }.into());
    add("delete-user", DeleteUser { name: name(), credential: credential() }.into());
    let bundle = &WORLD.bundle;
    add(
        "publish-prekeys",
        PublishPrekeys {
            signed: Some(bundle.signed.clone()),
            last_resort: None,
            one_time: List::new(bundle.one_time.iter().cloned().collect()).unwrap(),
            replace: true,
        }
        .into(),
    );
    let hello = ClientFrame::Hello(Hello::new(LinkKind::SignedIn));
    let frames = requests
        .into_iter()
        .map(|(name, request)| (name, ClientFrame::Request(RequestId(1), request)))
        .chain([("hello".to_owned(), hello)]);
    frames.map(|(name, frame)| body("client_frame", &name, &frame.encode().unwrap())).collect()
}

fn server_frames() -> Vec<Seed> {
    let cards = WORLD.cards.iter().map(|card| card.as_signed().clone()).collect::<Vec<Signed<_>>>();
    let bundles = Bundles { bundles: List::new(vec![WORLD.bundle.clone()]).unwrap() };
    let row = || Row { sequence: 7, knock: true, envelope: envelope() };
    let mut responses = of_zeros::<Response>(Response::KINDS);
    let mut add = |name: &str, response: Response| responses.push((name.to_owned(), response));
    add("cards", Cards { cards: List::new(cards).unwrap(), more: false }.into());
    add("bundles", bundles.into());
    add("collected", Collected { rows: List::new(vec![row()]).unwrap(), more: true }.into());
    let mut pushes = of_zeros::<Push>(Push::KINDS);
    pushes.push(("arrived".into(), Arrived { row: row() }.into()));
    pushes.push(("passing".into(), Passing { envelope: envelope() }.into()));

    let responses =
        responses.into_iter().map(|(name, it)| (name, ServerFrame::Response(RequestId(1), it)));
    let pushes =
        pushes.into_iter().map(|(name, it)| (format!("push-{name}"), ServerFrame::Push(it)));
    let refusal = Refusal::for_now(Code::QUOTA, 60);
    let farewell = Farewell { code: Code::NO_COMMON_VERSION, min: 1, max: 1, retry_after_s: None };
    let others = [
        ("welcome".to_owned(), ServerFrame::Welcome(welcome())),
        ("farewell".to_owned(), ServerFrame::Farewell(farewell)),
        ("refusal".to_owned(), ServerFrame::Refusal(RequestId(1), refusal)),
    ];
    let frames = responses.chain(pushes).chain(others);
    frames.map(|(name, frame)| body("server_frame", &name, &frame.encode().unwrap())).collect()
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        epoch: RelayEpoch([3; 16]),
        time: UnixSeconds(1_800_000_000),
        terms: Terms {
            registration: Registration::Invited,
            requests: 64,
            request_bytes: 1 << 20,
            idle_s: 120,
            mailbox_envelopes: 10_000,
            mailbox_bytes: 1 << 28,
            envelope_days: 30,
            blob_bytes: 1 << 30,
            blob_days: 14,
        },
    }
}

fn body(target: &'static str, name: &str, frame: &[u8]) -> Seed {
    seed(target, name, &frame[LENGTH_BYTES..])
}
