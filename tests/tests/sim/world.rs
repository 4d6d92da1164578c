//! A run: people and relays, a storm, and the calm after it, in which everything
//! must arrive.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use msg_client::{
    driver::{
        ClientError,
        groups::ToMember,
        people::Who as Whom,
        send::{Sending, What},
    },
    engine::{contacts, groups},
    rows::{GroupRow, GroupStanding, Level, Standing},
    store::memory::Memory,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    ledger::{Ledger, Place, Who},
    machine::{Host, Run, below, chance, on, set_clock_wrong, tell, trace},
    mutants::{self, Mutant},
    network::{Net, Way, Weather},
    person::{Person, ROOM, Society},
    relay::Relay,
    scenario::{self, Fault, Scenario},
    stranger::Zed,
};

const RELAYS: [&str; 2] = ["north.example", "south.example"];
const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
/// How long everything may take to arrive once nothing goes wrong any more.
const CALM: Duration = Duration::from_mins(1);
/// Rounds until everybody knows everybody.
const ROUNDS: usize = 20;
/// Between two of them.
const BETWEEN: Duration = Duration::from_secs(7);

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What is wrong; empty if all is well.
    pub(crate) wrong: Vec<String>,
    /// Texts that were said, taken and shown.
    pub(crate) sums: [usize; 3],
    /// Virtual milliseconds of the whole.
    pub(crate) took_ms: u64,
    /// What all that happened comes to.
    pub(crate) trace: u64,
}

impl Outcome {
    /// The run stopped halfway.
    pub(crate) fn panicked(said: &str) -> Self {
        Self { wrong: vec![format!("panicked: {said}")], sums: [0; 3], took_ms: 0, trace: 0 }
    }
}

/// Runs a scenario from its seed.
pub(crate) fn run(seed: u64, mutant: Option<Mutant>) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        scenario::format();
        let run = Run::begin(seed);
        let mut world = World::new(Scenario::draw()).await;
        if mutant.is_some() {
            mutants::plant(mutant);
            world.start_again().await;
        }
        let outcome = world.run().await;
        drop(run);
        outcome
    })
}

struct World {
    scenario: Scenario,
    net: Arc<Net>,
    relays: Vec<Relay>,
    society: Arc<Society>,
    /// The processes of each person.
    processes: Vec<Vec<JoinHandle<()>>>,
    /// What some have kept of their stores.
    backups: Vec<Option<Memory>>,
    zed: Option<Zed>,
    wrong: Vec<String>,
}

impl World {
    async fn new(scenario: Scenario) -> Self {
        let net = Net::new();
        let mut relays = Vec::new();
        for (index, address) in RELAYS.iter().enumerate() {
            let disk = scenario.on_disk[index].then(scenario::formatted);
            let mut relay = Relay::new(Host(index), address, &net, disk);
            assert!(relay.start().await, "a new relay starts");
            relays.push(relay);
        }
        let mut ledger = Ledger::default();
        let views = Arc::clone(&ledger.views);
        let mut people = Vec::new();
        for (who, name) in NAMES.iter().enumerate().take(scenario.people) {
            let host = Host(RELAYS.len() + who);
            let relay = &relays[who % RELAYS.len()].address;
            people.push(on(host, Person::register(who, host, name, relay, &net, &views)).await);
        }
        let zed = if scenario.has(Fault::OldCard) {
            let way = Way { net: Arc::clone(&net), from: Host(15) };
            Some(Zed::register(way, &relays[0].address).await)
        } else {
            None
        };
        let processes = people.iter().map(|_| Vec::new()).collect();
        let backups = people.iter().map(|_| None).collect();
        views.lock().unwrap().knows_people(people.iter().map(|person| person.id).collect());
        ledger.is_changing = scenario.has(Fault::Membership);
        let ledger = Mutex::new(ledger);
        let society = Arc::new(Society { people, has_room: scenario.has_room, ledger });
        let wrong = Vec::new();
        let mut world = Self { scenario, net, relays, society, processes, backups, zed, wrong };
        world.meet().await;
        if world.scenario.has_room {
            world.gather().await;
        }
        world
    }

