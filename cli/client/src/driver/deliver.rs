//! From the outbox to the relays: sessions where there are none, then envelopes in
//! one batch for each relay.

use std::{collections::BTreeMap, time::Duration};

use getrandom::SysRng;
use msg_protocol::{
    address::{Pin, RelayAddress},
    bounded::List,
    error::{Code, Refusal},
    id::{AccountId, RelayEpoch},
    prekey::PrekeyBundle,
    request::{Access, Deposit, FetchCards, FetchPrekeys},
};
use rand_core::{Rng as _, UnwrapErr};
use tokio::{task::JoinSet, time::sleep};

use super::{Client, ClientError, now};
use crate::{
    engine::{
        account::Own,
        cards::{self, Shown},
        groups,
        outbox::{self, Deposited, Due, Parcel, Want},
        receipts,
    },
    link::{LinkError, knock_ticket},
    rows::RightRow,
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

/// What a relay has handed out of one contact, and by which right.
struct Prekeys {
    access: Access,
    bought: Option<RightRow>,
    bundles: Vec<PrekeyBundle>,
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
            let pause = u64::from(UnwrapErr(SysRng).next_u32()) % SPREAD_MS;
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
                let answers = parcels.into_iter().map(|parcel| (parcel, Err(error)));
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

    async fn begin_sessions(
        &self,
        wants: Vec<Want>,
        delivery: &mut Delivery,
    ) -> Result<(), ClientError> {
        let mut running = JoinSet::new();
        for want in wants {
            let client = self.clone();
            running.spawn(async move {
                let account = want.account;
                let access = want.access.clone();
                client.wait_apart().await;
                (account, client.prekeys(want).await.map_err(|error| (access, error)))
            });
        }
        let mut found = Vec::new();
        while let Some(ended) = running.join_next().await {
            match ended.map_err(|_| ClientError::Panicked)? {
                (account, Ok(prekeys)) => found.push((account, prekeys)),
                (account, Err((access, error))) => {
                    delivery.failures.push((account, error));
                    let code = error.refusal().map(|refusal| refusal.code);
                    delivery.gone.extend((code == Some(Code::NOT_FOUND)).then_some(account));
                    let denied = matches!(code, Some(Code::DENIED | Code::WORK_REQUIRED));
                    self.section(move |draft, _| {
                        outbox::not_opened(draft, account, access.as_ref(), denied, now())
                    })
                    .await?;
                }
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        self.section(move |draft, rng| {
            let own = Own::load(draft)?;
            for (account, Prekeys { access, bought, bundles }) in found {
                if let Some(right) = bought {
                    outbox::bought(draft, account, right)?;
                }
                outbox::begin(draft, &own, account, &access, bundles, now(), rng)?;
            }
            Ok(())
        })
        .await
    }

    /// Fetches prekeys of somebody's devices, after the work that a stranger does.
    async fn prekeys(&self, want: Want) -> Result<Prekeys, LinkError> {
        let place = &want.place;
        let link = self.anonymous(&place.address.relay, place.pin, Some(want.account)).await?;
        let (access, bought) = if let Some(access) = want.access {
            (access, None)
        } else {
            let ticket = knock_ticket(&link, want.account).await?;
            let access = Access::Ticket(ticket.ticket);
            let right = RightRow {
                access: access.clone(),
                fetch: true,
                knocks: ticket.knocks,
                expires: ticket.expires,
            };
            (access, Some(right))
        };
        let request = FetchPrekeys {
            account: want.account,
            devices: List::new(want.devices).unwrap_or_else(|_| List::empty()),
            access: access.clone(),
        };
        let bundles = link.ask(request).await?.bundles.into_vec();
        tokio::spawn(link.close());
        Ok(Prekeys { access, bought, bundles })
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
                _ => return Ok(outcome),
            }
        }
    }
}
