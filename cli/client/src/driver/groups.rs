//! Groups as commands ask for them: made, changed, joined, left, shown.

use std::collections::{BTreeMap, BTreeSet};

use super::{Client, ClientError, now};
use crate::{
    engine::{
        EngineError,
        account::Own,
        cards, contacts,
        groups::{self, GroupError},
    },
    rows::{GroupRow, GroupStanding, Standing, Whose},
    store::Rows,
};
use msg_protocol::{
    bounded::Str,
    group::{AddMember, DemoteAdmin, GroupChange, PromoteMember, RemoveMember, RenameGroup, Role},
    id::{AccountId, GroupId, MessageId},
};

/// Rounds of looking for members before somebody joins.
const ROUNDS: usize = 64;

/// A group, as it is shown.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// What is known.
    pub row: GroupRow,
    /// Who is in it, ourselves among them.
    pub members: Vec<Member>,
    /// Who asked us into it, by the name that they have here.
    pub invited_by: Option<String>,
    /// Who wrote without the right to, and how often.
    pub refused: Vec<(String, u32)>,
}

/// Somebody in a group.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// The name that a contact has here; an address of everybody else.
    pub name: String,
    /// Where they live.
    pub address: String,
    /// What they may do.
    pub role: Role,
    /// Whether they have said that they want to be in it.
    pub has_joined: bool,
    /// Whether they are we.
    pub is_own: bool,
}

impl Member {
    /// The name at their relay.
    fn own_name(&self) -> &str {
        self.address.split_once('@').map_or(&self.address, |(name, _)| name)
    }
}

/// What is done to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToMember {
    /// They go.
    Remove,
    /// They make changes too.
    Promote,
    /// They do not any more.
    Demote,
}

/// What messages in groups are shown with.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// The names of groups here, without their sign.
    pub names: BTreeMap<GroupId, String>,
    /// Those that we are asked into and have not joined.
    pub invited: BTreeSet<GroupId>,
    /// Messages whose writers had seen one that has not come.
    pub gaps: BTreeSet<MessageId>,
}

impl Labels {
    /// What a group is called here, with its sign.
    pub fn name(&self, group: GroupId) -> String {
        let name = self.names.get(&group).map_or_else(|| group.to_string(), Clone::clone);
        format!("#{name}")
    }
}

impl Client {
    /// What messages in groups are shown with.
    pub async fn group_labels(&self) -> Result<Labels, ClientError> {
        self.look(|rows| {
            let mut labels = Labels::default();
            for (id, row) in groups::all(rows)? {
                labels.gaps.extend(row.gaps.iter().map(|(message, _)| *message));
                if matches!(row.standing, GroupStanding::Invited { .. }) {
                    labels.invited.insert(id);
                }
                labels.names.insert(id, row.name);
            }
            Ok(labels)
        })
        .await
    }

    /// All groups.
    pub async fn groups(&self) -> Result<Vec<Group>, ClientError> {
        self.look(|rows| {
            let own = Own::load(rows)?.id();
            groups::all(rows)?.into_iter().map(|(id, row)| shown(rows, own, id, row)).collect()
        })
        .await
    }

    /// Whose messages are meant by a name: a contact's, or a group's with its sign.
    pub async fn whose(&self, name: &str) -> Result<Whose, ClientError> {
        if name.starts_with('#') {
            return Ok(Whose::In(self.group(name).await?.id));
        }
        Ok(Whose::Of(self.contact(name).await?.account))
    }

    /// One by its name.
    pub async fn group(&self, name: &str) -> Result<Group, ClientError> {
        let plain = name.strip_prefix('#').unwrap_or(name).to_owned();
        let all = self.groups().await?;
        let found = all.into_iter().find(|group| group.row.name == plain);
        found.ok_or_else(|| GroupError::NoGroup(plain).into())
    }

    /// Makes a group with us in it, and asks contacts into it: both or nothing.
    pub async fn create_group(&self, name: String, who: Vec<String>) -> Result<Group, ClientError> {
        let (_, added) = self.asked(who).await?;
        let id = self
            .step(move |draft, rng| {
                let own = Own::load(&draft)?;
                let id = groups::create(&draft, &own, &name, now(), rng)?;
                if !added.is_empty() {
                    groups::propose(&draft, &own, id, added, now(), rng)?;
                }
                Ok(draft.step(id))
            })
            .await?;
        self.group_with(id).await
    }

    /// Asks contacts into a group, in one commit.
    /// Once they have joined, they get as many of its last messages as `history` says.
    pub async fn add_members(
        &self,
        group: &str,
        who: Vec<String>,
        history: u32,
    ) -> Result<Group, ClientError> {
        let found = self.group(group).await?;
        let (new, added) = self.asked(who.clone()).await?;
        let is_member = |account| found.members.iter().any(|member| member.account == account);
        if let Some((_, who)) = new.iter().zip(who).find(|(account, _)| is_member(**account)) {
            return Err(GroupError::MemberAlready { who, group: found.row.name }.into());
        }
        let id = found.id;
        self.step(move |draft, rng| {
            let own = Own::load(&draft)?;
            groups::propose(&draft, &own, id, added, now(), rng)?;
            groups::promise(&draft, id, &new, history)?;
            Ok(draft.step(()))
        })
        .await?;
        self.group_with(id).await
    }

    /// Contacts who are to be asked in, and the changes that do so.
    async fn asked(
        &self,
        who: Vec<String>,
    ) -> Result<(Vec<AccountId>, Vec<GroupChange>), ClientError> {
        let (mut new, mut added) = (Vec::new(), Vec::new());
        for name in who {
            let person = self.contact(&name).await?;
            let is_contact = person.row.standing == Standing::Added;
            let place = person.row.place.clone().filter(|_| is_contact);
            let place = place.ok_or(ClientError::NotAccepted(name))?;
            let identity = cards::held(&person.row)?.identity;
            let add = AddMember { identity, address: place.address, pin: place.pin };
            new.push(person.account);
            added.push(GroupChange::from(add));
        }
        Ok((new, added))
    }

