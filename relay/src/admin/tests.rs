//! Orders over a real socket, to a relay that keeps everything in memory.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::Path,
    sync::Arc,
};

use ed25519_dalek::{Signer as _, SigningKey as Ed25519};
use msg_protocol::{
    address::{Pin, RelayLink},
    card::{CARD_FORMAT, Card, CardHash, Device},
    envelope::{Body, Envelope, EnvelopeKind},
    error::Code,
    id::{AccountId, BlobId, EnvelopeId, MailboxId, RecordId},
    key::{AgreementKey, IdentityKey, Signature, SigningKey},
    secret::{AccountCredential, DeviceCredential, Door, SaltedHash},
    signed::{Signable as _, Signed},
    time::{UnixDay, UnixSeconds},
    version::Registration,
};
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use super::{client::ask, order::Order, report::Report, *};
use crate::{
    clock::Clock,
    limits::Limits,
    presence::Presence,
    service::{Policy, Service},
    startup::DataLock,
    store::{
        Accounts as _, Blobs as _, Mailboxes as _, Records as _, RelayTime, Rights as _,
        account::{NewAccount, Whose},
        blob::NewChunk,
        mailbox::{Entry, MailboxLimits, NewEnvelope},
        memory::Memory,
        record::RecordLimits,
    },
    telemetry::figures::Figures,
    test_folder::Folder,
};
const START: RelayTime = RelayTime(1_000_000);

/// A relay with its socket, while it lasts.
struct Relay {
    folder: Folder,
    service: Arc<Service<Memory>>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    lock: DataLock,
    _pin: watch::Sender<Pin>,
}

impl Relay {
    fn start(name: &str, registration: Registration) -> Self {
        let folder = Folder::new(name);
        let lock = DataLock::take(folder.path()).unwrap();
        let presence = Arc::new(Presence::default());
        let store = Memory::new(Arc::clone(&presence) as _).unwrap();
        let policy = Policy { registration, exempt_loopback: true };
        let clock = Clock::start(START);
        let figures = Arc::new(Figures::default());
        let limits = Limits { invites: 3, ..Limits::default() };
        let service = Arc::new(Service::new(store, presence, limits, policy, clock, figures));
        let pin = watch::Sender::new(Pin::new([9; 32]));
        let relay = "relay.example:7777".parse().unwrap();
        let socket = Socket::open(folder.path(), &lock).unwrap();
        let desk = Desk::new(Arc::clone(&service), relay, pin.subscribe());
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(serve(socket, desk, stopped));
        Self { folder, service, stop, serving, lock, _pin: pin }
    }

    /// Gives an order: the reports, and the lines that they came in.
    async fn ask(&self, order: Order) -> Result<(Vec<Report>, String), String> {
        let folder = self.folder.path().to_owned();
        let asked = tokio::task::spawn_blocking(move || {
            let (mut reports, mut lines) = (Vec::new(), String::new());
            ask(&folder, &order, |line, report| {
                lines.push_str(line);
                reports.push(report);
                Ok(())
            })
            .map(|()| (reports, lines))
        });
        asked.await.unwrap().map_err(|error| error.to_string())
    }

    /// What a person reads.
    async fn text(&self, order: Order) -> String {
        match self.ask(order.clone()).await {
            Ok((reports, _)) => show::text(&order, &reports),
            Err(error) => format!("error: {error}\n"),
        }
    }

    async fn register(&self, name: &str, seed: u8) -> AccountId {
        let identity = Ed25519::from_bytes(&[seed; 32]);
        let signing = SigningKey(Ed25519::from_bytes(&[seed + 1; 32]).verifying_key().to_bytes());
        let card = Card {
            format: CARD_FORMAT,
            identity: IdentityKey(identity.verifying_key().to_bytes()),
            name: name.parse().unwrap(),
            version: 1,
            previous: CardHash::NONE,
            created: UnixDay(20_000),
            devices: vec![Device {
                signing,
                agreement: AgreementKey([3; 32]),
                added: UnixDay(20_000),
            }],
        };
        let message = Signed::message_for(&card);
        let raw = message[Card::LABEL.bytes().len()..].to_vec();
        let signed = Signed::from_parts(raw, Signature(identity.sign(&message).to_bytes()));
        let account = NewAccount {
            card: signed.verify_by_own_identity().unwrap(),
            credential: SaltedHash::of(&AccountCredential::new(SECRETS[0]), [1; 16]),
            device_credential: SaltedHash::of(&DeviceCredential::new(SECRETS[1]), [2; 16]),
            door: SaltedHash::of(&Door::new(SECRETS[2]), [3; 16]),
            invite: None,
            created: UnixDay(20_000),
        };
        let id = account.card.account();
        self.service.store().create_account(account, START).await.unwrap();
        id
    }

