//! What others do to messages: put to what it is meant for, and told of if its owner
//! has read that already.

use msg_protocol::{
    content::Content,
    id::{AccountId, MessageId},
};

use super::{EngineError, Taking, number_of, opened::Said};
use crate::{
    engine::marks::{self, Marked},
    rows::ContactRow,
};

impl Taking<'_, '_> {
    pub(super) fn marked(
        &mut self,
        contact: &ContactRow,
        id: AccountId,
        message: MessageId,
        place: &Said<'_>,
        content: &Content,
    ) -> Result<(), EngineError> {
        if place.is_held {
            // Nobody knows yet whether they may write there.
            return self.keep(contact, id, message, place, content.clone());
        }
        let group = place.group.map(|context| context.group);
        let Marked::Told(target) = marks::take(self.draft, id, group, content, self.now)? else {
            self.know(id, message, None);
            return Ok(());
        };
        self.keep(contact, id, message, place, content.clone())?;
        if let Some(told) = number_of(self.draft, id, message)? {
            marks::tells(self.draft, target, told, content)?;
        }
        Ok(())
    }
}
