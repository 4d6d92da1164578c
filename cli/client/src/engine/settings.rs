//! Settings by name: what each is for, how its values are written, and where they
//! decide.

use core::{fmt, str::FromStr};

use msg_protocol::{
    address::Address, content::Content, fingerprint::Fingerprint, id::AccountId, time::UnixSeconds,
};
use rand_core::CryptoRng;

use super::{
    EngineError,
    account::Own,
    cards,
    contacts::{self, AcceptError},
};
use crate::{
    rows::{
        Accept, ContactRow, Read as _, SettingsRow, Standing, Trust, TrustPolicy, Whom,
        account::key::SETTINGS,
    },
    step::Draft,
    store::{Rows, StoreError},
    transport::Proxy,
};

/// Entries of the list of those who are let in.
const MAX_LISTED: usize = 1_024;

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Who is sent to.
    TrustPolicy,
    /// Which strangers are let in.
    Accept,
    /// The list of those who are let in.
    AcceptList,
    /// Who is told that their messages have been read.
    Receipts,
    /// Whose invitations into groups are accepted without asking.
    Groups,
    /// The way to relays.
    Proxy,
    /// A link for each recipient.
    Spread,
    /// Whether contacts are told that we are there.
    Presence,
}

/// Why a setting was not changed. The owner's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// No setting is called that.
    #[error("no setting is called {0}")]
    Unknown(String),
    /// It cannot be that.
    #[error("{0} cannot be {1}")]
    Value(Setting, String),
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::TrustPolicy,
        Self::Accept,
        Self::AcceptList,
        Self::Receipts,
        Self::Groups,
        Self::Proxy,
        Self::Spread,
        Self::Presence,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrustPolicy => "trust.policy",
            Self::Accept => "accept",
            Self::AcceptList => "accept.list",
            Self::Receipts => "receipts",
            Self::Groups => "groups",
            Self::Proxy => "proxy",
            Self::Spread => "spread",
            Self::Presence => "presence",
        }
    }

    /// What it can be.
    pub const fn values(self) -> &'static str {
        match self {
            Self::TrustPolicy => "first-use, verified-only",
            Self::Accept => "none, listed, all",
            Self::AcceptList => "fingerprints and addresses with commas between them, none",
            Self::Receipts | Self::Groups => "contacts, verified, none",
            Self::Proxy => "socks5h://HOST:PORT, socks5://HOST:PORT, none",
            Self::Spread | Self::Presence => "on, off",
        }
    }

    /// What it is for.
    pub const fn about(self) -> &'static str {
        match self {
            Self::TrustPolicy => "whom messages are sent to",
            Self::Accept => "which strangers are let in without asking",
            Self::AcceptList => "who is let in if accept is listed",
            Self::Receipts => "who is told that their messages have been read",
            Self::Groups => "whose groups you join without being asked",
            Self::Proxy => "the way to every relay",
            Self::Spread => "a link of its own for each recipient",
            Self::Presence => "whether contacts who ask are told that you are there",
        }
    }

    /// Its value.
    pub fn value(self, row: &SettingsRow) -> String {
        let none = || "none".to_owned();
        match self {
            Self::TrustPolicy => match row.trust {
                TrustPolicy::FirstUse => "first-use".to_owned(),
                TrustPolicy::VerifiedOnly => "verified-only".to_owned(),
            },
            Self::Accept => match row.accept {
                Accept::Nobody => none(),
                Accept::Listed => "listed".to_owned(),
                Accept::Everybody => "all".to_owned(),
            },
            Self::AcceptList if row.accept_list.is_empty() => none(),
            Self::AcceptList => row.accept_list.join(","),
            Self::Receipts => whom_text(row.receipts),
            Self::Groups => whom_text(row.groups),
            Self::Proxy => row.proxy.clone().unwrap_or_else(none),
            Self::Spread => switch_text(row.spread),
            Self::Presence => switch_text(row.presence),
        }
    }

    /// Changes it.
    pub fn set(self, row: &mut SettingsRow, value: &str) -> Result<(), SettingError> {
        let wrong = || SettingError::Value(self, value.to_owned());
        match self {
            Self::TrustPolicy => {
                row.trust = match value {
                    "first-use" => TrustPolicy::FirstUse,
                    "verified-only" => TrustPolicy::VerifiedOnly,
                    _ => return Err(wrong()),
                };
            }
            Self::Accept => {
                row.accept = match value {
                    "none" => Accept::Nobody,
                    "listed" => Accept::Listed,
                    "all" => Accept::Everybody,
                    _ => return Err(wrong()),
                };
            }
            Self::AcceptList => row.accept_list = listed(value).ok_or_else(wrong)?,
            Self::Receipts => row.receipts = whom(value).ok_or_else(wrong)?,
            Self::Groups => row.groups = whom(value).ok_or_else(wrong)?,
            Self::Proxy if value == "none" => row.proxy = None,
            Self::Proxy => {
                value.parse::<Proxy>().map_err(|_| wrong())?;
                row.proxy = Some(value.to_owned());
            }
            Self::Spread => row.spread = switch(value).ok_or_else(wrong)?,
            Self::Presence => row.presence = switch(value).ok_or_else(wrong)?,
        }
        Ok(())
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Setting {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let found = Self::ALL.into_iter().find(|setting| setting.name() == text);
        found.ok_or_else(|| SettingError::Unknown(text.to_owned()))
    }
}

