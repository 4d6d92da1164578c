//! A person of a simulation: the real client over a store in memory, and the
//! commands that people give. Each process of theirs can be killed at any moment.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use msg_client::{
    driver::{
        Client, ClientError, Policy,
        register::Order,
        send::{Sending, Sent, What},
    },
    engine::{EngineError, account::Own},
    home::Home,
    rows::{Direction, GroupStanding, Level, Whose},
    step::{Changes, Commit as _},
    store::{Rows, StoreError, Table, memory::Memory, sealed::Store, simulated::Engine},
    transport::Dialer,
    unlock::StoreKey,
};
use msg_crypto::secret::Secret;
use msg_protocol::{
    address::{Address, RelayAddress},
    content::Content,
    id::AccountId,
};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    ledger::{Ledger, Place, Showing, Who},
    machine::{Host, below, chance, pick, tell},
    network::{Net, Way},
    seals::Seals,
    views::Views,
};

/// What the group is called.
pub(crate) const ROOM: &str = "room";
/// Messages that are shown together.
const BATCH: usize = 16;
/// The longest pause of a follower before it tries again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Rows in memory, which are durable when they are written.
pub(crate) struct Kept {
    rows: Mutex<Memory>,
    owner: Who,
    seals: Arc<Mutex<Seals>>,
    views: Arc<Mutex<Views>>,
    /// Of a thousand changes, how many find no room, or are kept and said not to be.
    fails: AtomicU64,
}

impl Kept {
    /// A copy, as a backup has it.
    pub(crate) fn copy(&self) -> Memory {
        self.rows.lock().unwrap().clone()
    }

    /// The backup is put back.
    pub(crate) fn put_back(&self, copy: Memory) {
        *self.rows.lock().unwrap() = copy;
    }

    pub(crate) fn set_fails(&self, per_mille: u64) {
        self.fails.store(per_mille, Ordering::Relaxed);
    }
}

impl Engine for Kept {
    fn read(&self, look: &mut dyn FnMut(&dyn Rows)) -> Result<(), StoreError> {
        look(&*self.rows.lock().unwrap());
        Ok(())
    }

    fn commit(&self, changes: Changes) -> Result<(), StoreError> {
        let fails = chance(self.fails.load(Ordering::Relaxed));
        if fails && chance(500) {
            return Err(StoreError::Full);
        }
        for ((table, _), value) in &changes {
            if let (Table::Sessions, Some(sessions)) = (table, value) {
                self.seals.lock().unwrap().learn(self.owner, sessions);
            }
        }
        let is_of_groups = changes.keys().any(|(table, _)| *table == Table::Groups);
        let mut rows = self.rows.lock().unwrap();
        rows.commit(changes).unwrap();
        if is_of_groups {
            self.views.lock().unwrap().looks(self.owner, &rows);
        }
        if fails { Err(StoreError::Full) } else { Ok(()) }
    }
}

/// Somebody.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) who: Who,
    pub(crate) host: Host,
    pub(crate) address: Address,
    pub(crate) id: AccountId,
    pub(crate) kept: Arc<Kept>,
    home: Arc<TempDir>,
    net: Arc<Net>,
}

impl Person {
    /// Somebody comes to a relay.
    pub(crate) async fn register(
        who: Who,
        host: Host,
        name: &str,
        relay: &RelayAddress,
        net: &Arc<Net>,
        views: &Arc<Mutex<Views>>,
    ) -> Self {
        let folder = folder();
        let order = Order {
            home: Home::at(folder.path().join("msg")),
            name: name.parse().unwrap(),
            relay: relay.clone(),
            pin: None,
            invite: None,
            password: None,
        };
        let way = Way { net: Arc::clone(net), from: host };
        let dialer = Dialer::through(Box::new(way));
        let client = Client::register(order, dialer, Policy::default()).await.unwrap();
        let copied = client.store().look("copy", |rows| {
            let mut changes = Changes::new();
            for table in Table::ALL {
                rows.scan(table, &[], &mut |key, value| {
                    changes.insert((table, key.to_vec()), Some(value.to_vec().into()));
                    core::ops::ControlFlow::Continue(())
                })?;
            }
            Ok::<_, EngineError>((changes, Own::load(rows)?.id()))
        });
        let (changes, id) = copied.unwrap();
        let mut rows = Memory::default();
        rows.commit(changes).unwrap();
        Self {
            who,
            host,
            address: Address { name: name.parse().unwrap(), relay: relay.clone() },
            id,
            kept: Arc::new(Kept {
                rows: Mutex::new(rows),
                owner: who,
                seals: net.seals(),
                views: Arc::clone(views),
                fails: AtomicU64::new(0),
            }),
            home: Arc::new(folder),
            net: Arc::clone(net),
        }
    }

    /// A process of theirs.
    pub(crate) fn client(&self, command: &'static str) -> Client {
        let home = Home::at(self.home.path().join("msg"));
        let key = StoreKey::from_bytes(&Secret::new([0; StoreKey::BYTES]));
        let store = Store::with_key(home, key).kept_in(Arc::clone(&self.kept) as _);
        let way = Way { net: Arc::clone(&self.net), from: self.host };
        Client::new(store, Dialer::through(Box::new(way)), Policy::default(), command)
    }

