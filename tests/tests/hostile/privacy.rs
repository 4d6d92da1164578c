//! What a run leaves behind: no secret in the clear, in no file; and in the log
//! nobody's name, place or letter.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    net::Ipv4Addr,
    path::Path,
};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use msg_protocol::id::RecordId;
use msg_protocol::{
    bounded::List,
    id::BlobId,
    request::{
        Access, AskWork, ChangeCredential, Deposit, FetchBlob, FetchPrekeys, IssueToken,
        PutBlobChunk, PutRecord, RedeemWork, SetDoor, SignIn,
    },
    response::Response,
    secret::{AccountCredential, BlobCapability, Door, LinkToken},
};
use msg_tests::{
    relay::{Endpoint, Identity, Peer, Raw, RelayProcess, deposit, envelope},
    seed,
};

use crate::scene::builder;

/// Where the peers of these tests come from.
const PLACES: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 77, 66, 55), Ipv4Addr::new(127, 88, 99, 111)];

/// Bytes of the shortest trace.
const LEAST: usize = 8;

/// Bytes that must not be found, and what they are.
type Traces = Vec<(&'static str, Vec<u8>)>;

/// What a run made of secrets, and what it made that is public but nobody's
/// business in a log.
#[derive(Default)]
struct Left {
    secrets: Traces,
    unlogged: Traces,
}

impl Left {
    fn secret(&mut self, what: &'static str, bytes: &[u8]) {
        for text in spellings(bytes) {
            self.secrets.push((what, text));
        }
    }

    fn unlogged(&mut self, what: &'static str, bytes: &[u8]) {
        for text in spellings(bytes) {
            self.unlogged.push((what, text));
        }
    }
}

/// The ways in which bytes are written down.
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let base32 = BASE32_NOPAD.encode(bytes);
    let debug = format!("{bytes:?}");
    let texts = [
        HEXLOWER.encode(bytes),
        HEXUPPER.encode(bytes),
        base32.to_lowercase(),
        base32,
        BASE64.encode(bytes),
        BASE64_NOPAD.encode(bytes),
        BASE64URL_NOPAD.encode(bytes),
        debug.trim_matches(['[', ']']).to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).chain([bytes.to_vec()]).collect()
}

