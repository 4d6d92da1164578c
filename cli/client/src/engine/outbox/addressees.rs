//! Whom the outbox writes to: contacts of whom nothing is feared.

use std::collections::BTreeMap;

use msg_protocol::{content::Content, id::AccountId, request::Access};

use super::{
    EngineError,
    cards::{self, Said},
};
use crate::{
    engine::{contacts, files},
    rows::{ContactRow, OutboxRow, SettingsRow, Standing, contact::key},
    step::Draft,
};

/// Contacts that are written to, each read once.
pub(super) struct Addressees<'d, 'r> {
    draft: &'d Draft<'r>,
    rows: BTreeMap<AccountId, Option<Addressee>>,
}

/// One of them.
pub(super) struct Addressee {
    pub(super) row: ContactRow,
    pub(super) card: Said,
    changed: bool,
}

impl<'d, 'r> Addressees<'d, 'r> {
    /// None of whom is read yet.
    pub(super) const fn new(draft: &'d Draft<'r>) -> Self {
        Self { draft, rows: BTreeMap::new() }
    }

    /// A contact, if anything may be sent to them.
    pub(super) fn find(
        &mut self,
        account: AccountId,
    ) -> Result<Option<&mut Addressee>, EngineError> {
        if !self.rows.contains_key(&account) {
            let row = contacts::with(self.draft, account)?;
            let row = row.filter(|row| row.standing != Standing::Blocked && row.alarm.is_none());
            let found = match row {
                Some(row) => Some(Addressee { card: cards::said(&row)?, row, changed: false }),
                None => None,
            };
            self.rows.insert(account, found);
        }
        Ok(self.rows.get_mut(&account).and_then(Option::as_mut))
    }

    /// Writes down what has been used of their rights.
    pub(super) fn keep(self) {
        for (account, found) in self.rows {
            if let Some(found) = found.filter(|found| found.changed) {
                self.draft.write(&key(account), &found.row);
            }
        }
    }
}

impl Addressee {
    /// Whether that is said to them. Who has left a group is told so, contact or not.
    pub(super) fn hears(&self, content: &Content) -> bool {
        self.row.is_reached() || matches!(content, Content::GroupOperation(_))
    }

    /// Whether a row waits for trust, or for the file that it tells of.
    pub(super) fn is_held(
        &self,
        draft: &Draft<'_>,
        settings: &SettingsRow,
        row: &OutboxRow,
    ) -> Result<bool, EngineError> {
        Ok(settings.holds(&self.row, &row.content) || files::is_held(draft, &row.content)?)
    }

    /// A knock has been used.
    pub(super) fn spend(&mut self, access: &Access) {
        if let Some(right) = self.row.right.as_mut().filter(|right| right.access == *access) {
            right.knocks = right.knocks.saturating_sub(1);
            self.changed = true;
        }
    }
}