    /// Fills an account with something of everything.
    async fn fill(&self, account: AccountId) -> MailboxId {
        let store = self.service.store();
        let card = store.account(Whose::Id(account)).await.unwrap().unwrap().card;
        let mailbox = card.peek_unverified().unwrap().mailboxes().next().unwrap();
        let limits = MailboxLimits { envelopes: 9, bytes: 1 << 20, knocks: 9, ticket_knocks: 9 };
        let envelope = Envelope {
            mailbox,
            id: EnvelopeId([7; 16]),
            kind: EnvelopeKind::Session,
            expires: UnixSeconds(0),
            body: Body::new(vec![0; 4_096]).unwrap(),
        };
        let expires = START.plus_s(86_400 * 3);
        store.append(NewEnvelope { envelope, entry: Entry::Door, expires, limits }).await.unwrap();
        let limits = RecordLimits { records: 5, bytes: 1_000 };
        store.put_record(account, RecordId([4; 32]), 0, vec![0; 100], limits).await.unwrap();
        let chunk = NewChunk {
            account,
            blob: BlobId([5; 32]),
            length: 300,
            index: 0,
            bytes: vec![0; 300],
            account_bytes: 1 << 20,
            expires,
        };
        store.put_chunk(chunk).await.unwrap();
        mailbox
    }
}

const SECRETS: [[u8; 32]; 3] = [[0xa1; 32], [0xa2; 32], [0xa3; 32]];

fn name(text: &str) -> msg_protocol::address::AccountName {
    text.parse().unwrap()
}

