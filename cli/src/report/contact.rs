//! What is said about other people.

use serde::Serialize;

use super::{Page, Report, qr};
use crate::text::{Untrusted, columns};

/// How far somebody's identity is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trust {
    /// Pinned when it was first seen.
    Unverified,
    /// Compared.
    Verified,
    /// Another identity has taken its place.
    Changed,
    /// Their relay shows an older card than before.
    WentBack,
}

/// How we stand with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// They wait for our word.
    Request,
    /// We added them; they have not let us in yet.
    Waiting,
    /// Each has added the other.
    Connected,
    /// What they send is dropped.
    Blocked,
}

/// Somebody, as `contacts`, `requests` and what changes them show.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Contact {
    /// What they are called here.
    pub(crate) name: Untrusted,
    /// Where they live, if that is known.
    pub(crate) address: Option<String>,
    /// What they would like to be called.
    pub(crate) display_name: Option<Untrusted>,
    /// The identity that is pinned.
    pub(crate) fingerprint: String,
    /// How far it is trusted.
    pub(crate) trust: Trust,
    /// How we stand with them.
    pub(crate) standing: Standing,
}

/// Several people, as a table.
#[derive(Debug)]
pub(crate) struct People<'a>(pub(crate) &'a [Contact]);

/// What was done to a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Added.
    Added,
    /// Called something else.
    Renamed,
    /// Removed.
    Removed,
    /// Accepted.
    Accepted,
    /// Blocked.
    Blocked,
    /// Let in again.
    Unblocked,
    /// Marked as verified.
    Verified,
    /// The new identity is trusted.
    Trusted,
}

/// A contact after a change.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Changed {
    /// What was done.
    pub(crate) change: Change,
    /// To whom.
    pub(crate) contact: Contact,
}

/// `verify` without a number: what is to be compared.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Safety {
    /// With whom.
    pub(crate) contact: Contact,
    /// Sixty digits.
    pub(crate) number: String,
    /// The identity that has taken the pinned one's place, if one has.
    pub(crate) new_fingerprint: Option<String>,
    /// The number with that one.
    pub(crate) new_number: Option<String>,
    /// What a code of the number holds, if it is to be drawn.
    #[serde(skip)]
    pub(crate) code: Option<Vec<u8>>,
}

/// `link`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(clippy::struct_field_names, reason = "the field's name is what JSON shows")]
pub(crate) struct Link {
    /// The link.
    pub(crate) link: String,
    /// Whether it is good for being accepted unasked, once.
    pub(crate) has_token: bool,
    /// Whether it is drawn.
    #[serde(skip)]
    pub(crate) is_drawn: bool,
}

impl Trust {
    const fn word(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Changed => "CHANGED",
            Self::WentBack => "OLD CARD",
        }
    }
}

impl Standing {
    const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Waiting => "waiting",
            Self::Connected => "connected",
            Self::Blocked => "blocked",
        }
    }
}

impl Contact {
    fn address(&self) -> &str {
        self.address.as_deref().unwrap_or("(address not known)")
    }

    fn cells(&self) -> [String; 4] {
        let (trust, standing) = (self.trust.word(), self.standing.word());
        [self.name.shown(), self.address().to_owned(), trust.to_owned(), standing.to_owned()]
    }
}

impl Report for Contact {
    const TYPE: &'static str = "contact";

    fn show(&self, page: &Page) -> String {
        People(std::slice::from_ref(self)).show(page)
    }
}

impl People<'_> {
    /// One line a person, in columns.
    pub(crate) fn show(&self, page: &Page) -> String {
        let rows: Vec<[String; 4]> = self.0.iter().map(Contact::cells).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| columns(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..4).map(width).collect();
        let line = |row: &[String; 4]| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                let blanks = " ".repeat(width.saturating_sub(columns(cell)));
                let cell = if column == 0 { page.bold(cell) } else { cell.clone() };
                format!("{cell}{blanks}")
            });
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        rows.iter().map(line).collect()
    }
}

impl Report for Changed {
    const TYPE: &'static str = "contact_changed";

    fn show(&self, page: &Page) -> String {
        let contact = &self.contact;
        let name = page.bold(&contact.name.shown());
        let address = contact.address();
        match self.change {
            Change::Added => {
                let trust = match contact.trust {
                    Trust::Verified => "verified by the link".to_owned(),
                    _ => format!("compare it, or run `msg verify {}`", contact.name.shown()),
                };
                format!("added {name} ({address})\nfingerprint {}, {trust}\n", contact.fingerprint)
            }
            Change::Renamed => format!("{address} is {name} from now on\n"),
            Change::Removed => format!("removed {name} ({address})\n"),
            Change::Accepted => format!("accepted {name} ({address})\n"),
            Change::Blocked => format!("blocked {name} ({address})\n"),
            Change::Unblocked => format!("unblocked {name} ({address})\n"),
            Change::Verified => format!("{name} is verified\n"),
            Change::Trusted => {
                format!("the new identity of {name} is trusted: {}\n", contact.fingerprint)
            }
        }
    }
}

impl Report for Safety {
    const TYPE: &'static str = "safety";

    fn show(&self, page: &Page) -> String {
        let name = self.contact.name.shown();
        let head = format!("Safety number with {}:\n\n", page.bold(&name));
        let drawing = self.code.as_deref().and_then(qr::draw).map(|drawing| format!("\n{drawing}"));
        let own = format!("\nfingerprint of {name}: {}\n", self.contact.fingerprint);
        let parts = [head, in_rows(&self.number), drawing.unwrap_or_default(), own, self.news()];
        parts.concat()
    }
}

impl Safety {
    fn news(&self) -> String {
        let (Some(fingerprint), Some(number)) = (&self.new_fingerprint, &self.new_number) else {
            return String::new();
        };
        let head = "\nTheir identity has CHANGED. The number with the new one:\n\n";
        format!("{head}{}\nnew fingerprint: {fingerprint}\n", in_rows(number))
    }
}

/// Four rows of three groups: what two people read to each other.
fn in_rows(number: &str) -> String {
    let groups: Vec<&str> = number.split_whitespace().collect();
    let rows: Vec<String> = groups.chunks(3).map(|row| row.join("  ")).collect();
    format!("    {}\n", rows.join("\n    "))
}

impl Report for Link {
    const TYPE: &'static str = "link";

    fn show(&self, _: &Page) -> String {
        let drawing = self.is_drawn.then(|| qr::draw(self.link.as_bytes())).flatten();
        format!("{}\n{}", self.link, drawing.unwrap_or_default())
    }
}
