//! Groups and who is in them.

use serde::Serialize;

use super::{Page, Report, when};
use crate::text::{Untrusted, columns};

/// How we stand in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Asked into it.
    Invited,
    /// In it.
    Joined,
    /// In it no more.
    Gone,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Asked into it, and has not answered.
    Invited,
    /// Reads and writes.
    Member,
    /// Changes it too.
    Admin,
}

/// Somebody in a group.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Member {
    /// A contact's name here; everybody else's address.
    pub(crate) name: Untrusted,
    /// Where they live.
    pub(crate) address: String,
    /// What they may do.
    pub(crate) role: Role,
    /// Whether that is this account.
    pub(crate) own: bool,
}

/// Somebody who wrote to a group without the right to.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Refused {
    /// Who.
    pub(crate) name: Untrusted,
    /// How many messages.
    pub(crate) messages: u32,
}

/// `group list` and `group info`: a group.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Group {
    /// What it is called here, with its sign.
    pub(crate) name: Untrusted,
    /// Its id.
    pub(crate) id: String,
    /// How we stand in it.
    pub(crate) standing: Standing,
    /// Who asked us into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invited_by: Option<Untrusted>,
    /// How often it has been changed.
    pub(crate) epoch: u32,
    /// Who is in it.
    pub(crate) members: Vec<Member>,
    /// Who wrote without the right to.
    pub(crate) refused: Vec<Refused>,
    /// Changes that came too late to count.
    pub(crate) late: u32,
    /// Whether people are shown the members one by one.
    #[serde(skip)]
    pub(crate) is_long: bool,
}

/// What was done to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Made.
    Created,
    /// Somebody was asked into it.
    Added,
    /// Joined.
    Joined,
    /// Not joined.
    Declined,
    /// Left.
    Left,
    /// Called something else.
    Renamed,
    /// Somebody was removed.
    Removed,
    /// Somebody became an admin.
    Promoted,
    /// Somebody is no admin any more.
    Demoted,
}

/// `group create`, `add` and their like: what was done.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Changed {
    /// What.
    pub(crate) change: Change,
    /// The group, as it is now.
    #[serde(flatten)]
    pub(crate) group: Group,
}

/// What happens in groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Happened {
    /// This account is asked in.
    Invited,
    /// Others are asked in.
    Added,
    /// Somebody has joined.
    Joined,
    /// Somebody has left.
    Left,
    /// Somebody was removed.
    Removed,
    /// It is called something else.
    Renamed,
    /// Somebody is an admin now.
    Promoted,
    /// Somebody is no admin any more.
    Demoted,
    /// Others may write than before.
    Policy,
}

/// `recv` and `history`: what somebody did in a group.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct GroupNews {
    /// The group, with its sign.
    pub(crate) group: Untrusted,
    /// What.
    pub(crate) happened: Happened,
    /// Who did it: a contact's name here, or an address.
    pub(crate) by: Untrusted,
    /// To whom.
    pub(crate) whom: Vec<Untrusted>,
    /// What the group is called since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Untrusted>,
    /// Whether an invitation waits for a word, for people.
    #[serde(skip)]
    pub(crate) is_open: bool,
    /// When it was heard of here.
    pub(crate) stored_at: String,
    /// The same, for people.
    #[serde(skip)]
    pub(crate) stored_ms: u64,
    /// Whether it was shown before, perhaps in vain.
    pub(crate) redelivered: bool,
}

impl Report for GroupNews {
    const TYPE: &'static str = "group_news";

    fn show(&self, page: &Page) -> String {
        let (group, by) = (self.group.shown(), self.by.shown());
        let whom = self.whom.iter().map(Untrusted::shown).collect::<Vec<_>>().join(", ");
        let said = match self.happened {
            Happened::Invited if self.is_open => {
                format!("{by} asks you in; msg group accept {}", plain(&group))
            }
            Happened::Invited => format!("{by} has asked you in"),
            Happened::Added => format!("{by} has asked {whom} in"),
            Happened::Joined => format!("{by} has joined"),
            Happened::Left => format!("{by} has left"),
            Happened::Removed => format!("{by} has removed {whom}"),
            Happened::Renamed => {
                let name = self.name.as_ref().map_or_else(String::new, Untrusted::shown);
                format!("{by} has called it #{name}")
            }
            Happened::Promoted => format!("{by} has made {whom} an admin"),
            Happened::Demoted => format!("{whom} is no admin any more: {by} says so"),
            Happened::Policy => format!("{by} has changed who may write"),
        };
        let time = when::near(self.stored_ms, &page.now);
        format!("{}  {}  {}\n", page.dim(&time), page.bold(&group), page.dim(&said))
    }
}

impl Group {
    fn line(&self) -> String {
        let name = self.name.shown();
        let joined = self.members.iter().filter(|member| member.role != Role::Invited).count();
        match (self.standing, &self.invited_by) {
            (Standing::Invited, Some(by)) => {
                format!("{name}  {} asks you in; msg group accept {}", by.shown(), plain(&name))
            }
            (Standing::Invited, None) => {
                format!("{name}  you are asked in; msg group accept {}", plain(&name))
            }
            (Standing::Gone, _) => format!("{name}  you are not in it any more"),
            (Standing::Joined, _) if joined == self.members.len() => {
                format!("{name}  {}", people(joined))
            }
            (Standing::Joined, _) => {
                let asked = self.members.len().saturating_sub(joined);
                format!("{name}  {}, {asked} asked", people(joined))
            }
        }
    }
}

/// A group that one is asked into, and the words that join it.
pub(crate) fn invitation(name: &str) -> String {
    format!("{name}: msg group accept {}", plain(name))
}

fn plain(name: &str) -> &str {
    name.trim_start_matches('#')
}

fn people(count: usize) -> String {
    if count == 1 { "only you".to_owned() } else { format!("{count} people") }
}

impl Report for Group {
    const TYPE: &'static str = "group";

    fn show(&self, page: &Page) -> String {
        if !self.is_long {
            return self.line() + "\n";
        }
        let mut lines = vec![self.line()];
        let names: Vec<String> = self.members.iter().map(|member| member.name.shown()).collect();
        let widest = names.iter().map(|name| columns(name)).max().unwrap_or(0);
        for (member, name) in self.members.iter().zip(&names) {
            let role = match member.role {
                Role::Invited => "asked",
                Role::Member => "member",
                Role::Admin => "admin",
            };
            let blanks = " ".repeat(widest.saturating_sub(columns(name)));
            let own = if member.own { page.dim("  you") } else { String::new() };
            lines.push(format!("  {name}{blanks}  {role}{own}"));
        }
        for refused in &self.refused {
            let (name, count) = (refused.name.shown(), refused.messages);
            lines.push(format!("  refused: {count} by {name}, who may not write here"));
        }
        if self.late > 0 {
            lines.push(format!("  {} changes came too late to count", self.late));
        }
        lines.join("\n") + "\n"
    }
}

impl Report for Changed {
    const TYPE: &'static str = "group_changed";

    fn show(&self, _: &Page) -> String {
        let name = self.group.name.shown();
        match self.change {
            Change::Created | Change::Added | Change::Joined | Change::Removed => {
                format!("{}\n", self.group.line())
            }
            Change::Declined => format!("{name}  declined\n"),
            Change::Left => format!("{name}  left\n"),
            Change::Renamed => format!("it is called {name} now\n"),
            Change::Promoted => format!("{name}  has another admin\n"),
            Change::Demoted => format!("{name}  has an admin less\n"),
        }
    }
}
