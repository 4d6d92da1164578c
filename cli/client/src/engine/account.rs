//! Our own account: made once, then loaded by every verb that signs or opens.

use msg_crypto::{
    CardHistory,
    handshake::initiator::Initiator,
    identity::{DeviceSecret, IdentitySecret},
    prekey::OwnPrekeys,
    secret::Secret,
};
use msg_protocol::{
    address::{Address, Pin},
    card::{CARD_FORMAT, Card, CardHash, CardRef},
    id::{AccountId, DeviceId, MailboxId},
    request::{Register, SignIn},
    secret::{AccountCredential, DeviceCredential, Door, Invite},
    signed::Verified,
    time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::EngineError;
use crate::{
    rows::{AccountRow, Read as _, RelayRow, account::key},
    step::Draft,
    store::{Rows, StoreError, Table},
};

/// Changes of the credential that were cut off and may all have reached the relay.
const MAX_BEGUN: usize = 4;

/// What a new account is to be.
pub struct NewAccount {
    /// Where it will live.
    pub address: Address,
    /// That relay's key.
    pub pin: Option<Pin>,
    /// What changes of the account are shown to the relay with.
    pub credential: AccountCredential,
    /// Whether the credential is kept here, because no password gives it again.
    pub keeps_credential: bool,
}

/// Our account with its keys.
pub struct Own {
    /// As it is stored.
    pub row: AccountRow,
    /// Signs our cards.
    pub identity: IdentitySecret,
    /// This device's keys.
    pub device: DeviceSecret,
    card: Verified<Card>,
    refs: Vec<CardRef>,
}

/// Makes the keys of a new account.
pub fn found<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    new: NewAccount,
    now: UnixSeconds,
    rng: &mut R,
) {
    let identity = IdentitySecret::generate(rng);
    let device = DeviceSecret::generate(rng);
    let card = identity.sign(&Card {
        format: CARD_FORMAT,
        identity: identity.public(),
        name: new.address.name.clone(),
        version: 1,
        previous: CardHash([0; 32]),
        created: now.day(),
        devices: vec![device.public(now.day())],
    });
    let row = AccountRow {
        pin: new.pin,
        identity: *identity.seed().expose(),
        device: device.archive().as_bytes().to_vec(),
        credential: DeviceCredential::new(*Secret::<32>::random(rng).expose()),
        records: *Secret::<32>::random(rng).expose(),
        door: Door::new(*Secret::<32>::random(rng).expose()),
        door_number: 1,
        account_credential: new.keeps_credential.then_some(new.credential),
        begun_credentials: Vec::new(),
        cards: vec![card],
        tokens: Vec::new(),
        registered: false,
        address: new.address,
    };
    draft.write(key::ACCOUNT, &row);
    // The relay has the first door from the registration.
    draft.write(key::RELAY, &RelayRow { door: 1, ..RelayRow::default() });
    draft.put(Table::Prekeys, key::PREKEYS, OwnPrekeys::default().archive().as_bytes().to_vec());
}

/// The request that registers the account. The same may be made again until it is
/// answered, and when the relay has forgotten the account.
pub fn registration(
    row: &AccountRow,
    credential: AccountCredential,
    invite: Option<Invite>,
) -> Result<Register, StoreError> {
    let card = row.cards.first().ok_or(StoreError::Damaged(Table::Account))?;
    Ok(Register {
        name: row.address.name.clone(),
        card: card.clone(),
        account_credential: row.account_credential.clone().unwrap_or(credential),
        device_credential: row.credential.clone(),
        door: row.door.clone(),
        invite,
    })
}

/// The account's row.
pub fn row(rows: &(impl Rows + ?Sized)) -> Result<AccountRow, EngineError> {
    rows.row(key::ACCOUNT)?.ok_or(EngineError::NoAccount)
}

/// The credential is to be changed: the relay may have any of those that it was to
/// become, until one change has succeeded.
pub fn begin_credential(row: &mut AccountRow, next: AccountCredential) {
    row.begun_credentials.retain(|known| *known != next);
    row.begun_credentials.push(next);
    let more = row.begun_credentials.len().saturating_sub(MAX_BEGUN);
    row.begun_credentials.drain(..more);
}

/// What is known of our relay.
pub fn relay(rows: &(impl Rows + ?Sized)) -> Result<RelayRow, StoreError> {
    Ok(rows.row(key::RELAY)?.unwrap_or_default())
}

/// Changes what is known of our relay.
pub fn change_relay(
    draft: &Draft<'_>,
    change: impl FnOnce(&mut RelayRow),
) -> Result<(), StoreError> {
    let mut state = relay(draft)?;
    change(&mut state);
    draft.write(key::RELAY, &state);
    Ok(())
}

/// The relay with that key has taken the registration: it has our door, and nothing
/// else of ours. What it was told before, it has lost.
pub fn registered(draft: &Draft<'_>, pin: Option<Pin>) -> Result<(), EngineError> {
    let mut account = row(draft)?;
    (account.registered, account.pin) = (true, pin);
    let before = relay(draft)?;
    let state = RelayRow {
        counter: before.counter,
        door: account.door_number,
        unopened: before.unopened,
        strange_cards: before.strange_cards,
        set_back: before.set_back,
        ..RelayRow::default()
    };
    draft.write(key::RELAY, &state);
    draft.write(key::ACCOUNT, &account);
    Ok(())
}

/// What the next sign-in shows. Its counter is greater than all before it: a copy
/// of this store shows one that the relay has seen.
pub fn sign_in(draft: &Draft<'_>) -> Result<SignIn, EngineError> {
    let own = Own::load(draft)?;
    let mut state = relay(draft)?;
    state.counter = state.counter.saturating_add(1);
    draft.write(key::RELAY, &state);
    Ok(SignIn {
        name: own.row.address.name.clone(),
        device: own.device.id(),
        credential: own.row.credential.clone(),
        counter: state.counter,
    })
}

impl Own {
    /// Loads the account.
    pub fn load(rows: &(impl Rows + ?Sized)) -> Result<Self, EngineError> {
        let row = row(rows)?;
        let identity = IdentitySecret::from_seed(&Secret::new(row.identity));
        let device = DeviceSecret::restore(&row.device)?;
        let mut newest = None;
        let mut refs = Vec::new();
        for signed in &row.cards {
            let card = signed.clone().verify(&identity.public())?;
            refs.push(card.reference());
            newest = Some(card);
        }
        let card = newest.ok_or(StoreError::Damaged(Table::Account))?;
        Ok(Self { row, identity, device, card, refs })
    }

    /// Our account id.
    pub fn id(&self) -> AccountId {
        self.card.account()
    }

    /// This device's id.
    pub fn device_id(&self) -> DeviceId {
        self.device.id()
    }

    /// This device's mailbox.
    pub fn mailbox(&self) -> MailboxId {
        MailboxId::of(self.id(), self.device_id())
    }

    /// Our card as it is now.
    pub fn card(&self) -> &Verified<Card> {
        &self.card
    }

    /// All versions of it, for handshakes sealed to an older one.
    pub fn history(&self) -> CardHistory {
        CardHistory::from_parts(self.card.identity, self.refs.clone())
    }

    /// Whether that is a card of ours, of whichever version.
    pub fn has_made(&self, card: &CardRef) -> bool {
        self.refs.contains(card)
    }

    /// As whom sessions are begun.
    pub fn initiator(&self) -> Initiator<'_> {
        Initiator { device: &self.device, card: &self.card }
    }
}