    /// Everybody adds everybody.
    async fn meet(&mut self) {
        let people = &self.society.people;
        for one in people {
            for other in people.iter().filter(|other| other.who != one.who) {
                let add = async {
                    let client = one.client("add");
                    client.add_contact(Whom::Address(other.address.clone()), None, None).await
                };
                on(one.host, add).await.unwrap();
            }
        }
        if let Some(zed) = &self.zed {
            let add = async {
                let client = people[0].client("add");
                client.add_contact(Whom::Address(zed.address.clone()), None, None).await
            };
            on(people[0].host, add).await.unwrap();
        }
        for _ in 0..ROUNDS {
            let mut is_done = true;
            for one in people {
                on(one.host, self.society.receive(one.who)).await.unwrap();
                let contacts = on(one.host, one.client("look").contacts()).await.unwrap();
                is_done &= contacts.iter().all(|person| {
                    let is_zed = self.zed.as_ref().is_some_and(|zed| zed.id == person.account);
                    let is_met =
                        person.row.standing == Standing::Added && person.row.door.is_some();
                    is_zed || is_met
                });
            }
            if is_done {
                return;
            }
            sleep(BETWEEN).await;
        }
        panic!("not everybody knows everybody");
    }

    /// The first makes a group of all.
    async fn gather(&mut self) {
        let people = &self.society.people;
        let first = &people[0];
        let make = async {
            let client = first.client("group");
            client.create_group(ROOM.into()).await.unwrap();
            let others = people[1..].iter().map(Person::name).collect();
            client.add_members(ROOM, others, 0).await.unwrap();
            client.run_errands().await;
        };
        on(first.host, make).await;
        for _ in 0..ROUNDS {
            let mut is_done = true;
            for one in people {
                on(one.host, self.society.receive(one.who)).await.unwrap();
                let group = on(one.host, one.client("look").group(ROOM)).await;
                is_done &= group.is_ok_and(|group| group.row.standing == GroupStanding::Joined);
            }
            if is_done {
                return;
            }
            sleep(BETWEEN).await;
        }
        for one in people {
            let group = on(one.host, one.client("look").group(ROOM)).await;
            let group = group.map(|group| (group.row.standing, group.row.joined.len()));
            tell(|| format!("{} has {group:?}", one.who));
        }
        panic!("not everybody has joined");
    }

    async fn run(mut self) -> Outcome {
        let began = Instant::now();
        for who in 0..self.society.people.len() {
            self.come(who, true);
        }
        self.storm().await;
        self.calm().await;
        self.finish(began).await
    }

    /// Somebody's processes start.
    fn come(&mut self, who: Who, talks: bool) {
        let host = self.society.people[who].host;
        let society = Arc::clone(&self.society);
        let life = async move { society.live(who, talks).await };
        self.processes[who].push(tokio::spawn(on(host, life)));
        if self.scenario.followers[who] {
            let society = Arc::clone(&self.society);
            let follow = async move { society.follow(who).await };
            self.processes[who].push(tokio::spawn(on(host, follow)));
        }
    }

    /// Somebody's processes are killed.
    async fn go(&mut self, who: Who) {
        for process in self.processes[who].drain(..) {
            process.abort();
            if let Err(error) = process.await
                && error.is_panic()
            {
                self.wrong.push(format!("a process of {who} panicked: {error}"));
            }
        }
        self.net.cut(self.society.people[who].host);
    }