    /// Does something to a member. Whoever removes themselves leaves.
    pub async fn change_member(
        &self,
        group: &str,
        who: &str,
        what: ToMember,
    ) -> Result<Group, ClientError> {
        let found = self.group(group).await?;
        let name = found.row.name.clone();
        let is_meant = |member: &&Member| member.name == who || member.address == who;
        let is_own = |member: &&Member| member.is_own && member.own_name() == who;
        let members = &found.members;
        let member = members.iter().find(is_meant).or_else(|| members.iter().find(is_own));
        let account = match member {
            Some(member) => member.account,
            None => {
                return Err(GroupError::NotMember { who: who.to_owned(), group: name }.into());
            }
        };
        if what == ToMember::Remove && member.is_some_and(|member| member.is_own) {
            self.go(found.id).await?;
            return self.group_with(found.id).await;
        }
        if what != ToMember::Remove && member.is_some_and(|member| !member.has_joined) {
            return Err(GroupError::Unfitting(name).into());
        }
        let change = match what {
            ToMember::Remove => RemoveMember { account }.into(),
            ToMember::Promote => PromoteMember { account }.into(),
            ToMember::Demote => DemoteAdmin { account }.into(),
        };
        self.change_group(group, vec![change]).await
    }

    /// Calls a group something else, for everybody in it.
    pub async fn rename_group(&self, group: &str, name: &str) -> Result<Group, ClientError> {
        let id = self.group(group).await?.id;
        let plain = name.strip_prefix('#').unwrap_or(name).to_owned();
        let name = Str::new(plain.clone()).map_err(|_| GroupError::BadName(plain))?;
        self.change_group(group, vec![RenameGroup { name }.into()]).await?;
        self.group_with(id).await
    }

    async fn change_group(
        &self,
        group: &str,
        changes: Vec<GroupChange>,
    ) -> Result<Group, ClientError> {
        let id = self.group(group).await?.id;
        self.step(move |draft, rng| {
            let own = Own::load(&draft)?;
            groups::propose(&draft, &own, id, changes, now(), rng)?;
            Ok(draft.step(()))
        })
        .await?;
        self.group_with(id).await
    }

    async fn group_with(&self, id: GroupId) -> Result<Group, ClientError> {
        let all = self.groups().await?;
        let found = all.into_iter().find(|group| group.id == id);
        found.ok_or_else(|| GroupError::NoGroup(id.to_string()).into())
    }

    /// Joins a group that we were asked into: who made it is looked at first.
    pub async fn accept_group(&self, group: &str) -> Result<Group, ClientError> {
        let found = self.invitation(group).await?;
        for _ in 0..ROUNDS {
            if self.meet(Some(found.id), &[]).await? == 0 {
                break;
            }
        }
        let id = found.id;
        self.step(move |draft, rng| {
            let own = Own::load(&draft)?;
            groups::accept(&draft, &own, id, now(), rng)?;
            Ok(draft.step(()))
        })
        .await?;
        self.meet(Some(id), &[]).await?;
        self.group_with(id).await
    }

    /// Says no to an invitation.
    pub async fn decline_group(&self, group: &str) -> Result<Group, ClientError> {
        let found = self.invitation(group).await?;
        self.go(found.id).await?;
        Ok(found)
    }

    /// Leaves, or says no.
    pub async fn leave_group(&self, group: &str) -> Result<Group, ClientError> {
        let found = self.group(group).await?;
        self.go(found.id).await?;
        Ok(found)
    }

    async fn invitation(&self, group: &str) -> Result<Group, ClientError> {
        let found = self.group(group).await?;
        match found.row.standing {
            GroupStanding::Invited { .. } => Ok(found),
            GroupStanding::Joined => Err(GroupError::Joined(found.row.name).into()),
            GroupStanding::Gone => Err(GroupError::NotInvited(found.row.name).into()),
        }
    }

    async fn go(&self, id: GroupId) -> Result<(), ClientError> {
        self.step(move |draft, rng| {
            let own = Own::load(&draft)?;
            groups::decline(&draft, &own, id, now(), rng)?;
            Ok(draft.step(()))
        })
        .await
    }
}

fn shown(
    rows: &(impl Rows + ?Sized),
    own: AccountId,
    id: GroupId,
    row: GroupRow,
) -> Result<Group, EngineError> {
    let mut members = Vec::new();
    for member in row.state().iter().flat_map(|state| state.members.iter()) {
        let account = member.account();
        let address = member.address.to_string();
        members.push(Member {
            account,
            name: name(rows, account)?.unwrap_or_else(|| address.clone()),
            address,
            role: member.role,
            has_joined: row.has_joined(account),
            is_own: account == own,
        });
    }
    let invited_by = match row.standing {
        GroupStanding::Invited { by } => name(rows, by)?,
        _ => None,
    };
    let mut refused = Vec::new();
    for (account, count) in &row.refused {
        refused.push((name(rows, *account)?.unwrap_or_else(|| account.to_string()), *count));
    }
    Ok(Group { id, row, members, invited_by, refused })
}

/// The name that somebody has here; the address of who is no contact, so that nobody
/// passes for one.
fn name(rows: &(impl Rows + ?Sized), account: AccountId) -> Result<Option<String>, EngineError> {
    Ok(contacts::with(rows, account)?.map(|row| row.shown_name()))
}
