//! The mailbox: collected in order, acknowledged when what it changed is durable.
//!
//! One process at a time collects for a device; the others read what it stores.

use std::time::Duration;

use msg_protocol::{
    id::{AccountId, GroupId},
    limits::{MAX_DOOR_GRACE_S, MAX_ROWS_PER_ANSWER},
    request::{AcknowledgeUpTo, Collect, CountPrekeys, FetchCards, SetDoor},
};
use tokio::time::timeout;

use super::{Client, ClientError, files::Progress, now};
use crate::{
    engine::{
        account::{self, Own},
        contacts::{self, Claimed},
        idempotency,
        inbox::{self, News, Taken},
        marks, outbox, prekeys, sessions,
    },
    link::Link,
    lock::{Lock, LockError},
    store::StoreError,
    world,
};

/// Bytes of bodies in one answer.
const PAGE_BYTES: u32 = 65_536;
/// How long one look for somebody may take.
const LOOK: Duration = Duration::from_secs(5);
/// How long a short command waits for another that collects.
const TURN_WAIT: Duration = Duration::from_secs(5);

/// How long a command goes on for what it was not asked for.
const ERRANDS: Duration = Duration::from_secs(5);

/// Our own link, and the turn to use it.
pub(crate) struct Mailbox {
    link: Link,
    turn: Lock,
}

impl Mailbox {
    /// The link, for as long as it is our turn.
    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// Ends the link, and then the turn.
    pub(crate) async fn close(self) {
        self.link.close().await;
        self.turn.release();
    }
}

impl Client {
    /// Empties the mailbox into the store, and delivers what that has set free; says
    /// what came. Nothing, if another process is at it all the time.
    pub async fn collect(&self) -> Result<Vec<News>, ClientError> {
        let news = self.take_in().await?;
        self.run_errands().await;
        Ok(news)
    }

    /// Empties the mailbox into the store; says what came.
    pub async fn take_in(&self) -> Result<Vec<News>, ClientError> {
        let Some(mailbox) = self.open_mailbox(TURN_WAIT).await? else { return Ok(Vec::new()) };
        let news = self.empty(&mailbox).await?;
        mailbox.close().await;
        Ok(news)
    }

    /// Delivers what is due, confirmations above all, now that relays are there.
    /// Nobody has asked for it, so nobody waits long for it or hears of it: what does
    /// not leave now leaves with a later command.
    pub async fn run_errands(&self) {
        let errands = async {
            self.deliver(None).await?;
            if self.bring_uploads(&Progress::silent()).await? > 0 {
                self.deliver(None).await?;
            }
            Ok::<_, ClientError>(())
        };
        drop(timeout(ERRANDS, errands).await);
    }

    /// Signs in; none if another process does for this device.
    pub(crate) async fn open_mailbox(
        &self,
        wait: Duration,
    ) -> Result<Option<Mailbox>, ClientError> {
        let (path, command) = (self.store.home().turn(), self.command);
        let turn = world::lock(path, command, wait).await;
        let turn = match turn.map_err(|_| ClientError::Panicked)? {
            Ok(turn) => turn,
            Err(LockError::Busy { .. }) => return Ok(None),
            Err(error) => return Err(StoreError::from(error).into()),
        };
        Ok(Some(Mailbox { link: self.own_link().await?, turn }))
    }

    /// Signs in, beside whoever collects. One at a time: counters are to reach the
    /// relay in order.
    pub(crate) async fn own_link(&self) -> Result<Link, ClientError> {
        let (path, command) = (self.store.home().sign_in(), self.command);
        let patience = self.policy.patience;
        let lock = world::lock(path, command, patience).await;
        let lock = lock.map_err(|_| ClientError::Panicked)?.map_err(StoreError::from)?;
        let (address, pin, sign_in) = self
            .section(|draft, _| {
                let row = account::row(draft)?;
                Ok((row.address.clone(), row.pin, account::sign_in(draft)?))
            })
            .await?;
        let (isolation, showing) = (address.to_string(), sign_in.counter);
        let (link, signed_in) =
            Link::sign_in(&self.dialer, &address.relay, pin, &isolation, sign_in).await?;
        let shown = signed_in.counter;
        // Every counter is shown once. One that the relay has already is that of a copy
        // of this store.
        if shown >= showing {
            self.section(move |draft, rng| inbox::set_back(draft, shown, now(), rng)).await?;
        }
        lock.release();
        Ok(link)
    }

    /// Takes in all that waits, looks after prekeys, and checks what strangers say.
    pub(crate) async fn empty(&self, mailbox: &Mailbox) -> Result<Vec<News>, ClientError> {
        let link = mailbox.link();
        let epoch = link.welcome().epoch;
        // Whom an older copy of a store does not know is a contact before their mail is
        // read.
        self.compare_records(link).await?;
        let mut news = Vec::new();
        loop {
            let after = self.look(move |rows| inbox::after(rows, epoch)).await?;
            let page = Collect {
                after,
                envelopes: u16::try_from(MAX_ROWS_PER_ANSWER).unwrap_or(u16::MAX),
                bytes: PAGE_BYTES,
            };
            let page = link.ask(page).await?;
            if page.rows.is_empty() {
                break;
            }
            let rises = page.rows.iter().any(|row| row.sequence > after);
            let more = page.more && rises;
            news.extend(self.take(link, page.rows.into_vec()).await?);
            if !more {
                break;
            }
        }
        self.maintain(link).await?;
        self.keep_records(link).await?;
        self.follow_up(&news).await?;
        Ok(news)
    }

