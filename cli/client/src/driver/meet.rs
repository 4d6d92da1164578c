//! The cards of members who are no contacts, fetched from the relays at which the
//! group says that they live.

use std::{collections::BTreeMap, time::Duration};

use msg_protocol::{
    card::Card,
    id::{AccountId, GroupId},
    request::FetchCards,
    signed::Signed,
};
use tokio::{task::JoinSet, time::timeout};

use super::{Client, ClientError, now};
use crate::{
    engine::{account::Own, groups},
    rows::Place,
};

/// How long one relay may take.
const LOOK: Duration = Duration::from_secs(5);
/// Cards that are taken in at once.
const CARDS: usize = 128;

/// Somebody's card.
type Met = (AccountId, Place, Signed<Card>);

impl Client {
    /// Fetches the cards of members who are no contacts; says how many were found.
    pub(crate) async fn meet(
        &self,
        at_once: Option<GroupId>,
        fresh: &[GroupId],
    ) -> Result<usize, ClientError> {
        let fresh = fresh.to_vec();
        let sought = self
            .section(move |draft, _| {
                let own = Own::load(draft)?;
                groups::to_meet(draft, &own, at_once, &fresh, now())
            })
            .await?;
        let mut running = JoinSet::new();
        for sought in self.by_relay(sought) {
            let client = self.clone();
            running.spawn(async move {
                timeout(LOOK, client.cards_at(sought)).await.unwrap_or_default()
            });
        }
        let mut found: Vec<Met> = Vec::new();
        while let Some(ended) = running.join_next().await {
            found.extend(ended.map_err(|_| ClientError::Panicked)?);
        }
        let count = found.len();
        for some in found.chunks(CARDS) {
            let some = some.to_vec();
            self.section(move |draft, rng| {
                let own = Own::load(draft)?;
                groups::met(draft, &own, some, now(), rng).map(drop)
            })
            .await?;
        }
        Ok(count)
    }

    /// Those for whom one link will do.
    fn by_relay(&self, sought: Vec<(AccountId, Place)>) -> Vec<Vec<(AccountId, Place)>> {
        let mut links: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (account, place) in sought {
            let apart = self.policy.spread.then_some(account.0);
            let pin = place.pin.map(|pin| pin.to_string());
            let key = (place.address.relay.clone(), pin, apart);
            links.entry(key).or_default().push((account, place));
        }
        links.into_values().collect()
    }

    /// The cards of people at one relay, of those who live there.
    async fn cards_at(&self, sought: Vec<(AccountId, Place)>) -> Vec<Met> {
        let Some((first, place)) = sought.first() else { return Vec::new() };
        let link = self.anonymous(&place.address.relay, place.pin, Some(*first)).await;
        let Ok(link) = link else { return Vec::new() };
        let requests: Vec<_> = sought
            .iter()
            .map(|(_, place)| FetchCards { name: place.address.name.clone(), from: None })
            .collect();
        let answers = link.ask_all(requests).await;
        tokio::spawn(link.close());
        let met = sought.into_iter().zip(answers).filter_map(|((account, place), answer)| {
            Some((account, place, answer.ok()?.cards.into_vec().pop()?))
        });
        met.collect()
    }
}
