//! A group, what happens in it, and what is said there.

use msg_client::{
    driver::{groups, receive::Figures},
    rows::{ContactRow, Direction, GroupStanding, Happened, MessageRow},
};
use msg_protocol::group::Role;

use crate::{
    report::{group, message, when},
    text::Untrusted,
};

/// A group.
pub(in crate::commands) fn group(group: &groups::Group, is_long: bool) -> group::Group {
    let standing = match group.row.standing {
        GroupStanding::Invited { .. } => group::Standing::Invited,
        GroupStanding::Joined => group::Standing::Joined,
        GroupStanding::Gone => group::Standing::Gone,
    };
    let refused = group.refused.iter();
    group::Group {
        name: format!("#{}", group.row.name).into(),
        id: group.id.to_string(),
        standing,
        invited_by: group.invited_by.clone().map(Untrusted::from),
        epoch: group.row.state().map_or(0, |state| state.epoch),
        members: group.members.iter().map(member).collect(),
        refused: refused
            .map(|(name, messages)| group::Refused {
                name: name.as_str().into(),
                messages: *messages,
            })
            .collect(),
        late: group.row.late,
        is_long,
    }
}

/// The groups that one is asked into.
pub(in crate::commands) fn invitations(figures: &Figures) -> Vec<Untrusted> {
    figures.invitations.iter().map(|name| format!("#{name}").into()).collect()
}

fn member(member: &groups::Member) -> group::Member {
    let role = match member.role {
        Role::Admin => group::Role::Admin,
        _ if !member.has_joined => group::Role::Invited,
        _ => group::Role::Member,
    };
    group::Member {
        name: member.name.as_str().into(),
        address: member.address.clone(),
        role,
        own: member.is_own,
    }
}

/// What somebody did in a group, if that is all there is.
pub(in crate::commands) fn news(
    row: &MessageRow,
    with: Option<&ContactRow>,
    labels: &groups::Labels,
) -> Option<group::GroupNews> {
    let notice = row.notice.as_ref()?;
    let happened = match notice.what {
        Happened::Invited => group::Happened::Invited,
        Happened::Added => group::Happened::Added,
        Happened::Joined => group::Happened::Joined,
        Happened::Left => group::Happened::Left,
        Happened::Removed => group::Happened::Removed,
        Happened::Renamed => group::Happened::Renamed,
        Happened::Promoted => group::Happened::Promoted,
        Happened::Demoted => group::Happened::Demoted,
        Happened::Policy => group::Happened::Policy,
    };
    Some(group::GroupNews {
        group: row.group.map_or_else(String::new, |group| labels.name(group)).into(),
        happened,
        by: with.map_or_else(|| row.with.to_string(), ContactRow::shown_name).into(),
        whom: notice.whom.iter().map(|name| name.as_str().into()).collect(),
        name: notice.name.as_deref().map(Untrusted::from),
        is_open: row.group.is_some_and(|group| labels.invited.contains(&group)),
        stored_at: when::exact_s(row.stored.0),
        stored_ms: row.stored.0.saturating_mul(1_000),
        redelivered: matches!(row.direction, Direction::In { shown: true, .. }),
    })
}

/// A message of a group: which, and whether one before it is missing.
pub(in crate::commands) fn in_group(
    messages: Vec<message::Message>,
    row: &MessageRow,
    labels: &groups::Labels,
) -> Vec<message::Message> {
    let Some(group) = row.group else { return messages };
    let name = labels.name(group);
    let label = |mut message: message::Message| {
        if message.direction == message::Direction::Out {
            message.with = name.as_str().into();
        }
        message.group = Some(name.as_str().into());
        message.gap = labels.gaps.contains(&row.id);
        message
    };
    messages.into_iter().map(label).collect()
}