fn create(uses: u32, note: &str) -> Order {
    Order::InviteCreate { uses, days: 2, note: note.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_told_once_kept_as_a_hash_and_can_be_revoked() {
    let relay = Relay::start("admin-invite", Registration::Invited);
    let (made, _) = relay.ask(create(2, "for \x1b[2Jbob")).await.unwrap();
    let [Report::NewInvite(new)] = &made[..] else { panic!("{made:?}") };
    let link: RelayLink = new.link.parse().unwrap();
    assert_eq!(link.pin, Some(Pin::new([9; 32])));
    let invite = link.invite.unwrap();
    let kept = relay.service.store().invites(START).await.unwrap();
    assert!(kept[0].1.hash.admits(&invite));

    let (_, lines) = relay.ask(Order::InviteList).await.unwrap();
    assert!(!lines.contains(&invite.to_secret_text()), "told twice");
    let text = relay.text(Order::InviteList).await;
    assert!(text.contains("for \\u{1b}[2Jbob") && text.contains(&new.id[..12]), "{text}");

    let text = relay.text(create(1, "")).await;
    assert!(text.contains("msg register NAME --relay 'msg-relay://relay.example:7777/?pin="));
    relay.ask(create(1, "")).await.unwrap();
    let full = relay.ask(create(1, "")).await.unwrap_err();
    assert!(full.contains("limit `invites`"), "{full}");

    let revoke = |id: &str| Order::InviteRevoke { id: id.to_owned() };
    assert!(relay.ask(revoke("")).await.unwrap_err().contains("no invitation"));
    relay.ask(revoke(&new.id[..12])).await.unwrap();
    assert!(relay.ask(revoke(&new.id)).await.unwrap_err().contains("no invitation"));
    let left = relay.service.store().invites(START).await.unwrap();
    assert!(left.len() == 2 && left.iter().all(|(_, kept)| !kept.hash.admits(&invite)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_listed_shown_given_limits_and_deleted() {
    let relay = Relay::start("admin-users", Registration::Open);
    assert_eq!(relay.text(Order::UserList).await, "no accounts\n");
    let bob = relay.register("bob", 1).await;
    relay.register("alice", 5).await;
    relay.fill(bob).await;
    assert_eq!(
        relay.text(Order::UserList).await,
        "NAME   MADE        DEVICES  ENVELOPES  WAITING  BLOBS  STATE\n\
         alice  2024-10-04  1        0          0 B      0 B    active\n\
         bob    2024-10-04  1        1          4.1 KiB  300 B  active\n"
    );
    let change = order::QuotaChange { mailbox_envelopes: Some(5), ..Default::default() };
    let quota = Order::UserQuota { name: name("bob"), change };
    assert_eq!(
        relay.text(quota).await,
        "mailbox envelopes  5, its own\n\
         mailbox bytes      256MiB, the relay's\n\
         blob bytes         8GiB, the relay's\n"
    );
    let shown = relay.text(Order::UserShow { name: name("bob") }).await;
    assert!(shown.contains("mailbox envelopes  5, its own"), "{shown}");
    let change = order::QuotaChange { default: true, ..Default::default() };
    let default = relay.text(Order::UserQuota { name: name("bob"), change }).await;
    assert!(default.contains("mailbox envelopes  10000, the relay's"), "{default}");

    relay.ask(Order::UserDelete { name: name("bob") }).await.unwrap();
    let store = relay.service.store();
    assert_eq!(store.account(Whose::Id(bob)).await.unwrap(), None);
    for gone in [Order::UserDelete { name: name("bob") }, Order::Inspect { name: name("bob") }] {
        assert_eq!(relay.ask(gone).await.unwrap_err(), "no account is called bob");
    }
    assert!(store.account(Whose::Name(&name("alice"))).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_suspended_or_deleted_loses_his_links_and_nobody_else_does() {
    let relay = Relay::start("admin-suspend", Registration::Open);
    let bob = relay.register("bob", 1).await;
    let mailbox = relay.fill(bob).await;
    let mut place = relay.service.presence().enter();
    place.sign_in(mailbox, 8);
    let mut other = relay.service.presence().enter();
    other.sign_in(MailboxId([8; 16]), 8);
    let waker = std::task::Waker::noop();
    let closing = |place: &crate::presence::Place| {
        place.inbox().take(waker).closing.map(|reason| reason.code)
    };

    relay.ask(Order::UserSuspend { name: name("bob") }).await.unwrap();
    assert_eq!(closing(&place), Some(Code::SUSPENDED));
    let suspended = async || {
        relay.service.store().account(Whose::Id(bob)).await.unwrap().map(|bob| bob.suspended)
    };
    assert_eq!(suspended().await, Some(true));
    relay.ask(Order::UserResume { name: name("bob") }).await.unwrap();
    assert_eq!(suspended().await, Some(false));
    assert_eq!(closing(&place), None);
    relay.ask(Order::UserDelete { name: name("bob") }).await.unwrap();
    assert_eq!(closing(&place), Some(Code::DENIED));
    assert_eq!(closing(&other), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inspect_shows_all_that_is_kept_and_no_secret_and_no_time_but_of_what_waits() {
    let relay = Relay::start("admin-inspect", Registration::Open);
    let bob = relay.register("bob", 1).await;
    let mailbox = relay.fill(bob).await;
    let order = Order::Inspect { name: name("bob") };
    let (_, lines) = relay.ask(order.clone()).await.unwrap();
    let kinds: Vec<String> = lines.lines().map(|line| json(line)["type"].to_string()).collect();
    assert_eq!(kinds.join(" "), r#""account" "card" "device" "envelope" "record" "blob""#);
    let text = relay.text(order).await;
    let door = SaltedHash::of(&Door::new(SECRETS[2]), [3; 16]);
    assert!(text.contains(&hex(door.digest())) && text.contains(&hex(mailbox.as_bytes())));
    assert!(text.contains("That is all that is kept of this account."), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(&hex(&secret)) && !lines.contains(&hex(&secret)));
    }
    for line in lines.lines() {
        let is_envelope = json(line)["type"] == "envelope";
        assert_eq!(has_a_time(line), is_envelope, "{line}");
    }
    for line in text.lines().filter(|line| !line.starts_with(&hex(mailbox.as_bytes()))) {
        assert!(!has_a_time(line), "{line}");
    }
}

/// Whether a text holds something like `T12:34` or a number of seconds since 1970.
fn has_a_time(text: &str) -> bool {
    let clock = text
        .as_bytes()
        .windows(6)
        .any(|window| window[0] == b'T' && window[3] == b':' && window[1].is_ascii_digit());
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    let wall = Clock::wall().0;
    clock
        || numbers.filter_map(|number| number.parse().ok()).any(|n: u64| n.abs_diff(wall) < 1 << 30)
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_is_checked_and_what_an_engine_cannot_do_is_said_so() {
    let relay = Relay::start("admin-store", Registration::Open);
    relay.register("bob", 1).await;
    assert_eq!(relay.text(Order::Check).await, "3 rows read, nothing is wrong\n");
    let stats = relay.text(Order::Stats).await;
    assert!(stats.contains("accounts           1\n"), "{stats}");
    let file = relay.folder.path().join("copy");
    let back_up = |file: &Path| Order::BackUp { file: file.to_owned() };
    let text = relay.text(back_up(&file)).await;
    assert_eq!(text, "error: this store cannot do that\n");
    std::fs::write(&file, "mine").unwrap();
    assert!(relay.text(back_up(&file)).await.contains("is there already"));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    assert!(relay.text(back_up(Path::new("copy"))).await.contains("not an absolute path"));
    assert_eq!(relay.text(Order::Compact).await, "error: this store cannot do that\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_is_ours_alone_replaces_a_dead_one_and_goes_with_its_relay() {
    let relay = Relay::start("admin-socket", Registration::Open);
    let path = socket::path(relay.folder.path());
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(metadata.uid(), rustix::process::geteuid().as_raw());
    // A relay that was killed leaves its socket behind.
    let again = Socket::open(relay.folder.path(), &relay.lock).unwrap();
    assert!(UnixStream::connect(&path).is_ok());
    drop(again);
    assert!(!path.exists());
    std::fs::write(&path, "mine").unwrap();
    let error = Socket::open(relay.folder.path(), &relay.lock).unwrap_err();
    assert!(matches!(error, SocketError::Occupied { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    std::fs::remove_file(&path).unwrap();
    relay.stop.send_replace(true);
    let error = relay.ask(Order::Stats).await.unwrap_err();
    assert!(error.starts_with("no relay runs on "), "{error}");
    relay.serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_gets_an_error_and_a_silent_or_parted_asker_stops_nobody() {
    let relay = Relay::start("admin-garbage", Registration::Open);
    let path = socket::path(relay.folder.path());
    let _silent: Vec<UnixStream> = (0..8).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let say = move |bytes: Vec<u8>| {
        let path = path.clone();
        tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(path).unwrap();
            // The relay may have hung up before it was all written.
            let _ = stream.write_all(&bytes);
            let mut line = String::new();
            let _ = BufReader::new(stream).take(10_000).read_line(&mut line);
            line
        })
    };
    for (bytes, code) in [
        (b"\n".to_vec(), "no-order"),
        (b"{\"v\":1}\n".to_vec(), "no-order"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "no-order"),
        (vec![0xff; 9_000].into_iter().chain(*b"\n").collect(), "no-order"),
    ] {
        let line = say(bytes).await.unwrap();
        assert_eq!(json(&line)["code"], code, "{line}");
    }
    // An order without an end is answered when it has reached its bound.
    let line = say(vec![b'x'; order::MAX_ORDER_BYTES + 1]).await.unwrap();
    assert!(line.contains("exceeds a bound"), "{line}");
    // One that goes on and on finds the line cut, or that answer.
    let line = say(vec![b'x'; 1 << 20]).await.unwrap();
    assert!(line.is_empty() || line.contains("exceeds a bound"), "{line}");
    let (first, second) = tokio::join!(relay.ask(Order::Stats), relay.ask(Order::UserList));
    assert!(first.is_ok() && second.is_ok());
}
