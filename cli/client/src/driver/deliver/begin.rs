//! Sessions where there are none: prekeys of people, one link for each relay.

use std::collections::BTreeMap;

use msg_protocol::{
    bounded::List,
    error::Code,
    prekey::PrekeyBundle,
    request::{Access, FetchPrekeys},
};
use tokio::task::JoinSet;

use super::Delivery;
use crate::{
    driver::{Client, ClientError, now},
    engine::{
        account::Own,
        outbox::{self, Want},
    },
    link::{Link, LinkError, knock_ticket},
    rows::RightRow,
};

/// What a relay has handed out of one contact, and by which right.
struct Prekeys {
    access: Access,
    bought: Option<RightRow>,
    bundles: Vec<PrekeyBundle>,
}

impl Client {
    /// Fetches what sessions are begun with, and begins them.
    pub(super) async fn begin_sessions(
        &self,
        wants: Vec<Want>,
        delivery: &mut Delivery,
    ) -> Result<(), ClientError> {
        let mut running = JoinSet::new();
        for wants in self.by_link(wants) {
            let client = self.clone();
            running.spawn(async move {
                client.wait_apart().await;
                client.prekeys_of_all(wants).await
            });
        }
        let mut found = Vec::new();
        while let Some(ended) = running.join_next().await {
            for (want, answer) in ended.map_err(|_| ClientError::Panicked)? {
                let account = want.account;
                match answer {
                    Ok(prekeys) => found.push((account, prekeys)),
                    Err(error) => {
                        let code = error.refusal().map(|refusal| refusal.code);
                        delivery.failures.push((account, error));
                        delivery.gone.extend((code == Some(Code::NOT_FOUND)).then_some(account));
                        let denied = matches!(code, Some(Code::DENIED | Code::WORK_REQUIRED));
                        self.section(move |draft, _| {
                            let access = want.access.as_ref();
                            outbox::not_opened(draft, account, access, denied, now())
                        })
                        .await?;
                    }
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

    /// Those for whom one link to their relay will do. Who has to work for a right
    /// does that on a link of their own.
    fn by_link(&self, wants: Vec<Want>) -> Vec<Vec<Want>> {
        let mut links: BTreeMap<_, Vec<Want>> = BTreeMap::new();
        for want in wants {
            let is_apart = self.policy.spread || want.access.is_none();
            let apart = is_apart.then_some(want.account.0);
            let pin = want.place.pin.map(|pin| pin.to_string());
            let key = (want.place.address.relay.clone(), pin, apart);
            links.entry(key).or_default().push(want);
        }
        links.into_values().collect()
    }

    /// Fetches prekeys of people at one relay.
    async fn prekeys_of_all(&self, wants: Vec<Want>) -> Vec<(Want, Result<Prekeys, LinkError>)> {
        let Some(first) = wants.first() else { return Vec::new() };
        let place = &first.place;
        let link = self.anonymous(&place.address.relay, place.pin, Some(first.account)).await;
        let link = match link {
            Ok(link) => link,
            Err(error) => {
                return wants.into_iter().map(|want| (want, Err(error.clone()))).collect();
            }
        };
        let mut ready = Vec::new();
        let mut answers = Vec::new();
        for want in wants {
            match right(&link, &want).await {
                Ok(right) => ready.push((want, right)),
                Err(error) => answers.push((want, Err(error))),
            }
        }
        let requests: Vec<_> = ready
            .iter()
            .map(|(want, (access, _))| FetchPrekeys {
                account: want.account,
                devices: List::new(want.devices.clone()).unwrap_or_else(|_| List::empty()),
                access: access.clone(),
            })
            .collect();
        let fetched = link.ask_all(requests).await;
        for ((want, (access, bought)), fetched) in ready.into_iter().zip(fetched) {
            let prekeys = fetched.map(|fetched| {
                let bundles = fetched.bundles.into_vec();
                Prekeys { access, bought, bundles }
            });
            answers.push((want, prekeys));
        }
        tokio::spawn(link.close());
        answers
    }
}

/// The right to take somebody's prekeys, after the work that a stranger does.
async fn right(link: &Link, want: &Want) -> Result<(Access, Option<RightRow>), LinkError> {
    if let Some(access) = &want.access {
        return Ok((access.clone(), None));
    }
    let ticket = knock_ticket(link, want.account).await?;
    let access = Access::Ticket(ticket.ticket);
    let right = RightRow {
        access: access.clone(),
        fetch: true,
        knocks: ticket.knocks,
        expires: ticket.expires,
    };
    Ok((access, Some(right)))
}
