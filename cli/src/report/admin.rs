//! What an administrator is told of the relay: invitations, and accounts in counts
//! and sizes.

use msg_client::driver::admin;
use msg_protocol::{
    response::{self, InviteOut},
    time::UnixDay,
};
use serde::Serialize;

use super::{Page, Report, account::pairs, file::size, word};
use crate::text::{Untrusted, columns};

/// Digits of an invitation's id that are enough to tell it from the others.
const ID_DIGITS: usize = 12;

/// `admin invite create`: an invitation, told once.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct NewInvite {
    /// What revokes it.
    pub(crate) id: String,
    /// What somebody registers with. Whoever has it, may.
    pub(crate) link: String,
    /// Accounts that it is good for.
    pub(crate) uses: u32,
    /// The day on which it expires.
    pub(crate) expires: String,
    /// Words about it.
    pub(crate) note: Untrusted,
}

/// `admin invite list`: an invitation that is out.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Invite {
    /// What revokes it.
    pub(crate) id: String,
    /// Accounts that it is still good for.
    pub(crate) uses: u32,
    /// The day on which it was made.
    pub(crate) made: String,
    /// The day on which it expires.
    pub(crate) expires: String,
    /// Words about it.
    pub(crate) note: Untrusted,
}

/// Invitations as people read them.
#[derive(Debug, Serialize)]
pub(crate) struct Invites<'a>(pub(crate) &'a [Invite]);

/// A limit of an account.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Granted {
    /// How much.
    pub(crate) value: u64,
    /// Whether it was set for this account, and is not everybody's.
    pub(crate) own: bool,
}

/// `admin users list`, `show` and `quota`: an account.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct User {
    /// Its name.
    pub(crate) name: String,
    /// Its id.
    pub(crate) id: String,
    /// The day on which it was made.
    pub(crate) made: String,
    /// Whether it may not sign in.
    pub(crate) suspended: bool,
    /// Whether it is an administrator.
    pub(crate) administrator: bool,
    /// Its devices.
    pub(crate) devices: u32,
    /// Envelopes that wait for it.
    pub(crate) envelopes: u64,
    /// Bytes of those.
    pub(crate) envelope_bytes: u64,
    /// Files of it that others can fetch.
    pub(crate) blobs: u64,
    /// Bytes of those.
    pub(crate) blob_bytes: u64,
    /// Records that it keeps sealed.
    pub(crate) records: u64,
    /// Envelopes that each mailbox may hold.
    pub(crate) mailbox_envelopes_limit: Granted,
    /// Bytes that each mailbox may hold.
    pub(crate) mailbox_bytes_limit: Granted,
    /// Bytes that all its files may have.
    pub(crate) blob_bytes_limit: Granted,
}

/// Accounts as people read them.
#[derive(Debug, Serialize)]
pub(crate) struct Users<'a>(pub(crate) &'a [User]);

/// What an administrator has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// An invitation is good for nothing any more.
    Revoked,
    /// An account may not sign in.
    Suspended,
    /// It may again.
    Resumed,
    /// It is gone.
    Deleted,
}

/// `admin`: what was decided.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Decided {
    /// Which invitation or account.
    pub(crate) about: String,
    /// What.
    pub(crate) decision: Decision,
}

fn date(day: UnixDay) -> String {
    const LAST: u32 = 2_932_896;
    let days = jiff::Span::new().days(i64::from(day.0.min(LAST)));
    let date = jiff::civil::date(1970, 1, 1).saturating_add(days);
    date.to_string()
}

impl NewInvite {
    /// As it was made.
    pub(crate) fn of(made: &admin::NewInvite, uses: u32, note: &str) -> Self {
        Self {
            id: made.id.to_string(),
            link: made.link.to_secret_text(),
            uses,
            expires: date(made.expires),
            note: note.into(),
        }
    }
}

impl From<InviteOut> for Invite {
    fn from(invite: InviteOut) -> Self {
        Self {
            id: invite.id.to_string(),
            uses: invite.uses,
            made: date(invite.made),
            expires: date(invite.expires),
            note: Untrusted::from(&*invite.note),
        }
    }
}

