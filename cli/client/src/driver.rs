//! The account at work: the engine's verbs between the store and the relays.
//!
//! ```text
//! admin             invitations and accounts of our relay, for who may
//! register          keys, store, registration, first prekeys
//! deliver           prekeys and work for whom there is no session; batches of envelopes
//! collect follow    the mailbox: pages in order, acknowledged when they are durable
//! own doctor        another password, the account's end, how it all is
//! records           contacts, kept sealed at our relay
//! settings          what its owner has chosen
//! files             sealed, brought to our relay, fetched from others'
//! people trust      contacts: found, added, accepted, blocked; compared, verified
//! groups            groups: made, changed, joined, left, shown
//! send receive      what a command asks for
//! presence          who is there
//! ```
//!
//! Nothing here keeps state: a command that is killed is taken up by the next.
//! What leaves over a signed-in link is about our own mail alone; everything to
//! others goes over links that name nobody.

pub mod admin;
pub mod collect;
pub mod deliver;
pub mod doctor;
pub mod error;
pub mod files;
pub mod follow;
pub mod groups;
mod meet;
pub mod own;
pub mod people;
pub mod presence;
pub mod receive;
mod records;
pub mod register;
pub mod send;
pub mod settings;
pub mod trust;

use std::{sync::Arc, time::Duration};

use msg_protocol::{
    address::{Pin, RelayAddress},
    id::AccountId,
    time::UnixSeconds,
};

pub use self::error::ClientError;
pub(crate) use crate::world::Random;
use crate::{
    engine::EngineError,
    link::{Link, LinkError},
    step::{Draft, Step},
    store::{Rows, sealed::Store},
    transport::Dialer,
    world::{aside, since_1970},
};

/// How an account behaves: what its owner has chosen.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How long one command tries to reach relays.
    pub patience: Duration,
    /// Whether each recipient gets a link of their own.
    pub spread: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { patience: Duration::from_secs(20), spread: false }
    }
}

/// An account that is unlocked. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    store: Arc<Store>,
    dialer: Dialer,
    policy: Policy,
    /// Says what goes on, to whom waits for the lock.
    command: &'static str,
}

impl Client {
    /// An account, from its unlocked store.
    pub fn new(store: Store, dialer: Dialer, policy: Policy, command: &'static str) -> Self {
        Self { store: Arc::new(store), dialer, policy, command }
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Decides on what is stored; gives the outcome when it is durable.
    pub(crate) async fn section<T, F>(&self, decide: F) -> Result<T, ClientError>
    where
        T: Send + 'static,
        F: FnOnce(&Draft<'_>, &mut Random) -> Result<T, EngineError> + Send + 'static,
    {
        self.step(|draft, rng| {
            let outcome = decide(&draft, rng)?;
            Ok(draft.step(outcome))
        })
        .await
    }

    /// The same with errors of its own.
    pub(crate) async fn step<T, F>(&self, decide: F) -> Result<T, ClientError>
    where
        T: Send + 'static,
        F: FnOnce(Draft<'_>, &mut Random) -> Result<Step<T>, ClientError> + Send + 'static,
    {
        let (store, command) = (Arc::clone(&self.store), self.command);
        let section = aside(move || store.section(command, |draft| decide(draft, &mut Random)));
        section.await.map_err(|_| ClientError::Panicked)?
    }

    /// Looks at what is stored.
    pub(crate) async fn look<T, F>(&self, look: F) -> Result<T, ClientError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Rows) -> Result<T, EngineError> + Send + 'static,
    {
        let (store, command) = (Arc::clone(&self.store), self.command);
        let looking =
            aside(move || store.look(command, |rows| look(rows).map_err(ClientError::from)));
        looking.await.map_err(|_| ClientError::Panicked)?
    }

    /// A link to somebody's relay on which nobody signs in. Those to different
    /// people share nothing that a proxy could tie together.
    pub(crate) async fn anonymous(
        &self,
        relay: &RelayAddress,
        pin: Option<Pin>,
        about: Option<AccountId>,
    ) -> Result<Link, LinkError> {
        let isolation = match about.filter(|_| self.policy.spread) {
            Some(account) => format!("{relay}/{account}"),
            None => format!("{relay}"),
        };
        Link::anonymous(&self.dialer, relay, pin, &isolation).await
    }
}

/// Now, by this machine's clock.
pub(crate) fn now() -> UnixSeconds {
    UnixSeconds(since_1970().as_secs())
}

/// Now in milliseconds.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX)
}