fn switch_text(is_on: bool) -> String {
    if is_on { "on" } else { "off" }.to_owned()
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn whom_text(whom: Whom) -> String {
    match whom {
        Whom::Nobody => "none",
        Whom::Verified => "verified",
        Whom::Contacts => "contacts",
    }
    .to_owned()
}

fn whom(text: &str) -> Option<Whom> {
    Some(match text {
        "none" => Whom::Nobody,
        "verified" => Whom::Verified,
        "contacts" => Whom::Contacts,
        _ => return None,
    })
}

fn listed(text: &str) -> Option<Vec<String>> {
    if text == "none" {
        return Some(Vec::new());
    }
    let entries = text.split(',').map(|entry| {
        let entry = entry.trim();
        let fingerprint = entry.parse::<Fingerprint>().ok().map(|found| found.to_string());
        fingerprint.or_else(|| entry.parse::<Address>().ok().map(|found| found.to_string()))
    });
    entries.collect::<Option<Vec<String>>>().filter(|entries| entries.len() <= MAX_LISTED)
}

/// What is chosen here.
pub fn of(rows: &(impl Rows + ?Sized)) -> Result<SettingsRow, StoreError> {
    Ok(rows.row(SETTINGS)?.unwrap_or_default())
}

/// Chooses; what is held back for it leaves when it allows that.
pub fn change(draft: &Draft<'_>, setting: Setting, value: &str) -> Result<(), ChangeError> {
    let mut row = of(draft)?;
    setting.set(&mut row, value)?;
    draft.write(SETTINGS, &row);
    Ok(())
}

/// Why nothing was chosen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// It cannot be chosen.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The store does not give what it should.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SettingsRow {
    /// Whether what somebody says to a contact has to wait until they are verified.
    /// What lets two accounts work does not wait.
    pub fn holds(&self, contact: &ContactRow, content: &Content) -> bool {
        let is_said = !matches!(
            content,
            Content::Receipt(_)
                | Content::Ping(_)
                | Content::Pong(_)
                | Content::ContactDetails(_)
                | Content::SessionReset(_)
                | Content::GroupOperation(_)
        );
        is_said && self.distrusts(contact)
    }

    /// Whether a contact would have to be verified first.
    pub fn distrusts(&self, contact: &ContactRow) -> bool {
        self.trust == TrustPolicy::VerifiedOnly && contact.trust != Trust::Verified
    }

    /// Whether a stranger is let in, once they were found where they say that they
    /// live: at `place`.
    pub(super) fn lets_in(
        &self,
        contact: &ContactRow,
        place: &Address,
    ) -> Result<bool, EngineError> {
        Ok(match self.accept {
            Accept::Nobody => false,
            Accept::Everybody => true,
            Accept::Listed => {
                let fingerprint = Fingerprint::of(&cards::held(contact)?.identity).to_string();
                let address = place.to_string();
                let mut entries = self.accept_list.iter();
                entries.any(|entry| *entry == fingerprint || *entry == address)
            }
        })
    }
}

/// Accepts a request if the owner has said so once and for all, and if they have
/// been found where they say that they live.
pub(super) fn accept<R: CryptoRng + ?Sized>(
    draft: &Draft<'_>,
    own: &Own,
    id: AccountId,
    now: UnixSeconds,
    rng: &mut R,
) -> Result<(), EngineError> {
    let row = contacts::with(draft, id)?.filter(|row| row.standing == Standing::Request);
    let Some(row) = row else { return Ok(()) };
    let Some(place) = &row.place else { return Ok(()) };
    if !of(draft)?.lets_in(&row, &place.address)? {
        return Ok(());
    }
    match contacts::accept_request(draft, own, id, now, rng) {
        // It stays a request: its owner hears of the contact whose place it takes.
        Ok(()) | Err(AcceptError::InPlaceOf(_) | AcceptError::NotFound(_)) => Ok(()),
        Err(AcceptError::Engine(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_shows_what_it_was_set_to() {
        let fingerprint = Fingerprint::of(&msg_protocol::key::IdentityKey([3; 32])).to_string();
        let list = format!("{fingerprint},bob@relay.example");
        let cases = [
            ("trust.policy", "verified-only"),
            ("accept", "listed"),
            ("accept.list", list.as_str()),
            ("receipts", "verified"),
            ("groups", "contacts"),
            ("proxy", "socks5h://127.0.0.1:9050"),
            ("spread", "on"),
            ("presence", "on"),
        ];
        assert_eq!(cases.map(|(name, _)| name), Setting::ALL.map(Setting::name));
        let (mut row, default) = (SettingsRow::default(), SettingsRow::default());
        for (name, value) in cases {
            let setting: Setting = name.parse().unwrap();
            assert_ne!(setting.value(&row), value, "{name}");
            setting.set(&mut row, value).unwrap();
            assert_eq!(setting.value(&row), value, "{name}");
            for wrong in ["", "x y", "ON"] {
                let refused = setting.set(&mut row, wrong);
                assert_eq!(refused, Err(SettingError::Value(setting, wrong.to_owned())));
            }
            let back = setting.value(&default);
            setting.set(&mut row, &back).unwrap();
            assert_eq!(row, default, "{name}");
        }
        assert!("trust".parse::<Setting>().is_err());
    }
}
