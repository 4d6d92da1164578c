//! A relay tried from outside, by its address: two accounts that are thrown away
//! afterwards register, hand each other an envelope, and are deleted.
//!
//! ```text
//! link -> two registrations -> sign-in -> deposit, collect, acknowledge: both ways
//!      -> both deleted, whatever failed before
//! ```
//!
//! What the envelopes hold is random: this program can seal nothing.

mod account;
mod far;
mod trust;

use std::{
    io,
    time::{Duration, Instant},
};

use msg_protocol::{
    address::RelayLink,
    envelope::{Body, Envelope, EnvelopeKind},
    id::EnvelopeId,
    request::{Access, AcknowledgeUpTo, Collect, DeleteAccount, Deposit},
    response::{Collected, Response},
};

use self::{
    account::Account,
    far::{Far, FarError},
};
use crate::{
    clock::Clock,
    random::{self, RandomError},
};

/// Bytes of an envelope: the smallest there is.
const BODY_BYTES: usize = 4_096;
/// Days for which an envelope may wait, if it is never collected.
const DAYS: u32 = 1;

/// Why a relay did not pass. Nobody's fault that can be told from here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SelftestError {
    /// Something on the link.
    #[error("{step}: {error}")]
    Step {
        /// What was tried.
        step: &'static str,
        /// What came of it.
        #[source]
        error: FarError,
    },
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// An envelope came back as another, or not at all.
    #[error("what was deposited is not what was collected")]
    Altered,
}

/// One thing that worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passed {
    /// What.
    pub(crate) step: &'static str,
    /// How long it took.
    pub(crate) time: Duration,
}

impl SelftestError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Step { error, .. } => error.hint(),
            Self::Altered => Some("msg-relay check reads the whole store; is it damaged?"),
            Self::Random(_) => None,
        }
    }
}

/// Tries the relay behind a link; `passed` hears of each thing that works.
pub(crate) fn run(
    link: &RelayLink,
    mut passed: impl FnMut(Passed) -> io::Result<()>,
) -> Result<io::Result<()>, SelftestError> {
    let accounts = [Account::random()?, Account::random()?];
    let mut tell = |step, began: Instant| passed(Passed { step, time: began.elapsed() });
    let mut printed = Ok(());
    let mut trial = Trial { link, accounts: &accounts, registered: 0 };
    let outcome = trial.all(&mut |step, began| {
        if printed.is_ok() {
            printed = tell(step, began);
        }
    });
    let began = Instant::now();
    let removed = trial.remove();
    outcome?;
    removed?;
    if printed.is_ok() {
        printed = tell("both accounts deleted", began);
    }
    Ok(printed)
}

struct Trial<'a> {
    link: &'a RelayLink,
    accounts: &'a [Account; 2],
    /// Accounts that the relay has.
    registered: usize,
}

impl Trial<'_> {
    fn all(&mut self, tell: &mut dyn FnMut(&'static str, Instant)) -> Result<(), SelftestError> {
        let began = Instant::now();
        let mut anonymous = Far::anonymous(self.link).map_err(at("connect"))?;
        tell("connected: TLS 1.3, with the key that the link names", began);
        let began = Instant::now();
        for account in self.accounts {
            let request = account.registration(self.link.invite.clone());
            anonymous.ask(request).map_err(at("register"))?;
            self.registered += 1;
        }
        tell("two accounts registered", began);
        let [one, other] = self.accounts;
        let began = Instant::now();
        pass(&mut anonymous, self.link, one)?;
        tell("an envelope one way: deposited, collected, acknowledged", began);
        let began = Instant::now();
        pass(&mut anonymous, self.link, other)?;
        tell("an envelope the other way", began);
        Ok(())
    }

    /// Deletes what was registered: the second too if the first cannot be.
    fn remove(&self) -> Result<(), SelftestError> {
        let registered = self.accounts.iter().take(self.registered);
        let deleted: Vec<_> = registered.map(|account| self.delete(account)).collect();
        deleted.into_iter().collect()
    }

    fn delete(&self, account: &Account) -> Result<(), SelftestError> {
        let sign_in = account.sign_in(2);
        let mut link = Far::signed_in(self.link, sign_in).map_err(at("sign in to delete"))?;
        let request = DeleteAccount { credential: account.credential() };
        link.ask(request).map_err(at("delete"))?;
        Ok(())
    }
}

/// Hands an envelope to somebody, and lets them collect it.
fn pass(anonymous: &mut Far, relay: &RelayLink, account: &Account) -> Result<(), SelftestError> {
    let envelope = envelope(account)?;
    let access = Access::Door(account.door());
    let deposit = Deposit { access, ephemeral: false, envelope: envelope.clone() };
    anonymous.ask(deposit).map_err(at("deposit"))?;
    let mut own = Far::signed_in(relay, account.sign_in(1)).map_err(at("sign in"))?;
    let page = Collect { after: 0, envelopes: 1, bytes: u32::MAX };
    let page = own.ask(page).map_err(at("collect"))?;
    let Response::Collected(Collected { rows, .. }) = page else {
        return Err(SelftestError::Altered);
    };
    let Some(row) = rows.into_vec().pop().filter(|row| row.envelope == envelope) else {
        return Err(SelftestError::Altered);
    };
    own.ask(AcknowledgeUpTo { sequence: row.sequence }).map_err(at("acknowledge"))?;
    Ok(())
}

fn envelope(account: &Account) -> Result<Envelope, SelftestError> {
    let mut body = vec![0; BODY_BYTES];
    for chunk in body.chunks_exact_mut(32) {
        chunk.copy_from_slice(&random::bytes::<32>()?);
    }
    let id = random::bytes::<16>()?;
    Ok(Envelope {
        mailbox: account.mailbox(),
        id: EnvelopeId(id),
        kind: EnvelopeKind::Session,
        expires: Clock::wall().plus_days(DAYS),
        body: Body::new(body).map_err(|_| SelftestError::Altered)?,
    })
}

fn at(step: &'static str) -> impl Fn(FarError) -> SelftestError {
    move |error| SelftestError::Step { step, error }
}