    /// Takes rows in and acknowledges them.
    pub(crate) async fn take(
        &self,
        link: &Link,
        rows: Vec<msg_protocol::response::Row>,
    ) -> Result<Vec<News>, ClientError> {
        let epoch = link.welcome().epoch;
        let Taken { up_to, news } =
            self.section(move |draft, rng| inbox::take(draft, epoch, &rows, now(), rng)).await?;
        if let Some(sequence) = up_to {
            link.ask(AcknowledgeUpTo { sequence }).await?;
        }
        Ok(news)
    }

    /// Publishes what others need to write to us.
    pub(crate) async fn maintain(&self, link: &Link) -> Result<(), ClientError> {
        self.publish_door(link).await?;
        let epoch = link.welcome().epoch;
        let left = link.ask(CountPrekeys {}).await?.one_time;
        let (requests, is_daily) = self
            .section(move |draft, rng| {
                let relay = account::row(draft)?.address.relay.clone();
                outbox::relay_is_in(draft, &relay, epoch, now())?;
                marks::purge(draft, now())?;
                let is_daily = now().is_days_after(account::relay(draft)?.maintained, 1);
                if is_daily {
                    sessions::Sessions::new(draft).expire(now())?;
                    inbox::forget(draft, now())?;
                    idempotency::forget(draft, now())?;
                }
                account::change_relay(draft, |state| state.collected = now())?;
                Ok((prekeys::maintain(draft, epoch, left, now(), rng)?, is_daily))
            })
            .await?;
        if is_daily {
            self.sweep_files().await?;
        }
        if requests.is_empty() {
            return Ok(());
        }
        for request in requests {
            link.ask(request).await?;
        }
        self.section(move |draft, _| prekeys::published(draft, epoch)).await
    }

    /// Tells the relay of our door, if it has another.
    pub(crate) async fn publish_door(&self, link: &Link) -> Result<(), ClientError> {
        let (door, number, at_relay) = self
            .look(|rows| {
                let row = account::row(rows)?;
                Ok((row.door.clone(), row.door_number, account::relay(rows)?.door))
            })
            .await?;
        if number == at_relay {
            return Ok(());
        }
        link.ask(SetDoor { door, grace_s: MAX_DOOR_GRACE_S }).await?;
        self.section(move |draft, _| {
            Ok(account::change_relay(draft, |state| state.door = state.door.max(number))?)
        })
        .await
    }

    /// Looks for people where they say that they live, those whose word has just come
    /// and those who were not found before; and for newer cards. Who is not reached
    /// now is looked for later.
    pub(crate) async fn follow_up(&self, news: &[News]) -> Result<(), ClientError> {
        let fresh = |item: &News| match item {
            News::Claim(account) | News::NewCard(account) => Some(*account),
            _ => None,
        };
        let fresh: Vec<AccountId> = news.iter().filter_map(fresh).collect();
        let sought = self
            .section(move |draft, _| {
                let own = account::row(draft)?;
                contacts::to_look_for(draft, &own, &fresh, now())
            })
            .await?;
        let changed = |item: &News| match item {
            News::Group(group) => Some(*group),
            _ => None,
        };
        let changed: Vec<GroupId> = news.iter().filter_map(changed).collect();
        self.meet(None, &changed).await?;
        for (account, is_claim) in sought {
            if is_claim {
                let _ = timeout(LOOK, self.look_for(account)).await;
            } else {
                let _ = timeout(LOOK, self.refresh_card(account)).await;
            }
        }
        Ok(())
    }

    /// Looks whether somebody lives where they say.
    pub(crate) async fn look_for(&self, account: AccountId) -> Result<Claimed, ClientError> {
        let place = self
            .look(move |rows| {
                let claim = contacts::with(rows, account)?.and_then(|row| row.claim);
                let own = account::row(rows)?;
                let place = claim.map(|claim| contacts::named_place(rows, &own, &claim));
                Ok(place.transpose()?.map(|(place, _)| place))
            })
            .await?;
        let Some(place) = place else { return Ok(Claimed::False) };
        let link = self.anonymous(&place.address.relay, place.pin, Some(account)).await?;
        let request = FetchCards { name: place.address.name.clone(), from: None };
        let found = match link.ask(request).await {
            Ok(found) => found.cards.into_vec().pop(),
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(_) => None,
        };
        tokio::spawn(link.close());
        self.section(move |draft, rng| {
            let own = Own::load(draft)?;
            contacts::looked_for(draft, &own, account, &place, found, now(), rng)
        })
        .await
    }
}
