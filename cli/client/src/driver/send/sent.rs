//! How far a message got, recipient by recipient, and what stands in its way.

use msg_protocol::id::{AccountId, MessageId};

use crate::{link::LinkError, rows::Level};

/// How far a message got with one recipient.
#[derive(Debug, Clone)]
pub struct Sent {
    /// To whom.
    pub to: String,
    /// In which group, if they get it there.
    pub group: Option<String>,
    /// Whose id that is.
    pub account: Option<AccountId>,
    /// The messages; the level is that of the last.
    pub messages: Vec<MessageId>,
    /// How far.
    pub level: Level,
    /// Whether it was sent before, under the same key.
    pub is_repeated: bool,
    /// What stands in the way, if something does.
    pub problem: Option<Problem>,
}

/// What stands in a message's way.
#[derive(Debug, Clone)]
pub enum Problem {
    /// Nobody is called that.
    NoContact,
    /// No group is called that.
    NoGroup,
    /// We are not in it.
    NotJoined,
    /// Only its admins write there.
    NotWriter,
    /// Nobody else has joined it.
    Alone,
    /// Their card is not here: it is looked for.
    Unmet,
    /// Held: the identity has changed, or the relay shows an old card.
    Alarmed,
    /// Held: only verified people are written to.
    Unverified,
    /// They are blocked.
    Blocked,
    /// They have not been accepted.
    NotAccepted,
    /// The relay, or the way to it.
    Link(LinkError),
    /// Nothing but their word: they have to accept us first.
    AwaitsAcceptance,
    /// It did not get as far as was asked for in time.
    Late,
}

impl Sent {
    /// So far it waits here for whoever gets it, in a group if they get it there.
    pub(in crate::driver) fn queued(
        to: String,
        group: Option<&str>,
        account: AccountId,
        messages: Vec<MessageId>,
    ) -> Self {
        Self {
            to,
            group: group.map(str::to_owned),
            account: Some(account),
            messages,
            level: Level::Queued,
            is_repeated: false,
            problem: None,
        }
    }

    /// Nothing of it goes to whoever is called that, and this is why.
    pub(super) fn refused(to: &str, problem: Problem) -> Self {
        Self {
            to: to.to_owned(),
            group: to.starts_with('#').then(|| to.to_owned()),
            account: None,
            messages: Vec::new(),
            level: Level::Failed,
            is_repeated: false,
            problem: Some(problem),
        }
    }

    /// Whether this person has it as far as was asked for.
    pub const fn is_done(&self) -> bool {
        self.problem.is_none()
    }
}
