//! The storm: one fault after the other.

use std::time::Duration;

use msg_client::{
    driver::{
        ClientError,
        groups::ToMember,
        send::{Sending, What},
    },
    rows::Level,
};
use tokio::time::{Instant, sleep};

use super::World;
use crate::{
    ledger::Who,
    machine::{below, chance, on, set_clock_wrong, tell},
    person::ROOM,
    scenario::Fault,
};

/// How wrong a clock may be, each way.
const CLOCK_REACH_MS: u64 = 1_000 * 3_600;

impl World {
    /// Faults, one after the other.
    pub(super) async fn storm(&mut self) {
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
                let is_persons = chance(500);
                let (person, relay) = (self.society.people[who].host, self.relays[which].host);
                let wrong = i64::try_from(below(2 * CLOCK_REACH_MS)).unwrap();
                let wrong = wrong - i64::try_from(CLOCK_REACH_MS).unwrap();
                set_clock_wrong(if is_persons { person } else { relay }, wrong);
            }
            Fault::Store => {
                self.relays[which].mood.set(below(200), below(300));
                self.society.people[who].kept.set_fails(below(100));
                sleep(Duration::from_millis(below(5_000))).await;
                self.relays[which].mood.set(0, 0);
                self.society.people[who].kept.set_fails(0);
            }
            Fault::OldCard => self.show_old_card().await,
            Fault::SetBack => self.set_back(who).await,
            Fault::Membership => self.change_membership(who).await,
            Fault::Lie => self.lie(which).await,
        }
    }

    /// A relay shows the first an older card of somebody it has seen a newer one of.
    async fn show_old_card(&self) {
        let Some(zed) = &self.zed else { return };
        let lies = self.net.lies_of(&zed.address.relay);
        lies.lock().unwrap().older = Some((zed.address.name.clone(), zed.older.clone()));
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

    /// Somebody's store is copied, and the next time the copy comes back.
    async fn set_back(&mut self, who: Who) {
        let Some(backup) = self.backups[who].take() else {
            self.backups[who] = Some(self.society.people[who].kept.copy());
            return;
        };
        self.go(who).await;
        self.net.seals().lock().unwrap().set_back.insert(who);
        self.society.ledger.lock().unwrap().sets_back(who);
        self.society.people[who].kept.put_back(backup);
        self.come(who, true);
    }

    /// The first puts somebody out of the group, or asks them in again.
    async fn change_membership(&self, who: Who) {
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

    /// A relay loses, holds back, repeats and stirs what it should hand over, for a while.
    async fn lie(&self, which: usize) {
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
