//! `msg config`.

use msg_client::{engine::settings::Setting, rows::SettingsRow};

use crate::{
    account,
    args::{Globals, account::Config},
    failure::{Exit, Failure},
    report::{self, setting},
};

/// Shows settings, or changes one.
pub(crate) async fn run(globals: &Globals, args: &Config) -> Result<Exit, Failure> {
    let client = account::open(globals, "config")?;
    let Some(name) = &args.setting else {
        let row = client.settings().await?;
        return say(globals, &Setting::ALL, &row);
    };
    let found = name.parse::<Setting>().map_err(|error| {
        Failure::new(Exit::Usage, error.to_string()).hint("msg config lists them")
    })?;
    let row = match (&args.value, args.reset) {
        (None, false) => client.settings().await?,
        (value, _) => client.choose(found, value.clone()).await?,
    };
    say(globals, &[found], &row)
}

fn say(globals: &Globals, settings: &[Setting], row: &SettingsRow) -> Result<Exit, Failure> {
    let default = SettingsRow::default();
    for setting in settings {
        let said = setting::Setting {
            name: setting.name(),
            value: setting.value(row),
            is_default: setting.value(row) == setting.value(&default),
            values: setting.values(),
            about: setting.about(),
        };
        report::say(globals, &said)?;
    }
    Ok(Exit::Done)
}
