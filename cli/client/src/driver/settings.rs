//! What the owner has chosen, asked and changed.

use super::{Client, ClientError};
use crate::{
    engine::settings::{self, ChangeError, Setting},
    rows::SettingsRow,
    store::sealed::Store,
};

/// What is chosen in a store.
pub fn chosen(store: &Store, command: &'static str) -> Result<SettingsRow, ClientError> {
    store.look(command, |rows| settings::of(rows).map_err(ClientError::from))
}

impl Client {
    /// What is chosen.
    pub async fn settings(&self) -> Result<SettingsRow, ClientError> {
        self.look(|rows| Ok(settings::of(rows)?)).await
    }

    /// Chooses something, or goes back to what is chosen if nobody chooses.
    pub async fn choose(
        &self,
        setting: Setting,
        value: Option<String>,
    ) -> Result<SettingsRow, ClientError> {
        self.step(move |draft, _| {
            let value = value.unwrap_or_else(|| setting.value(&SettingsRow::default()));
            settings::change(&draft, setting, &value).map_err(|error| match error {
                ChangeError::Setting(error) => ClientError::Setting(error),
                ChangeError::Store(error) => ClientError::Store(error),
            })?;
            Ok(draft.step(()))
        })
        .await?;
        self.settings().await
    }
}
