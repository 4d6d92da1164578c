//! Accounts, their cards and devices, in memory.

use std::collections::{BTreeMap, HashMap};

use msg_protocol::{
    address::AccountName,
    card::{Card, Succession},
    id::{AccountId, DeviceId, MailboxId},
    secret::SaltedHash,
    signed::Verified,
};

use super::{
    DeviceRow, Holder, Mailbox, Memory, State, device_ids, is_over, prekeys::DevicePrekeys,
};
use crate::store::{
    Accounts, RelayTime, Result,
    account::{
        Account, AccountChange, CardPage, Changed, Creation, Device, DeviceChange, DoorHashes,
        NewAccount, Quota, Whose,
    },
    right::RightId,
};

impl State {
    /// Uses an invitation up by one.
    fn use_invite(&mut self, id: RightId, now: RelayTime) -> bool {
        match self.invites.get_mut(&id) {
            Some(invite) if invite.uses > 0 && !is_over(invite.expires, now) => {
                invite.uses -= 1;
                true
            }
            _ => false,
        }
    }

    /// Makes a device that is on the account's card, and its mailbox.
    fn add_device(&mut self, account: AccountId, device: DeviceId, credential: SaltedHash) {
        let Some(holder) = self.accounts.get_mut(&account) else { return };
        let row = DeviceRow {
            device: Device { credential, counter: 0 },
            prekeys: DevicePrekeys::default(),
        };
        holder.devices.insert(device, row);
        self.mailboxes.insert(MailboxId::of(account, device), Mailbox::of(account));
    }

    fn remove_device(&mut self, account: AccountId, device: DeviceId) {
        if let Some(holder) = self.accounts.get_mut(&account) {
            holder.devices.remove(&device);
        }
        self.mailboxes.remove(&MailboxId::of(account, device));
    }

    /// Whether there is such an account and it has, if asked, that credential.
    fn admit(&self, account: AccountId, by: Option<SaltedHash>) -> Changed {
        match self.accounts.get(&account) {
            None => Changed::NotFound,
            Some(holder) if by.is_some_and(|hash| hash != holder.account.credential) => {
                Changed::Stale
            }
            Some(_) => Changed::Done,
        }
    }

    fn change_card(
        &mut self,
        account: AccountId,
        card: Verified<Card>,
        devices: DeviceChange,
    ) -> Changed {
        let Some(holder) = self.accounts.get_mut(&account) else { return Changed::NotFound };
        match holder.card.admits(&card) {
            Ok(Succession::Same) => return Changed::Done,
            Ok(Succession::Next) if holder.allows(&card, devices) => (),
            _ => return Changed::Stale,
        }
        holder.account.card = card.as_signed().clone();
        holder.cards.insert(card.version, card.as_signed().clone());
        holder.card = card;
        match devices {
            DeviceChange::None => (),
            DeviceChange::Add(device, credential) => self.add_device(account, device, credential),
            DeviceChange::Remove(device) => self.remove_device(account, device),
        }
        Changed::Done
    }
}

impl Holder {
    /// Whether the devices change as the card says.
    fn allows(&self, card: &Card, devices: DeviceChange) -> bool {
        match devices {
            DeviceChange::None => true,
            DeviceChange::Add(device, _) => {
                card.device(device).is_some() && !self.devices.contains_key(&device)
            }
            DeviceChange::Remove(device) => card.device(device).is_none(),
        }
    }

    /// The same door once more leaves the one before it as it is.
    fn change_door(&mut self, door: SaltedHash, grace: RelayTime) {
        let doors = &mut self.account.door;
        if doors.current != door {
            *doors = DoorHashes { current: door, previous: Some((doors.current, grace)) };
        }
    }
}

fn new_holder(new: NewAccount) -> Holder {
    let account = Account {
        id: new.card.account(),
        name: new.card.name.clone(),
        card: new.card.as_signed().clone(),
        credential: new.credential,
        door: DoorHashes { current: new.door, previous: None },
        suspended: false,
        administrator: false,
        quota: Quota::default(),
        created: new.created,
    };
    Holder {
        account,
        cards: BTreeMap::from([(new.card.version, new.card.as_signed().clone())]),
        card: new.card,
        devices: HashMap::new(),
        rights: BTreeMap::new(),
        records: BTreeMap::new(),
    }
}

