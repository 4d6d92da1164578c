//! An account looked over: what is stored can be read, and the relay agrees.

use core::ops::ControlFlow;

use super::{Client, ClientError, now};
use crate::{
    engine::{
        EngineError,
        account::{self, Own},
        contacts, outbox, prekeys,
        sessions::Sessions,
        settings,
    },
    rows::{KnownRow, MessageRow, OutboxState, Read as _, ReceiptsRow, RecordRow, UnreadRow},
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Seconds that two clocks may differ before it is worth a word.
const CLOCK_S: u64 = 300;

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// In words.
    pub detail: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Good,
    /// Worth knowing.
    Notice,
    /// Wrong.
    Bad,
}

impl Finding {
    fn new(what: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self { what, state, detail: detail.into() }
    }
}

impl Client {
    /// Looks everything over. Changes nothing.
    pub async fn examine(&self) -> Result<Vec<Finding>, ClientError> {
        let mut findings = self.look(|rows| Ok(stored(rows))).await?;
        let row = self.look(|rows| account::row(rows)).await?;
        let about = self.anonymous(&row.address.relay, row.pin, None).await;
        findings.push(match &about {
            Err(error) => Finding::new("relay", State::Bad, error.to_string()),
            Ok(link) => {
                let theirs = link.welcome().time.0;
                let apart = theirs.abs_diff(now().0);
                let state = if apart > CLOCK_S { State::Notice } else { State::Good };
                let detail = format!("reachable, its clock {apart} s from ours");
                Finding::new("relay", state, detail)
            }
        });
        if let Ok(link) = about {
            link.close().await;
        }
        Ok(findings)
    }
}

fn stored(rows: &dyn Rows) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in Table::ALL {
        let mut count = 0_u64;
        let read = rows.scan(table, &[], &mut |_, _| {
            count += 1;
            ControlFlow::Continue(())
        });
        findings.push(said(table.name(), read.map(|()| format!("{count} rows"))));
    }
    findings.push(said("rows", understood(rows).map(|count| format!("{count} understood"))));
    match Own::load(rows) {
        Ok(own) if own.row.registered => {
            let detail = format!("{} at card version {}", own.row.address, own.card().version);
            findings.push(Finding::new("keys", State::Good, detail));
        }
        Ok(_) => findings.push(Finding::new(
            "keys",
            State::Bad,
            "the registration was not finished: run msg register again",
        )),
        Err(error) => findings.push(Finding::new("keys", State::Bad, error.to_string())),
    }
    match trouble(rows) {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(Finding::new("account", State::Bad, error.to_string())),
    }
    findings
}

fn said<E: ToString>(what: &'static str, read: Result<String, E>) -> Finding {
    match read {
        Ok(detail) => Finding::new(what, State::Good, detail),
        Err(error) => Finding::new(what, State::Bad, error.to_string()),
    }
}

/// Reads every row as what it should be.
fn understood(rows: &dyn Rows) -> Result<usize, EngineError> {
    let draft = Draft::new(rows);
    settings::of(rows)?;
    let mut count = contacts::everybody(rows)?.len() + outbox::all(rows)?.len();
    count += rows.all::<MessageRow>(&[])?.len();
    count += rows.all::<UnreadRow>(&[])?.len();
    count += rows.all::<KnownRow>(&[])?.len();
    count += rows.all::<ReceiptsRow>(&[])?.len();
    count += rows.all::<RecordRow>(&[])?.len();
    count += Sessions::new(&draft).peers()?.len();
    prekeys::load(rows)?;
    Ok(count)
}

/// What its owner may want to look after.
fn trouble(rows: &dyn Rows) -> Result<Vec<Finding>, StoreError> {
    let state = account::relay(rows)?;
    let mut findings = Vec::new();
    if state.set_back > 0 {
        let detail = format!(
            "this store turned out to be an older copy of itself {} times; sessions were begun anew",
            state.set_back
        );
        findings.push(Finding::new("copies", State::Notice, detail));
    }
    if state.strange_cards > 0 {
        let detail = format!(
            "{} messages were sealed to a card of this account that it did not make: its key \
             may be in other hands",
            state.strange_cards
        );
        findings.push(Finding::new("cards", State::Bad, detail));
    }
    if state.unopened > 0 {
        let detail = format!("{} envelopes could not be opened", state.unopened);
        findings.push(Finding::new("envelopes", State::Notice, detail));
    }
    let failed = outbox::all(rows)?
        .iter()
        .filter(|(_, row)| matches!(row.state, OutboxState::Failed(_)))
        .count();
    if failed > 0 {
        let detail = format!("{failed} messages go no further: msg outbox shows them");
        findings.push(Finding::new("outbox", State::Notice, detail));
    }
    for (_, contact) in contacts::all(rows)? {
        if contact.alarm.is_some() {
            let detail = format!("{} cannot be trusted now: msg verify", contact.name);
            findings.push(Finding::new("contacts", State::Notice, detail));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rows::account::key, store::memory::Memory};

    #[test]
    fn rows_that_cannot_be_read_are_said_to_be_bad() {
        let cases = [
            (Table::Account, key::RELAY),
            (Table::Account, key::SETTINGS),
            (Table::Records, b"somebody".as_slice()),
        ];
        for (table, row) in cases {
            let mut store = Memory::default();
            let draft = Draft::new(&store);
            draft.put(table, row, b"no row".to_vec());
            draft.step(()).commit(&mut store).unwrap();
            let damage = StoreError::Foreign(table).to_string();
            let is_said = |one: &Finding| one.state == State::Bad && one.detail == damage;
            assert!(stored(&store).iter().any(is_said), "{table:?}");
        }
    }
}
