//! Who is there: asked through links that nobody keeps anything of.

use std::{collections::BTreeMap, time::Duration};

use msg_protocol::{
    envelope::Envelope,
    id::{AccountId, MessageId},
    request::Deposit,
};
use tokio::time::{Instant, sleep, timeout};

use super::{Client, ClientError, now};
use crate::engine::{account::Own, outbox::Parcel, presence};

/// Between two looks whether another process has taken an answer in.
const LOOK: Duration = Duration::from_millis(50);

impl Client {
    /// Asks people whether they are there; says after how long each answered.
    pub async fn ping(
        &self,
        people: Vec<AccountId>,
        within: Duration,
    ) -> Result<BTreeMap<AccountId, Duration>, ClientError> {
        // Answers come over our own link, or to another process that follows it.
        let mut following = self.follow_once().await?;
        let (pings, parcels) = self
            .section(move |draft, rng| {
                let own = Own::load(draft)?;
                let (mut pings, mut parcels) = (Vec::new(), Vec::new());
                for account in people {
                    if let Some((ping, carried)) = presence::ping(draft, &own, account, now(), rng)?
                    {
                        pings.push((account, ping));
                        parcels.extend(carried);
                    }
                }
                Ok((pings, parcels))
            })
            .await?;
        let begun = Instant::now();
        let deadline = begun + within;
        self.pass(parcels);
        let mut found = BTreeMap::new();
        loop {
            for account in self.answered(&pings).await? {
                found.entry(account).or_insert_with(|| begun.elapsed());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if found.len() == pings.len() || left.is_zero() {
                return Ok(found);
            }
            match &mut following {
                Some(link) => {
                    if let Ok(Err(_)) = timeout(left, link.next()).await {
                        following = None;
                    }
                }
                None => sleep(LOOK.min(left)).await,
            }
        }
    }

    async fn answered(
        &self,
        pings: &[(AccountId, MessageId)],
    ) -> Result<Vec<AccountId>, ClientError> {
        let pings = pings.to_vec();
        self.look(move |rows| {
            let mut found = Vec::new();
            for (account, ping) in pings {
                if presence::has_answered(rows, account, ping)? {
                    found.push(account);
                }
            }
            Ok(found)
        })
        .await
    }

    /// Takes in what no relay keeps, and answers it if that is wanted.
    pub(crate) async fn take_passing(&self, envelope: Envelope) -> Result<(), ClientError> {
        let parcels =
            self.section(move |draft, rng| presence::take(draft, &envelope, now(), rng)).await?;
        self.pass(parcels);
        Ok(())
    }

    /// Hands over what nobody keeps: to each relay by itself. What gets lost is lost.
    fn pass(&self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            let Parcel { relay, pin, account, access, envelope, .. } = parcel;
            let client = self.clone();
            tokio::spawn(async move {
                let Ok(link) = client.anonymous(&relay, pin, Some(account)).await else { return };
                link.deposit_batch(vec![Deposit { access, ephemeral: true, envelope }]).await;
                link.close().await;
            });
        }
    }
}
