//! What is said about one's own account.

use serde::Serialize;

use super::{Page, Report};
use crate::text::Untrusted;

/// `register`: the account is there.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Registered {
    /// Where it lives.
    pub(crate) address: String,
    /// What others compare.
    pub(crate) fingerprint: String,
    /// Whether a key beside the store opens it, instead of a password.
    pub(crate) unattended: bool,
    /// Where it is kept.
    pub(crate) folder: String,
}

/// `whoami`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Whoami {
    /// Where the account lives.
    pub(crate) address: String,
    /// What others compare.
    pub(crate) fingerprint: String,
    /// The relay's key, if the account was made with one.
    pub(crate) relay_pin: Option<String>,
    /// Where it is kept.
    pub(crate) folder: String,
}

/// `status`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Status {
    /// Where the account lives.
    pub(crate) address: String,
    /// Whether the relay answered.
    pub(crate) reachable: bool,
    /// Milliseconds to the relay and back, with everything that an answer takes.
    pub(crate) round_trip_ms: Option<u64>,
    /// Messages that are not confirmed yet.
    pub(crate) outbox: usize,
    /// Messages that have not been read.
    pub(crate) unread: usize,
    /// Strangers who wait for a word.
    pub(crate) requests: usize,
    /// Groups that this account is asked into, with their sign.
    pub(crate) invitations: Vec<Untrusted>,
    /// Envelopes that could not be opened.
    pub(crate) unopened: u64,
}

/// `unlock`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unlocked {
    /// For how many seconds.
    pub(crate) seconds: u64,
}

/// `lock`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Locked {
    /// Whether something had been kept.
    pub(crate) was_unlocked: bool,
}

/// `passwd`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PasswordChanged {}

/// `delete-account`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AccountDeleted {
    /// Where it lived.
    pub(crate) address: String,
}

/// `doctor`: one thing that was looked at.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Examined {
    /// What.
    pub(crate) what: &'static str,
    /// How it is.
    pub(crate) state: Health,
    /// In words.
    pub(crate) detail: Untrusted,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Notice,
    /// Wrong.
    Bad,
}

/// Rows of two columns.
pub(super) fn pairs(page: &Page, rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let row = |(name, value): &(&str, String)| {
        format!("{}  {value}\n", page.dim(&format!("{name:<width$}")))
    };
    rows.iter().map(row).collect()
}

impl Report for Registered {
    const TYPE: &'static str = "registered";

    fn show(&self, page: &Page) -> String {
        let unlock = if self.unattended { "a key beside the store" } else { "your password" };
        let rows = pairs(
            page,
            &[
                ("address", page.bold(&self.address)),
                ("fingerprint", self.fingerprint.clone()),
                ("opened by", unlock.to_owned()),
                ("kept in", self.folder.clone()),
            ],
        );
        format!("{rows}\nOthers add you with `msg add-contact {}`.\n", self.address)
    }
}

impl Report for Whoami {
    const TYPE: &'static str = "whoami";

    fn show(&self, page: &Page) -> String {
        let pin = self.relay_pin.as_deref().unwrap_or("none: the system's authorities decide");
        pairs(
            page,
            &[
                ("address", page.bold(&self.address)),
                ("fingerprint", self.fingerprint.clone()),
                ("relay's pin", pin.to_owned()),
                ("kept in", self.folder.clone()),
            ],
        )
    }
}

impl Report for Status {
    const TYPE: &'static str = "status";

    fn show(&self, page: &Page) -> String {
        let relay = match self.round_trip_ms {
            Some(ms) if self.reachable => format!("reachable, {ms} ms"),
            None if self.reachable => "reachable, but it lets nobody in here".to_owned(),
            _ => "not reachable".to_owned(),
        };
        let mut rows = vec![
            ("address", page.bold(&self.address)),
            ("relay", relay),
            ("unread", self.unread.to_string()),
            ("outbox", self.outbox.to_string()),
            ("requests", self.requests.to_string()),
        ];
        for group in &self.invitations {
            rows.push(("asked into", super::group::invitation(&group.shown())));
        }
        if self.unopened > 0 {
            rows.push(("unopened", self.unopened.to_string()));
        }
        pairs(page, &rows)
    }
}

impl Report for Unlocked {
    const TYPE: &'static str = "unlocked";

    fn show(&self, _: &Page) -> String {
        let span = crate::args::duration::Span(core::time::Duration::from_secs(self.seconds));
        format!("unlocked for {span}\n")
    }
}

impl Report for Locked {
    const TYPE: &'static str = "locked";

    fn show(&self, _: &Page) -> String {
        if self.was_unlocked { "locked\n".to_owned() } else { "was locked already\n".to_owned() }
    }
}

impl Report for PasswordChanged {
    const TYPE: &'static str = "password_changed";

    fn show(&self, _: &Page) -> String {
        "the password is changed\n".to_owned()
    }
}

impl Report for AccountDeleted {
    const TYPE: &'static str = "account_deleted";

    fn show(&self, _: &Page) -> String {
        format!("{} is no more\n", self.address)
    }
}

impl Report for Examined {
    const TYPE: &'static str = "examined";

    fn show(&self, page: &Page) -> String {
        let state = match self.state {
            Health::Ok => page.dim("ok    "),
            Health::Notice => page.bold("notice"),
            Health::Bad => page.bold("bad   "),
        };
        format!("{state}  {:<12}{}\n", self.what, self.detail.shown())
    }
}
