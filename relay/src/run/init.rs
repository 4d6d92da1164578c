//! A relay that is made and does not serve yet: its folder, key, certificate and
//! store.

use msg_protocol::address::RelayLink;

use super::{RunError, certificate_names, public_address, source};
use crate::{
    admin::Report,
    config::{Config, Engine},
    private,
    startup::DataLock,
    store::redb::Redb,
    tls::Tls,
};

/// Makes everything that a first start would make, and gives the link. There must
/// be no store yet; a key that is there stays.
pub(crate) fn init(config: &Config) -> Result<Report, RunError> {
    if config.engine != Engine::Redb {
        return Err(RunError::NotInFolder);
    }
    private::make_folder(&config.data)?;
    let _lock = DataLock::take(&config.data)?;
    Redb::create(&config.data)?;
    let relay = public_address(config, config.listen)?;
    let names = certificate_names(&relay, config.listen);
    let pin = Tls::open(&source(config, &names))?.pin();
    let link = RelayLink { relay, pin: Some(pin), invite: None };
    Ok(Report::Made {
        link: link.to_secret_text(),
        pin: pin.to_string(),
        folder: config.data.to_string_lossy().into_owned(),
    })
}