impl From<response::User> for User {
    fn from(user: response::User) -> Self {
        let granted = |it: response::Granted| Granted { value: it.value, own: it.own };
        Self {
            name: user.name.to_string(),
            id: user.id.to_string(),
            made: date(user.made),
            suspended: user.suspended,
            administrator: user.administrator,
            devices: user.devices,
            envelopes: user.envelopes,
            envelope_bytes: user.envelope_bytes,
            blobs: user.blobs,
            blob_bytes: user.blob_bytes,
            records: user.records,
            mailbox_envelopes_limit: granted(user.quota.mailbox_envelopes),
            mailbox_bytes_limit: granted(user.quota.mailbox_bytes),
            blob_bytes_limit: granted(user.quota.blob_bytes),
        }
    }
}

impl User {
    const fn state(&self) -> &'static str {
        match (self.suspended, self.administrator) {
            (true, true) => "suspended, admin",
            (true, false) => "suspended",
            (false, true) => "active, admin",
            (false, false) => "active",
        }
    }
}

/// Columns, each as wide as its widest cell.
fn table<const N: usize>(page: &Page, head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let width =
        |column: usize| all().filter_map(|row| row.get(column)).map(|cell| columns(cell)).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let blanks = " ".repeat(width.saturating_sub(columns(cell)));
            format!("{cell}{blanks}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rows = rows.iter().map(|row| format!("{}\n", line(row)));
    format!("{}\n{}", page.dim(&line(&head)), rows.collect::<String>())
}

impl Report for NewInvite {
    const TYPE: &'static str = "admin_new_invite";

    fn show(&self, page: &Page) -> String {
        let id: String = self.id.chars().take(ID_DIGITS).collect();
        let accounts = if self.uses == 1 {
            "one account".to_owned()
        } else {
            format!("{} accounts", self.uses)
        };
        format!(
            "{}\nmsg register NAME --relay '{}'\n\ninvitation {id}, for {accounts}, until {}; it is shown this once\n",
            page.bold(&self.link),
            self.link,
            self.expires,
        )
    }
}

impl Report for Invite {
    const TYPE: &'static str = "admin_invite";

    fn show(&self, page: &Page) -> String {
        Invites(core::slice::from_ref(self)).show(page)
    }
}

impl Report for Invites<'_> {
    const TYPE: &'static str = "admin_invites";

    fn show(&self, page: &Page) -> String {
        if self.0.is_empty() {
            return "no invitations\n".to_owned();
        }
        let row = |invite: &Invite| {
            [
                invite.id.chars().take(ID_DIGITS).collect(),
                invite.uses.to_string(),
                invite.made.clone(),
                invite.expires.clone(),
                invite.note.shown(),
            ]
        };
        let rows: Vec<[String; 5]> = self.0.iter().map(row).collect();
        table(page, ["ID", "USES", "MADE", "UNTIL", "NOTE"], &rows)
    }
}

impl Report for User {
    const TYPE: &'static str = "admin_user";

    fn show(&self, page: &Page) -> String {
        let of = |own: bool| if own { "" } else { ", as everybody" };
        let bytes = |limit: Granted| format!("{}{}", size(limit.value), of(limit.own));
        let envelopes = self.mailbox_envelopes_limit;
        pairs(
            page,
            &[
                ("name", page.bold(&self.name)),
                ("id", self.id.clone()),
                ("made", self.made.clone()),
                ("state", self.state().to_owned()),
                ("devices", self.devices.to_string()),
                ("envelopes", format!("{}, {}", self.envelopes, size(self.envelope_bytes))),
                ("files", format!("{}, {}", self.blobs, size(self.blob_bytes))),
                ("records", self.records.to_string()),
                ("mailbox envelopes", format!("{}{}", envelopes.value, of(envelopes.own))),
                ("mailbox bytes", bytes(self.mailbox_bytes_limit)),
                ("file bytes", bytes(self.blob_bytes_limit)),
            ],
        )
    }
}

impl Report for Users<'_> {
    const TYPE: &'static str = "admin_users";

    fn show(&self, page: &Page) -> String {
        let row = |user: &User| {
            [
                user.name.clone(),
                user.made.clone(),
                user.devices.to_string(),
                user.envelopes.to_string(),
                size(user.envelope_bytes),
                size(user.blob_bytes),
                user.state().to_owned(),
            ]
        };
        let rows: Vec<[String; 7]> = self.0.iter().map(row).collect();
        table(page, ["NAME", "MADE", "DEVICES", "ENVELOPES", "WAITING", "FILES", "STATE"], &rows)
    }
}

impl Report for Decided {
    const TYPE: &'static str = "admin_decided";

    fn show(&self, _: &Page) -> String {
        format!("{} is {}\n", self.about, word(&self.decision))
    }
}
