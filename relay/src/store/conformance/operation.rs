//! An operation on a store, to be done on several.

mod choice;

use msg_protocol::{id::MailboxId, response::Row, secret::SaltedHash};

pub(crate) use self::choice::Choices;
use super::{
    laboratory::{Person, blob_id, record_id, right_id},
    outcome::{self, Outcome},
    world::sweep_all,
};
use crate::store::{
    RelayTime, Store,
    account::{AccountChange, NewAccount, Whose},
    blob::NewChunk,
    mailbox::{Acknowledged, NewEnvelope},
    prekey::{NewPrekeys, Taking},
    record::RecordLimits,
    right::{KnockRight, StoredInvite},
};

/// A verb with its arguments. Numbers stand for what the laboratory makes of
/// them; places in a mailbox, for the sequence numbers that the engine gave.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Create(Box<NewAccount>),
    ByName(Person),
    ById(Person),
    ByMailbox(Person, u8),
    Device(Person, u8),
    Cards(Person, u32, usize),
    Change(Person, Option<SaltedHash>, AccountChange),
    Delete(Person, Option<SaltedHash>),
    Counter(Person, u8, u64),
    Accounts(Option<Person>, usize),
    Publish(Person, u8, NewPrekeys),
    Take(Person, Vec<u8>, Taking),
    Stock(Person, u8),
    AddRight(Person, u8, KnockRight, usize),
    Right(Person, u8),
    Tokens(Person),
    RevokeToken(Person, u8),
    AddInvite(u8, StoredInvite, usize),
    Invites,
    RevokeInvite(u8),
    Append(Box<NewEnvelope>),
    Collect(MailboxId, usize, usize, usize),
    AcknowledgeUpTo(MailboxId, usize),
    AcknowledgeOne(MailboxId, usize),
    Waiting(MailboxId),
    PutRecord(Person, u8, u64, Vec<u8>, RecordLimits),
    Records(Person, Option<u8>, usize, usize),
    DeleteRecord(Person, u8, u64),
    PutChunk(NewChunk),
    Blob(Person, u8, usize),
    Chunk(u8, u32),
    DeleteBlob(Person, u8),
    Sweep,
    Holdings(Person),
    Figures,
}

/// The sequence number at a place: 0 before the first, all there is past the last.
fn at(rows: &[Row], place: usize) -> u64 {
    match place.checked_sub(1) {
        None => 0,
        Some(index) => rows.get(index).map_or(u64::MAX, |row| row.sequence),
    }
}

impl Operation {
    /// Does it, and gives what the verb gave.
    pub(crate) async fn apply<S: Store>(&self, store: &S, now: RelayTime) -> Outcome {
        match self.clone() {
            Self::Create(new) => Outcome::Creation(store.create_account(*new, now).await.unwrap()),
            Self::ByName(who) => {
                Outcome::Account(store.account(Whose::Name(&who.name())).await.unwrap())
            }
            Self::ById(who) => Outcome::Account(store.account(Whose::Id(who.id())).await.unwrap()),
            Self::ByMailbox(who, device) => {
                Outcome::Account(store.account(Whose::Mailbox(who.mailbox(device))).await.unwrap())
            }
            Self::Device(who, device) => {
                Outcome::Device(store.device(who.id(), who.device_id(device)).await.unwrap())
            }
            Self::Cards(who, from, limit) => {
                Outcome::Cards(store.cards(who.id(), from, limit).await.unwrap())
            }
            Self::Change(who, by, change) => {
                Outcome::Changed(store.change_account(who.id(), by, change).await.unwrap())
            }
            Self::Delete(who, by) => {
                Outcome::Changed(store.delete_account(who.id(), by).await.unwrap())
            }
            Self::Counter(who, device, counter) => Outcome::Counter(
                store.raise_counter(who.id(), who.device_id(device), counter).await.unwrap(),
            ),
            Self::Accounts(after, limit) => {
                let after = after.map(Person::name);
                Outcome::Accounts(store.accounts(after.as_ref(), limit).await.unwrap())
            }
            Self::Publish(who, device, prekeys) => {
                let published = store.publish_prekeys(who.id(), who.device_id(device), prekeys);
                Outcome::Published(published.await.unwrap())
            }
            Self::Take(who, devices, taking) => {
                let devices = devices.into_iter().map(|device| who.device_id(device)).collect();
                Outcome::Taken(store.take_prekeys(who.id(), devices, taking, now).await.unwrap())
            }
            Self::Stock(who, device) => {
                Outcome::Stock(store.prekey_stock(who.id(), who.device_id(device)).await.unwrap())
            }
            other => other.apply_to_mail(store, now).await,
        }
    }

