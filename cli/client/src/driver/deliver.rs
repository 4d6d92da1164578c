//! From the outbox to the relays: sessions where there are none, then envelopes in
//! one batch for each relay.

mod begin;

use std::{collections::BTreeMap, time::Duration};

use msg_protocol::{
    address::{Pin, RelayAddress},
    error::{Code, Refusal},
    id::{AccountId, RelayEpoch},
    request::{Deposit, FetchCards},
};
use rand_core::Rng as _;
use tokio::{task::JoinSet, time::sleep};

use super::{Client, ClientError, now};
use crate::{
    engine::{
        account::Own,
        cards::{self, Shown},
        groups,
        outbox::{self, Deposited, Due, Parcel},
        receipts,
    },
    link::LinkError,
    world::Random,
};

/// Milliseconds within which recipients are written to, if apart.
const SPREAD_MS: u64 = 3_000;

/// What came of delivering.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Envelopes that relays took.
    pub deposited: usize,
    /// What stood in the way, by person.
    pub failures: Vec<(AccountId, LinkError)>,
    /// Whose device the relay does not know.
    gone: Vec<AccountId>,
}

impl Delivery {
    /// Nothing went, and this is why.
    pub(super) fn failed(failures: Vec<(AccountId, LinkError)>) -> Self {
        Self { failures, ..Self::default() }
    }
}

impl Client {
    /// Delivers what is due; with `only`, to those people.
    pub async fn deliver(&self, only: Option<Vec<AccountId>>) -> Result<Delivery, ClientError> {
        let due = self
            .section(move |draft, rng| {
                receipts::post_due(draft, now(), rng)?;
                groups::introduce::post_due(draft, now(), rng)?;
                let own = Own::load(draft)?;
                outbox::due(draft, &own, only.as_deref(), now(), rng)
            })
            .await?;
        self.deliver_due(due).await
    }

    /// Asks the relays that have something unconfirmed of ours whether they have
    /// begun again: then it is due once more.
    pub(crate) async fn check_relays(&self) -> Result<(), ClientError> {
        for place in self.look(|rows| outbox::unconfirmed_at(rows)).await? {
            // Who cannot be asked now is asked by the next delivery.
            let Ok(link) = self.anonymous(&place.address.relay, place.pin, None).await else {
                continue;
            };
            let epoch = link.welcome().epoch;
            tokio::spawn(link.close());
            let relay = place.address.relay;
            self.section(move |draft, _| outbox::relay_is_in(draft, &relay, epoch, now())).await?;
        }
        Ok(())
    }

    /// Delivers what was sealed, and then what needs a session first.
    pub(crate) async fn deliver_due(&self, due: Due) -> Result<Delivery, ClientError> {
        let mut delivery = Delivery::default();
        self.deliver_both(due, &mut delivery).await?;
        // Another card may say why: other devices, or another identity.
        delivery.gone.sort_unstable();
        delivery.gone.dedup();
        for account in &delivery.gone {
            let _ = self.refresh_card(*account).await;
        }
        Ok(delivery)
    }

    async fn deliver_both(&self, due: Due, delivery: &mut Delivery) -> Result<(), ClientError> {
        let mut accounts = self.deposit(due.parcels, delivery).await?;
        accounts.extend(due.wants.iter().map(|want| want.account));
        if accounts.is_empty() {
            return Ok(());
        }
        self.begin_sessions(due.wants, delivery).await?;
        let due = self
            .section(move |draft, rng| {
                let own = Own::load(draft)?;
                outbox::due(draft, &own, Some(&accounts), now(), rng)
            })
            .await?;
        self.deposit(due.parcels, delivery).await?;
        Ok(())
    }

