//! Zed: an account whose keys are a test's, so that it can have a second card, and a
//! relay something older to show.

use msg_client::{link::Link, transport::Dialer};
use msg_protocol::{
    address::{Address, RelayAddress},
    card::Card,
    id::AccountId,
    request::PublishCard,
    signed::Signed,
};
use msg_tests::relay::Identity;

use crate::network::Way;

/// Zed, as the others may find them.
pub(crate) struct Zed {
    pub(crate) address: Address,
    pub(crate) id: AccountId,
    /// The card before the one that they have.
    pub(crate) older: Signed<Card>,
}

impl Zed {
    /// Zed comes to a relay, and changes their card.
    pub(crate) async fn register(way: Way, relay: &RelayAddress) -> Self {
        let mut identity = Identity::random(26).named("zed");
        let dialer = Dialer::through(Box::new(way));
        let link = Link::anonymous(&dialer, relay, None, "").await.unwrap();
        link.ask(identity.registration(None)).await.unwrap();
        link.close().await;
        let own = Link::sign_in(&dialer, relay, None, "", identity.sign_in(1)).await;
        let (link, _) = own.unwrap();
        link.ask(identity.prekeys(8)).await.unwrap();
        let first = identity.first_card();
        let second = identity.next_card(&first, vec![identity.device()]);
        link.ask(PublishCard {
            card: second.into_signed(),
            credential: identity.account_credential.clone(),
            device: None,
        })
        .await
        .unwrap();
        link.close().await;
        let address = Address { name: identity.name.clone(), relay: relay.clone() };
        Self { address, id: identity.account(), older: first.into_signed() }
    }
}