    async fn apply_to_mail<S: Store>(self, store: &S, now: RelayTime) -> Outcome {
        let all = async |mailbox| {
            store.collect(mailbox, 0, usize::MAX, usize::MAX, now).await.unwrap().rows
        };
        let acknowledge = async |mailbox, which| {
            store.acknowledge(mailbox, which).await.unwrap();
            Outcome::Acknowledged
        };
        match self {
            Self::AddRight(who, id, right, limit) => Outcome::Added(
                store.add_right(who.id(), right_id(id), right, limit, now).await.unwrap(),
            ),
            Self::Right(who, id) => {
                Outcome::Right(store.right(who.id(), right_id(id), now).await.unwrap())
            }
            Self::Tokens(who) => Outcome::Tokens(store.tokens(who.id(), now).await.unwrap()),
            Self::RevokeToken(who, id) => {
                Outcome::Done(store.revoke_token(who.id(), right_id(id)).await.unwrap())
            }
            Self::AddInvite(id, invite, limit) => {
                Outcome::Done(store.add_invite(right_id(id), invite, limit, now).await.unwrap())
            }
            Self::Invites => Outcome::Invites(store.invites(now).await.unwrap()),
            Self::RevokeInvite(id) => {
                Outcome::Done(store.revoke_invite(right_id(id)).await.unwrap())
            }
            Self::Append(new) => Outcome::Appended(store.append(*new).await.unwrap()),
            Self::Collect(mailbox, place, envelopes, bytes) => {
                let after = at(&all(mailbox).await, place);
                let page = store.collect(mailbox, after, envelopes, bytes, now).await;
                outcome::rows(page.unwrap())
            }
            Self::AcknowledgeUpTo(mailbox, place) => {
                let last = at(&all(mailbox).await, place);
                acknowledge(mailbox, Acknowledged::UpTo(last)).await
            }
            Self::AcknowledgeOne(mailbox, place) => {
                let one = at(&all(mailbox).await, place);
                acknowledge(mailbox, Acknowledged::One(one)).await
            }
            Self::Waiting(mailbox) => Outcome::Waiting(store.waiting(mailbox).await.unwrap()),
            other => other.apply_to_files(store, now).await,
        }
    }

    async fn apply_to_files<S: Store>(self, store: &S, now: RelayTime) -> Outcome {
        match self {
            Self::PutRecord(who, id, expected, value, limits) => {
                let kept = store.put_record(who.id(), record_id(id), expected, value, limits);
                Outcome::Kept(kept.await.unwrap())
            }
            Self::Records(who, after, limit, bytes) => {
                let after = after.map(record_id);
                Outcome::Records(store.records(who.id(), after, limit, bytes).await.unwrap())
            }
            Self::DeleteRecord(who, id, expected) => {
                Outcome::Done(store.delete_record(who.id(), record_id(id), expected).await.unwrap())
            }
            Self::PutChunk(chunk) => Outcome::Chunk(store.put_chunk(chunk).await.unwrap()),
            Self::Blob(who, id, ranges) => {
                Outcome::Blob(store.blob(who.id(), blob_id(id), ranges, now).await.unwrap())
            }
            Self::Chunk(id, index) => {
                Outcome::Piece(store.chunk(blob_id(id), index, now).await.unwrap())
            }
            Self::DeleteBlob(who, id) => {
                Outcome::Done(store.delete_blob(who.id(), blob_id(id)).await.unwrap())
            }
            Self::Sweep => {
                let (envelopes, blobs) = sweep_all(store, now).await;
                Outcome::Swept(envelopes, blobs)
            }
            Self::Holdings(who) => {
                outcome::holdings(store.holdings(who.id(), 99, now).await.unwrap())
            }
            _ => outcome::figures(&store.figures().await.unwrap()),
        }
    }
}