    /// Deposits parcels, each relay's in one batch, and keeps what was said. Gives
    /// the people for whom more is due, because their relay has begun again.
    async fn deposit(
        &self,
        parcels: Vec<Parcel>,
        delivery: &mut Delivery,
    ) -> Result<Vec<AccountId>, ClientError> {
        let mut batches: BTreeMap<_, (Option<Pin>, Vec<Parcel>)> = BTreeMap::new();
        for parcel in parcels {
            let apart = self.policy.spread.then_some(parcel.account.0);
            let key = (parcel.relay.clone(), parcel.pin.map(|pin| pin.to_string()), apart);
            batches.entry(key).or_insert_with(|| (parcel.pin, Vec::new())).1.push(parcel);
        }
        let mut running = JoinSet::new();
        for ((relay, ..), (pin, parcels)) in batches {
            let client = self.clone();
            running.spawn(async move {
                client.wait_apart().await;
                let (epoch, answers) = client.batch(&relay, pin, parcels).await;
                (epoch.map(|epoch| (relay, epoch)), answers)
            });
        }
        let (mut answers, mut epochs) = (Vec::new(), Vec::new());
        while let Some(batch) = running.join_next().await {
            let (epoch, batch) = batch.map_err(|_| ClientError::Panicked)?;
            epochs.extend(epoch);
            for (parcel, answer) in batch {
                let refusal = match &answer {
                    Ok(()) => {
                        delivery.deposited += 1;
                        Ok(())
                    }
                    Err(error) => match error {
                        LinkError::Refused(refusal) => Err(*refusal),
                        _ => Err(Refusal {
                            code: Code::UNAVAILABLE,
                            retry_after_s: None,
                            keep: true,
                        }),
                    },
                };
                if let Err(refusal) = &refusal
                    && refusal.code == Code::NOT_FOUND
                {
                    delivery.gone.push(parcel.account);
                }
                if let Err(error) = answer {
                    delivery.failures.push((parcel.account, error));
                }
                answers.push(Deposited {
                    number: parcel.number,
                    envelope: parcel.envelope.id,
                    access: parcel.access,
                    answer: refusal,
                });
            }
        }
        if answers.is_empty() {
            return Ok(Vec::new());
        }
        self.section(move |draft, _| {
            let mut concerned = Vec::new();
            for (relay, epoch) in &epochs {
                concerned.extend(outbox::relay_is_in(draft, relay, *epoch, now())?);
            }
            outbox::deposited(draft, &answers, now())?;
            Ok(concerned)
        })
        .await
    }

    /// Who does not want to be seen writing to several people at once lets each of
    /// them wait a while that nobody can foresee.
    async fn wait_apart(&self) {
        if self.policy.spread {
            let pause = u64::from(Random.next_u32()) % SPREAD_MS;
            sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn batch(
        &self,
        relay: &RelayAddress,
        pin: Option<Pin>,
        parcels: Vec<Parcel>,
    ) -> (Option<RelayEpoch>, Vec<(Parcel, Result<(), LinkError>)>) {
        let about = parcels.first().map(|parcel| parcel.account);
        let link = match self.anonymous(relay, pin, about).await {
            Ok(link) => link,
            Err(error) => {
                let answers = parcels.into_iter().map(|parcel| (parcel, Err(error.clone())));
                return (None, answers.collect());
            }
        };
        let deposits = parcels
            .iter()
            .map(|parcel| Deposit {
                access: parcel.access.clone(),
                ephemeral: false,
                envelope: parcel.envelope.clone(),
            })
            .collect();
        let answers = link.deposit_batch(deposits).await;
        let epoch = link.welcome().epoch;
        tokio::spawn(link.close());
        (Some(epoch), parcels.into_iter().zip(answers).collect())
    }

    /// Looks whether somebody has a newer card, and takes it.
    pub(crate) async fn refresh_card(&self, account: AccountId) -> Result<Shown, ClientError> {
        let contact =
            self.look(move |rows| Ok(crate::engine::contacts::with(rows, account)?)).await?;
        let Some(place) = contact.and_then(|row| row.place) else { return Ok(Shown::Same) };
        let link = self.anonymous(&place.address.relay, place.pin, Some(account)).await?;
        let mut from = None;
        loop {
            let request = FetchCards { name: place.address.name.clone(), from };
            let shown = link.ask(request).await?.cards.into_vec();
            let outcome =
                self.section(move |draft, _| cards::shown(draft, account, shown, now())).await?;
            match outcome {
                Shown::Gap(version) if from.is_none() => from = Some(version),
                Shown::Newer => {
                    // What they have signed with it was waiting.
                    self.section(|draft, rng| {
                        let own = Own::load(draft)?;
                        groups::recheck(draft, &own, now(), rng)
                    })
                    .await?;
                    return Ok(outcome);
                }
                _ => return Ok(outcome),
            }
        }
    }
}