    /// The name that their contacts know them by.
    pub(crate) fn name(&self) -> String {
        self.address.name.to_string()
    }
}

/// A folder for the locks of somebody's processes, in memory where there is one: what
/// is synced here nobody reads again.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// What people know of each other, and the books.
pub(crate) struct Society {
    pub(crate) people: Vec<Person>,
    pub(crate) has_room: bool,
    pub(crate) ledger: Mutex<Ledger>,
}

impl Society {
    fn who(&self, id: AccountId) -> Option<Who> {
        self.people.iter().find(|person| person.id == id).map(|person| person.who)
    }

    /// Somebody says something once.
    pub(crate) async fn say(&self, who: Who, place: Place) {
        let client = self.people[who].client("send");
        let to = match place {
            Place::With(whom) => self.people[whom].name(),
            Place::Group => format!("#{ROOM}"),
        };
        let text = self.ledger.lock().unwrap().says(who, place);
        let sending = Sending {
            to: vec![to],
            what: What::Text(text.clone().into_bytes()),
            wanted: Level::Relay,
            timeout: Duration::from_secs(20),
            reply_to: None,
            key: None,
            expire_s: None,
        };
        let sent = client.send(sending).await;
        tell(|| match &sent {
            Ok(sent) => {
                let far = |row: &Sent| (row.to.clone(), row.level, row.problem.clone());
                format!("{who} says {text:?}: {:?}", sent.iter().map(far).collect::<Vec<_>>())
            }
            Err(error) => format!("{who} says {text:?}: {error}"),
        });
        let mut ledger = self.ledger.lock().unwrap();
        ledger.has_tried(&text);
        let Ok(sent) = sent else { return };
        for row in sent.iter().filter(|row| !row.messages.is_empty()) {
            if let Some(to) = row.account.and_then(|account| self.who(account)) {
                ledger.taken(&text, to, row.level);
            }
        }
    }

    /// Shows somebody what has come.
    pub(crate) async fn show(&self, who: Who, client: &Client) -> Result<(), ClientError> {
        let mut from = 0;
        loop {
            let began = self.ledger.lock().unwrap().now();
            let unread = client.take_unread(from, Whose::Everybody, BATCH).await?;
            let Some(last) = unread.last() else { return Ok(()) };
            from = last.number + 1;
            let mut texts = Vec::new();
            for one in &unread {
                let Content::Text(text) = &one.message.content else { continue };
                if one.message.notice.is_some() {
                    continue;
                }
                let text = String::from_utf8_lossy(&text.bytes).into_owned();
                let again = matches!(one.message.direction, Direction::In { shown: true, .. });
                tell(|| format!("{who} sees {text:?}, {again}"));
                let by = self.who(one.message.with).unwrap_or(usize::MAX);
                let in_group = one.message.group.is_some();
                let showing = Showing { to: who, by, in_group, again, began };
                self.ledger.lock().unwrap().shows(showing, &text);
                texts.push(text);
            }
            client.mark_read(unread.iter().map(|one| one.number).collect()).await?;
            self.ledger.lock().unwrap().has_read(who, &texts);
        }
    }

    /// `msg recv`, and yes to whoever asks into a group.
    pub(crate) async fn receive(&self, who: Who) -> Result<(), ClientError> {
        let client = self.people[who].client("recv");
        let taken = client.take_in().await;
        self.show(who, &client).await?;
        taken?;
        client.run_errands().await;
        self.join(&client).await
    }

    async fn join(&self, client: &Client) -> Result<(), ClientError> {
        for group in client.groups().await? {
            if matches!(group.row.standing, GroupStanding::Invited { .. }) {
                client.accept_group(&group.row.name).await?;
                client.run_errands().await;
            }
        }
        Ok(())
    }

    /// `msg recv --follow`.
    pub(crate) async fn follow(&self, who: Who) {
        let client = self.people[who].client("follow");
        let (mut following, mut pause) = (None, Duration::from_millis(250));
        loop {
            let round = async {
                self.show(who, &client).await?;
                let Some(link) = &mut following else {
                    following = client.follow_once().await?;
                    if following.is_none() {
                        sleep(Duration::from_millis(250)).await;
                    }
                    return self.join(&client).await;
                };
                let link: &mut msg_client::driver::follow::Following = link;
                link.next().await?;
                self.join(&client).await
            };
            let ended = round.await;
            if ended.is_ok() {
                pause = Duration::from_millis(250);
            } else {
                tell(|| format!("{who} follows: {ended:?}"));
                following = None;
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// One command after the other, for ever.
    pub(crate) async fn live(&self, who: Who, talks: bool) {
        let others: Vec<Who> = (0..self.people.len()).filter(|other| *other != who).collect();
        loop {
            sleep(Duration::from_millis(below(3_000))).await;
            match below(10) {
                0..4 if talks => self.say(who, Place::With(pick(&others))).await,
                4..6 if talks && self.has_room => self.say(who, Place::Group).await,
                // Who is not heard now is heard the next time.
                _ => {
                    if let Err(error) = self.receive(who).await {
                        tell(|| format!("{who} receives: {error}"));
                    }
                }
            }
        }
    }
}
