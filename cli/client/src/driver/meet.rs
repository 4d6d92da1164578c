//! The cards of members who are no contacts, fetched from the relays at which the
//! group says that they live.

use std::{collections::BTreeMap, time::Duration};

use msg_protocol::{
    card::Card,
    id::{AccountId, GroupId},
    limits::MAX_CARDS_PER_ANSWER,
    request::FetchCards,
    signed::Signed,
};
use tokio::{task::JoinSet, time::timeout};

use super::{Client, ClientError, now};
use crate::{
    engine::{account::Own, contacts, groups},
    rows::Place,
};

/// How long one relay may take.
const LOOK: Duration = Duration::from_secs(5);
/// Cards that are taken in at once.
const CARDS: usize = 128;

/// Somebody's cards, oldest first.
type Met = (AccountId, Place, Vec<Signed<Card>>);

impl Client {
    /// Fetches the cards of members who are no contacts; says of how many something new
    /// was found.
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
        let mut count = 0;
        for some in found.chunks(CARDS) {
            let some = some.to_vec();
            count += self
                .section(move |draft, rng| {
                    let own = Own::load(draft)?;
                    let who: Vec<AccountId> = some.iter().map(|(account, ..)| *account).collect();
                    let held = |account: &AccountId| contacts::with(draft, *account);
                    let before = who.iter().map(held).collect::<Result<Vec<_>, _>>()?;
                    groups::met(draft, &own, some, now(), rng)?;
                    let after = who.iter().map(held).collect::<Result<Vec<_>, _>>()?;
                    Ok(before.iter().zip(&after).filter(|(before, after)| before != after).count())
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
        let met = sought.into_iter().zip(answers).filter_map(|((account, place), answer)| {
            Some((account, place, vec![answer.ok()?.cards.into_vec().pop()?]))
        });
        let mut met: Vec<Met> = met.collect();
        // Whoever has had others may have signed with them.
        let (earlier, requests): (Vec<_>, Vec<_>) =
            met.iter().filter_map(|one| Some((one.0, from_earlier(one)?))).unzip();
        let answers = if requests.is_empty() { Vec::new() } else { link.ask_all(requests).await };
        tokio::spawn(link.close());
        for (account, answer) in earlier.into_iter().zip(answers) {
            let one = met.iter_mut().find(|(known, ..)| *known == account);
            if let (Some((.., cards)), Ok(answer)) = (one, answer) {
                add_earlier(cards, answer.cards.into_vec());
            }
        }
        met
    }
}

/// Asks for the cards before somebody's newest; none if there are none.
fn from_earlier((_, place, cards): &Met) -> Option<FetchCards> {
    let newest = cards.last()?.peek_unverified().ok()?.version;
    let most = u32::try_from(MAX_CARDS_PER_ANSWER).unwrap_or(u32::MAX);
    let from = newest.saturating_sub(most - 1).max(1);
    (from < newest).then(|| FetchCards { name: place.address.name.clone(), from: Some(from) })
}

/// Puts the cards before somebody's newest before it.
fn add_earlier(cards: &mut Vec<Signed<Card>>, mut shown: Vec<Signed<Card>>) {
    let Some(newest) = cards.last() else { return };
    if let Some(place) = shown.iter().position(|card| card == newest) {
        shown.truncate(place + 1);
        *cards = shown;
    }
}