/// Which of the traces are there. All begin with at least as many bytes as are
/// looked up at each place.
fn found(bytes: &[u8], traces: &[(&'static str, Vec<u8>)]) -> BTreeSet<&'static str> {
    let mut beginnings = HashMap::<&[u8], Vec<_>>::new();
    for (what, trace) in traces {
        beginnings.entry(&trace[..LEAST]).or_default().push((*what, trace.as_slice()));
    }
    let mut found = BTreeSet::new();
    for (at, window) in bytes.windows(LEAST).enumerate() {
        for (what, trace) in beginnings.get(window).into_iter().flatten() {
            if bytes[at..].starts_with(trace) {
                found.insert(*what);
            }
        }
    }
    found
}

fn files(folder: &Path, all: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else if path.is_file() {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// Uses the relay in every way that shows it something secret, and in some that
/// it refuses.
async fn live(relay: &RelayProcess) -> Left {
    let mut left = Left::default();
    let [home, elsewhere] = PLACES.map(|place| relay.endpoint().dialled_from(place));
    let mut rng = seed::rng(4_711);
    let mut bob = Identity::random(1).named("bobolink");
    let invite = relay.link().invite.clone().expect("the first start invites");
    let mut alice = Peer::anonymous(&elsewhere).await.unwrap();
    alice.request(bob.registration(Some(invite.clone()))).await.unwrap();
    left.secret("invitation", invite.expose());
    left.secret("account credential", bob.account_credential.expose());
    left.secret("device credential", bob.device_credential.expose());
    left.secret("door", bob.door.expose());
    left.unlogged("name", b"bobolink");
    left.unlogged("account", bob.account().as_bytes());
    left.unlogged("device", bob.device_id().as_bytes());
    left.unlogged("mailbox", bob.mailbox().as_bytes());

    let mut link = Peer::sign_in(&home, &bob).await.unwrap();
    link.request(bob.prekeys(1)).await.unwrap();
    link.request(bob.one_time(0..3)).await.unwrap();
    let token = LinkToken::new([0x71; 32]);
    let expires = link.welcome().time.plus_days(3);
    link.request(IssueToken::new(&token, [3; 16], expires)).await.unwrap();
    left.secret("token", token.expose());
    let ticket = work(&mut alice, &bob).await;
    left.secret("ticket", ticket.expose());
    for access in [Access::Door(bob.door.clone()), Access::Token(token), Access::Ticket(ticket)] {
        let (account, devices) = (bob.account(), List::empty());
        let fetch = FetchPrekeys { account, devices, access: access.clone() };
        alice.request(fetch).await.unwrap();
        let letter = envelope(bob.mailbox(), 4_096, &mut rng);
        left.unlogged("letter", &letter.body.as_bytes()[..32]);
        left.unlogged("envelope", &letter.id.0);
        alice.request(Deposit { access, ..deposit(&bob.door, &letter) }).await.unwrap();
    }
    link.collect_all().await;
    store(&mut link, &mut alice, &mut left).await;
    change(&mut link, &bob, &mut left).await;
    refused(&elsewhere, &bob, &mut left).await;
    for place in PLACES {
        left.unlogged.push(("place", place.to_string().into_bytes()));
        left.secrets.push(("place", place.to_string().into_bytes()));
    }
    left
}

async fn work(link: &mut Peer, bob: &Identity) -> msg_protocol::secret::WorkTicket {
    let target = bob.account();
    let Ok(Response::WorkChallenge(work)) = link.request(AskWork { target }).await else {
        panic!("no challenge")
    };
    let nonce = work.solve(target, 0..u64::MAX).unwrap().unwrap();
    let redeem = RedeemWork { target, challenge: work.challenge, nonce };
    let Ok(Response::Ticket(ticket)) = link.request(redeem).await else { panic!("no ticket") };
    ticket.ticket
}

async fn store(link: &mut Peer, alice: &mut Peer, left: &mut Left) {
    let sealed = [0x5e; 40];
    let value = sealed.as_slice().try_into().unwrap();
    link.request(PutRecord { id: RecordId([4; 32]), expected: 0, value }).await.unwrap();
    left.unlogged("record", &sealed);
    let capability = BlobCapability::new([0x72; 32]);
    let bytes = [0x5f; 64];
    let put = PutBlobChunk {
        blob: BlobId::of(&capability),
        length: 64,
        index: 0,
        bytes: bytes.as_slice().try_into().unwrap(),
    };
    link.request(put).await.unwrap();
    let fetch = FetchBlob { capability: capability.clone(), index: 0 };
    alice.request(fetch).await.unwrap();
    left.secret("capability", capability.expose());
    left.unlogged("piece", &bytes);
}

async fn change(link: &mut Peer, bob: &Identity, left: &mut Left) {
    let door = Door::new([0x73; 32]);
    link.request(SetDoor { door: door.clone(), grace_s: 60 }).await.unwrap();
    left.secret("second door", door.expose());
    let new = AccountCredential::new([0x74; 32]);
    let old = bob.account_credential.clone();
    link.request(ChangeCredential { old, new: new.clone() }).await.unwrap();
    left.secret("second credential", new.expose());
}

/// What is wrong may be as secret as what is right: a slip of the keyboard.
async fn refused(from: &Endpoint, bob: &Identity, left: &mut Left) {
    let wrong = Identity::random(9);
    let sign_in = SignIn { credential: wrong.device_credential.clone(), ..bob.sign_in(1) };
    let mut raw = Raw::open(from).await.unwrap();
    let hello = crate::scene::hello(msg_protocol::version::LinkKind::SignedIn);
    raw.send(&[hello, crate::scene::request(0, sign_in)].concat()).await.unwrap();
    raw.frames_until_end().await;
    left.secret("wrong credential", wrong.device_credential.expose());
    let mut raw = crate::scene::welcomed(from).await;
    raw.send(&[0, 0, 0, 9, 9, 0x6e, 0x6f, 0x6e, 0x73, 0x65, 0x6e, 0x73, 0x65]).await.unwrap();
    raw.frames_until_end().await;
    left.unlogged("broken frame", b"nonsense");
}

async fn assert_discreet(format: &str) {
    let relay = builder(&["work-bits=8"])
        .arg("--registration")
        .arg("invited")
        .arg("--log-level")
        .arg("trace")
        .arg("--log-format")
        .arg(format);
    let mut relay = relay.start();
    let left = live(&relay).await;
    let mut all = Vec::new();
    files(&relay.data(), &mut all);
    assert!(relay.stop().success());
    files(&relay.data(), &mut all);
    assert!(!all.is_empty());
    let log = relay.log().into_bytes();
    assert!(!log.is_empty(), "there is a log");
    let told = found(&log, &[left.secrets.as_slice(), &left.unlogged].concat());
    assert!(told.is_empty(), "{told:?} in the log:\n{}", relay.log());
    for (file, bytes) in &all {
        let told = found(bytes, &left.secrets);
        assert!(told.is_empty(), "{told:?} in {file}");
    }
}

#[tokio::test]
async fn a_log_as_text_and_the_data_tell_no_secret_and_nobodys_doings() {
    assert_discreet("text").await;
}

#[tokio::test]
async fn a_log_as_json_tells_no_more() {
    assert_discreet("json").await;
}
