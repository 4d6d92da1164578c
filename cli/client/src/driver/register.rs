//! A new account: its keys are durable before the relay hears of it, so that a
//! registration that was cut off is finished by the same command. One that the relay
//! refuses for good leaves nothing. One command at a time registers in a profile.
//!
//! A relay that has lost its disk takes the same account again, with the keys, the
//! contacts and the messages that are here.

use msg_crypto::password::Password;
use msg_protocol::{
    address::{AccountName, Address, Pin, RelayAddress},
    error::Code,
    request::Register,
    secret::{AccountCredential, Invite},
};
use rand_core::Rng as _;

use super::{Client, ClientError, Policy, now};
use crate::{
    engine::{EngineError, account},
    home::Home,
    link::{Link, LinkError},
    lock::Lock,
    rows::account::key,
    store::{
        StoreError,
        sealed::{LOCK_WAIT, Store},
    },
    transport::Dialer,
    unlock::Protection,
    world::{self, Random, aside},
};

/// A new account.
pub struct Order {
    /// Where it is kept.
    pub home: Home,
    /// Its name.
    pub name: AccountName,
    /// Its relay.
    pub relay: RelayAddress,
    /// That relay's key.
    pub pin: Option<Pin>,
    /// The right to register.
    pub invite: Option<Invite>,
    /// Its password; none for an account that nobody attends to.
    pub password: Option<Password>,
}

impl Client {
    /// Registers an account, or finishes what was begun.
    pub async fn register(
        order: Order,
        dialer: Dialer,
        policy: Policy,
    ) -> Result<Self, ClientError> {
        let address = Address { name: order.name.clone(), relay: order.relay.clone() };
        // A relay that is not there, or not to be trusted, is found out first.
        let isolation = order.relay.to_string();
        let link = Link::anonymous(&dialer, &order.relay, order.pin, &isolation).await?;
        let turn = turn(&order.home).await?;
        let pin = order.pin;
        let (store, shown) = prepare(order, address.clone()).await?;
        let client = Self::new(store, dialer, policy, "register");
        let (request, is_done) = client
            .look(move |rows| {
                let row = account::row(rows)?;
                Ok((account::registration(&row, shown.credential, shown.invite)?, row.registered))
            })
            .await?;
        if is_done && client.is_known_to(&address, pin).await? {
            return Err(ClientError::AlreadyRegistered(address));
        }
        client.announce(&link, request, &address, is_done, pin).await?;
        link.close().await;
        turn.release();
        // The account is there. What is not published now is with the next command.
        let _ = client.collect().await;
        Ok(client)
    }

    /// Whether the relay still lets this device sign in.
    async fn is_known_to(&self, address: &Address, pin: Option<Pin>) -> Result<bool, ClientError> {
        let sign_in = self.section(|draft, _| account::sign_in(draft)).await?;
        let isolation = address.to_string();
        match Link::sign_in(&self.dialer, &address.relay, pin, &isolation, sign_in).await {
            Ok((link, _)) => {
                link.close().await;
                Ok(true)
            }
            Err(LinkError::SignInRefused(refusal)) if refusal.code == Code::DENIED => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn announce(
        &self,
        link: &Link,
        request: Register,
        address: &Address,
        again: bool,
        pin: Option<Pin>,
    ) -> Result<(), ClientError> {
        match link.ask(request).await {
            Ok(_) => self.section(move |draft, _| account::registered(draft, pin)).await,
            Err(error) => {
                if !again && error.refusal().is_some_and(|refusal| !refusal.keep) {
                    // The relay has not taken these keys before, or it would have again,
                    // and never will: nothing is lost with them.
                    self.store.home().remove_store().map_err(StoreError::from)?;
                }
                match &error {
                    LinkError::Refused(refusal) if refusal.code == Code::CONFLICT => {
                        Err(ClientError::NameTaken(address.name.clone()))
                    }
                    _ => Err(error.into()),
                }
            }
        }
    }
}

/// Waits until nobody else registers here, or collects.
async fn turn(home: &Home) -> Result<Lock, ClientError> {
    let folder = home.clone();
    let made = aside(move || folder.make().map_err(StoreError::from)).await;
    made.map_err(|_| ClientError::Panicked)??;
    let turn = world::lock(home.turn(), "register", LOCK_WAIT).await;
    Ok(turn.map_err(|_| ClientError::Panicked)?.map_err(StoreError::from)?)
}

/// Makes the store with the keys in it, or opens the one that was begun.
async fn prepare(order: Order, address: Address) -> Result<(Store, Prepared), ClientError> {
    let making = aside(move || {
        let mut rng = Random;
        let protection = match &order.password {
            Some(password) => Protection::Password(password),
            None => Protection::KeyFile,
        };
        let credential = if let Some(password) = &order.password {
            password
                .account_credential(&address.relay.host, &address.name)
                .map_err(|_| crate::unlock::UnlockError::OutOfMemory)?
        } else {
            let mut random = [0; 32];
            rng.fill_bytes(&mut random);
            AccountCredential::new(random)
        };
        let store = if order.home.has_store().map_err(StoreError::from)? {
            Store::unlock(order.home, protection)?
        } else {
            Store::create(order.home, protection, &mut rng)?
        };
        let invite = order.invite.clone();
        store.section("register", |draft| -> Result<_, ClientError> {
            match account::row(&draft) {
                Ok(row) if row.registered && row.address != address => {
                    return Err(ClientError::AlreadyRegistered(row.address.clone()));
                }
                Ok(row) if row.registered => {}
                Ok(mut row) if row.address == address => {
                    row.pin = order.pin;
                    draft.write(key::ACCOUNT, &row);
                }
                Ok(row) => return Err(ClientError::Begun(row.address.clone())),
                Err(EngineError::NoAccount) => {
                    let new = account::NewAccount {
                        address,
                        pin: order.pin,
                        credential: credential.clone(),
                        keeps_credential: order.password.is_none(),
                    };
                    account::found(&draft, new, now(), &mut rng);
                }
                Err(error) => return Err(error.into()),
            }
            Ok(draft.step(()))
        })?;
        Ok((store, Prepared { credential, invite }))
    });
    making.await.map_err(|_| ClientError::Panicked)?
}

/// What the registration shows beside what is stored.
struct Prepared {
    credential: AccountCredential,
    invite: Option<Invite>,
}