    /// Faults, one after the other.
    async fn storm(&mut self) {
        let weather = self.scenario.weather;
        self.net.set_weather(weather);
        tell(|| format!("{:?}", self.scenario));
        let until = Instant::now() + self.scenario.storm;
        while Instant::now() < until {
            sleep(Duration::from_millis(below(self.scenario.every_ms))).await;
            let fault = self.scenario.fault();
            tell(|| format!("{fault:?}"));
            self.strike(fault).await;
            self.note_cards();
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each fault")]
    async fn strike(&mut self, fault: Fault) {
        let who = usize::try_from(below(self.society.people.len() as u64)).unwrap();
        let which = usize::try_from(below(self.relays.len() as u64)).unwrap();
        match fault {
            Fault::Kill => {
                self.go(who).await;
                sleep(Duration::from_millis(below(2_000))).await;
                self.come(who, true);
            }
            Fault::Crash => {
                self.relays[which].crash().await;
                sleep(Duration::from_millis(below(3_000))).await;
                self.restart(which).await;
            }
            Fault::Cut => self.net.cut(self.society.people[who].host),
            Fault::Part => {
                let host = self.society.people[who].host;
                self.net.part(host, self.relays[which].host);
                sleep(Duration::from_millis(below(20_000))).await;
                self.net.heal();
            }
            Fault::Clock => {
                let host = if chance(500) {
                    self.society.people[who].host
                } else {
                    self.relays[which].host
                };
                let reach = 1_000 * 3_600;
                let wrong =
                    i64::try_from(below(2 * reach)).unwrap() - i64::try_from(reach).unwrap();
                set_clock_wrong(host, wrong);
            }
            Fault::Store => {
                self.relays[which].mood.set(below(200), below(300));
                self.society.people[who].kept.set_fails(below(100));
                sleep(Duration::from_millis(below(5_000))).await;
                self.relays[which].mood.set(0, 0);
                self.society.people[who].kept.set_fails(0);
            }
            Fault::OldCard => {
                let Some(zed) = &self.zed else { return };
                let lies = self.net.lies_of(&zed.address.relay);
                let older = (zed.address.name.clone(), zed.older.clone());
                lies.lock().unwrap().older = Some(older);
                let first = &self.society.people[0];
                let sending = Sending {
                    to: vec![zed.address.name.to_string()],
                    what: What::Text(b"are you there?".to_vec()),
                    wanted: Level::Relay,
                    timeout: Duration::from_secs(5),
                    reply_to: None,
                    key: None,
                    expire_s: None,
                };
                let client = first.client("send");
                // Whether it goes is no matter: that card does not.
                drop(on(first.host, client.send(sending)).await);
                lies.lock().unwrap().stop();
            }
            Fault::SetBack => match self.backups[who].take() {
                None => self.backups[who] = Some(self.society.people[who].kept.copy()),
                Some(backup) => {
                    self.go(who).await;
                    self.net.seals().lock().unwrap().is_set_back = true;
                    self.society.ledger.lock().unwrap().sets_back(who);
                    self.society.people[who].kept.put_back(backup);
                    self.come(who, true);
                }
            },
            Fault::Membership => {
                if who == 0 {
                    return;
                }
                let first = &self.society.people[0];
                let (client, name) = (first.client("group"), self.society.people[who].name());
                let change = async {
                    let group = client.group(ROOM).await?;
                    if group.members.iter().any(|member| member.name == name) {
                        client.change_member(ROOM, &name, ToMember::Remove).await?;
                    } else {
                        client.add_members(ROOM, vec![name], 0).await?;
                    }
                    client.run_errands().await;
                    Ok::<_, ClientError>(())
                };
                let changed = on(first.host, change).await;
                tell(|| format!("the first changes {who}: {changed:?}"));
            }
            Fault::Lie => {
                let lies = self.net.lies_of(&self.relays[which].address);
                {
                    let mut ledger = self.society.ledger.lock().unwrap();
                    ledger.excuse();
                    ledger.is_lied_to = true;
                    let mut lies = lies.lock().unwrap();
                    lies.loses = below(300);
                    lies.withholds = below(300);
                    lies.repeats = below(500);
                    lies.stirs = below(500);
                }
                sleep(Duration::from_millis(below(10_000))).await;
                lies.lock().unwrap().stop();
                self.society.ledger.lock().unwrap().is_lied_to = false;
            }
        }
    }

    /// Which cards people hold of each other.
    fn note_cards(&self) {
        let mut ledger = self.society.ledger.lock().unwrap();
        for one in &self.society.people {
            for (id, row) in contacts::everybody(&one.kept.copy()).unwrap() {
                ledger.holds(one.who, id, row.card.peek_unverified().unwrap().version);
            }
        }
    }

    /// All relays start again, with the defect that has been planted.
    async fn start_again(&mut self) {
        for which in 0..self.relays.len() {
            self.relays[which].crash().await;
            self.restart(which).await;
        }
    }

    async fn restart(&mut self, which: usize) {
        let mut tries = 0;
        while !self.relays[which].start().await {
            tries += 1;
            assert!(tries < 3, "a relay does not start again");
        }
    }

    /// Nothing goes wrong any more, and nobody says anything new but one last word.
    async fn calm(&mut self) {
        tell(|| "calm".to_owned());
        self.net.set_weather(Weather::CALM);
        self.net.heal();
        for host in 0..RELAYS.len() + self.society.people.len() {
            set_clock_wrong(Host(host), 0);
        }
        for who in 0..self.society.people.len() {
            self.go(who).await;
            self.come(who, false);
        }
        let mut last = Vec::new();
        for one in &self.society.people {
            let next = (one.who + 1) % self.society.people.len();
            let society = Arc::clone(&self.society);
            let (who, host) = (one.who, one.host);
            last.push(tokio::spawn(on(host, async move {
                society.say(who, Place::With(next)).await;
                if society.has_room {
                    society.say(who, Place::Group).await;
                }
            })));
        }
        let until = Instant::now() + CALM;
        while Instant::now() < until {
            sleep(Duration::from_secs(1)).await;
            let is_said = last.iter().all(JoinHandle::is_finished);
            let is_there = self.society.ledger.lock().unwrap().missing().is_empty();
            if is_said && is_there && self.apart().is_empty() {
                break;
            }
        }
        self.wrong.extend(self.apart());
        self.note_cards();
        let missing = self.society.ledger.lock().unwrap().missing();
        self.wrong.extend(missing.into_iter().map(|what| format!("never came: {what}")));
    }

    /// Who does not agree with the first on what the group is. A relay that has made away
    /// with what its members tell each other, and a store that was set back, need longer.
    fn apart(&self) -> Vec<String> {
        let is_excused = self.scenario.has(Fault::Lie) || self.scenario.has(Fault::SetBack);
        if !self.scenario.has_room || is_excused {
            return Vec::new();
        }
        let rows = self.society.people.iter().map(|one| {
            let found = groups::all(&one.kept.copy()).unwrap();
            found.into_iter().next().map(|(_, row)| row)
        });
        let rows: Vec<_> = rows.collect();
        let Some(state) = rows[0].as_ref().and_then(GroupRow::state) else {
            return vec!["the first has no group any more".to_owned()];
        };
        let mut apart = Vec::new();
        for (one, row) in self.society.people.iter().zip(&rows) {
            let is_member = state.member(one.id).is_some();
            let agrees = match row {
                Some(row) if is_member => row.state() == Some(state),
                Some(row) => row.standing == GroupStanding::Gone,
                None => !is_member,
            };
            if !agrees {
                tell(|| format!("{} has {row:?}, and the first {state:?}", one.who));
                apart.push(format!("{} does not agree on the group", one.who));
            }
        }
        apart
    }

    async fn finish(mut self, began: Instant) -> Outcome {
        for who in 0..self.society.people.len() {
            self.go(who).await;
        }
        for relay in &mut self.relays {
            relay.crash().await;
            self.wrong.append(&mut relay.wrong);
            let faults = relay.check();
            self.wrong.extend(faults.into_iter().map(|what| format!("{}: {what}", relay.address)));
        }
        self.wrong.append(&mut self.net.seals().lock().unwrap().wrong);
        let mut ledger = self.society.ledger.lock().unwrap();
        self.wrong.append(&mut ledger.wrong);
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap();
        Outcome {
            wrong: std::mem::take(&mut self.wrong),
            sums: ledger.sums(),
            took_ms,
            trace: trace(),
        }
    }
}
