//! Where things are: the folder of a profile.
//!
//! `--home` or `MSG_HOME`, else `msg` in the XDG data folder; in it one folder a
//! profile. Nothing here touches the disk.

use core::{fmt, str::FromStr};
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

const DEFAULT_PROFILE: &str = "default";
const MAX_PROFILE_BYTES: usize = 32;

/// The name of one of the user's accounts on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile(String);

/// Why a text names no profile. The writer's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a profile is 1 to 32 of a-z, A-Z, 0-9, dot, underscore and hyphen, first no mark")]
pub(crate) struct ProfileError;

/// Why there is no folder. The environment's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no home folder: HOME is not set")]
pub(crate) struct NoHome;

impl Default for Profile {
    fn default() -> Self {
        Self(DEFAULT_PROFILE.to_owned())
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && text.len() <= MAX_PROFILE_BYTES && text.chars().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProfileError)
        }
    }
}

/// The folder of a profile, as the arguments and the environment say.
pub(crate) fn profile_folder(home: Option<&Path>, profile: &Profile) -> Result<PathBuf, NoHome> {
    let home = match home.filter(|home| !home.as_os_str().is_empty()) {
        Some(home) => std::path::absolute(home).map_err(|_| NoHome)?,
        None => data_folder(env::var_os("XDG_DATA_HOME"), env::var_os("HOME"))?.join("msg"),
    };
    Ok(home.join(&profile.0))
}

/// The XDG data folder. One that is not absolute does not count, says the XDG
/// specification.
fn data_folder(xdg: Option<OsString>, home: Option<OsString>) -> Result<PathBuf, NoHome> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    let xdg = xdg.and_then(absolute);
    let home = home.and_then(absolute).map(|home| home.join(".local/share"));
    xdg.or(home).ok_or(NoHome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_xdg_folder_comes_first_if_it_is_absolute() {
        let folder = |xdg: Option<&str>, home: Option<&str>| {
            data_folder(xdg.map(OsString::from), home.map(OsString::from))
        };
        assert_eq!(folder(Some("/x"), Some("/h")), Ok("/x".into()));
        assert_eq!(folder(Some("x"), Some("/h")), Ok("/h/.local/share".into()));
        assert_eq!(folder(Some(""), Some("/h")), Ok("/h/.local/share".into()));
        assert_eq!(folder(None, Some("/h")), Ok("/h/.local/share".into()));
        assert_eq!(folder(None, None), Err(NoHome));
        assert_eq!(folder(None, Some("h")), Err(NoHome));
    }

    #[test]
    fn a_profile_is_a_folder_in_the_home() {
        let profile: Profile = "work".parse().unwrap();
        let folder = profile_folder(Some(Path::new("/m")), &profile).unwrap();
        assert_eq!(folder, Path::new("/m/work"));
        let folder = profile_folder(Some(Path::new("m")), &Profile::default()).unwrap();
        assert!(folder.is_absolute() && folder.ends_with("m/default"));
    }

    #[test]
    fn a_profile_cannot_name_another_folder() {
        for text in ["", ".", "..", "../x", "a/b", "-x", "a b", "é", &"x".repeat(33)] {
            assert_eq!(text.parse::<Profile>(), Err(ProfileError), "{text}");
        }
    }
}
