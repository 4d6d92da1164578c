//! Before the storm: relays, and people who know each other and are in one group.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use msg_client::{
    driver::people::Who as Whom,
    rows::{GroupStanding, Standing},
};
use tokio::time::sleep;

use super::{RELAYS, World};
use crate::{
    ledger::Ledger,
    machine::{HOSTS, Host, on, tell},
    network::{Net, Way},
    person::{Person, ROOM, Society},
    relay::Relay,
    scenario::{self, Fault, Scenario},
    stranger::Zed,
};

/// Where the stranger lives: the last of the hosts.
const ZED: Host = Host(HOSTS - 1);
const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
/// Rounds until everybody knows everybody.
const ROUNDS: usize = 20;
/// Between two of them.
const BETWEEN: Duration = Duration::from_secs(7);

impl World {
    pub(super) async fn new(scenario: Scenario) -> Self {
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
            let way = Way { net: Arc::clone(&net), from: ZED };
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
            client.create_group(ROOM.into(), Vec::new()).await.unwrap();
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
}