impl Accounts for Memory {
    async fn create_account(&self, new: NewAccount, now: RelayTime) -> Result<Creation> {
        let mut state = self.change();
        let (id, name) = (new.card.account(), new.card.name.clone());
        if state.names.contains_key(&name) || state.accounts.contains_key(&id) {
            return Ok(Creation::Taken);
        }
        if new.invite.is_some_and(|invite| !state.use_invite(invite, now)) {
            return Ok(Creation::NoInvite);
        }
        let devices: Vec<DeviceId> = device_ids(&new.card).collect();
        let credential = new.device_credential;
        state.names.insert(name, id);
        state.accounts.insert(id, new_holder(new));
        for device in devices {
            state.add_device(id, device, credential);
        }
        Ok(Creation::Created)
    }

    async fn account(&self, whose: Whose<'_>) -> Result<Option<Account>> {
        let state = self.state();
        let id = match whose {
            Whose::Name(name) => state.names.get(name).copied(),
            Whose::Id(id) => Some(id),
            Whose::Mailbox(mailbox) => state.mailboxes.get(&mailbox).map(|mailbox| mailbox.account),
        };
        Ok(id.and_then(|id| state.accounts.get(&id)).map(|holder| holder.account.clone()))
    }

    async fn device(&self, account: AccountId, device: DeviceId) -> Result<Option<Device>> {
        let state = self.state();
        let row = state.accounts.get(&account).and_then(|holder| holder.devices.get(&device));
        Ok(row.map(|row| row.device))
    }

    async fn cards(&self, account: AccountId, from: u32, limit: usize) -> Result<CardPage> {
        let state = self.state();
        let Some(holder) = state.accounts.get(&account) else { return Ok(CardPage::default()) };
        let later = holder.cards.range(from..).map(|(_, card)| card);
        let more = later.clone().count() > limit;
        Ok(CardPage { cards: later.take(limit).cloned().collect(), more })
    }

    async fn change_account(
        &self,
        account: AccountId,
        by: Option<SaltedHash>,
        change: AccountChange,
    ) -> Result<Changed> {
        let mut state = self.change();
        let admitted = state.admit(account, by);
        if admitted != Changed::Done {
            return Ok(admitted);
        }
        let change = match change {
            AccountChange::Card(card, devices) => {
                return Ok(state.change_card(account, *card, devices));
            }
            other => other,
        };
        let Some(holder) = state.accounts.get_mut(&account) else { return Ok(Changed::NotFound) };
        match change {
            AccountChange::Credential(hash) => holder.account.credential = hash,
            AccountChange::Door(hash, grace) => holder.change_door(hash, grace),
            AccountChange::Suspended(suspended) => holder.account.suspended = suspended,
            AccountChange::Administrator(administrator) => {
                holder.account.administrator = administrator;
            }
            AccountChange::Quota(quota) => holder.account.quota = quota,
            AccountChange::Card(..) => (),
        }
        Ok(Changed::Done)
    }

    async fn delete_account(&self, account: AccountId, by: Option<SaltedHash>) -> Result<Changed> {
        let mut state = self.change();
        let admitted = state.admit(account, by);
        if admitted == Changed::Done {
            state.accounts.remove(&account);
            state.names.retain(|_, id| *id != account);
            state.mailboxes.retain(|_, mailbox| mailbox.account != account);
            state.blobs.retain(|_, blob| blob.account != account);
        }
        Ok(admitted)
    }

    async fn raise_counter(
        &self,
        account: AccountId,
        device: DeviceId,
        counter: u64,
    ) -> Result<Option<u64>> {
        let mut state = self.change();
        let holder = state.accounts.get_mut(&account);
        let row = holder.and_then(|holder| holder.devices.get_mut(&device));
        Ok(row.map(|row| {
            let before = row.device.counter;
            row.device.counter = before.max(counter);
            before
        }))
    }

    async fn accounts(&self, after: Option<&AccountName>, limit: usize) -> Result<Vec<Account>> {
        let state = self.state();
        let later = state.names.iter().filter(|(name, _)| after.is_none_or(|after| *name > after));
        let holders = later.filter_map(|(_, id)| state.accounts.get(id));
        Ok(holders.take(limit).map(|holder| holder.account.clone()).collect())
    }
}
