//! A run: people and relays, a storm, and the calm after it, in which everything
//! must arrive.

mod founding;
mod storm;

use std::{sync::Arc, time::Duration};

use msg_client::{
    engine::{contacts, groups},
    rows::{GroupRow, GroupStanding},
    store::memory::Memory,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    ledger::{Place, Who},
    machine::{Host, Run, on, set_clock_wrong, tell, trace},
    mutants::{self, Mutant},
    network::{Net, Weather},
    person::Society,
    relay::Relay,
    scenario::{self, Fault, Scenario},
    stranger::Zed,
};

const RELAYS: [&str; 2] = ["north.example", "south.example"];
/// How long everything may take to arrive once nothing goes wrong any more.
const CALM: Duration = Duration::from_mins(1);

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
