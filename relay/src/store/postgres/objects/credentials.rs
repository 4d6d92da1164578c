//! Who we are to a bucket: what the environment says, or the file that it names.

use std::path::Path;

use crate::private::{self, PrivateError};

/// Whether a name such as `AWS_PROFILE` is set, and to what.
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";
const FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";
const PROFILE: &str = "AWS_PROFILE";

/// A key and its secret. Never shown.
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// Why there are none. The operator's to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Nothing says who we are.
    #[error("a bucket needs credentials, and there are none")]
    None,
    /// The file cannot be read, or others can.
    #[error(transparent)]
    File(#[from] PrivateError),
    /// The profile is not in the file, or not whole.
    #[error("the file of credentials has no key and secret for `{0}`")]
    Profile(String),
}

impl CredentialsError {
    /// What to do about it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::File(error) if error.hint().is_some() => error.hint().unwrap_or_default(),
            _ => format!("set {KEY_ID} and {SECRET}, or name a file that has them in {FILE}"),
        }
    }
}

/// Reads them.
pub(super) fn read(
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Credentials, CredentialsError> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    if let (Some(id), Some(secret)) = (set(KEY_ID), set(SECRET)) {
        return Ok(Credentials { id, secret, token: set(TOKEN) });
    }
    let file = set(FILE).ok_or(CredentialsError::None)?;
    let profile = set(PROFILE).unwrap_or_else(|| "default".to_owned());
    let text = private::read_provided(Path::new(&file), true)?;
    of_profile(&text, &profile).ok_or(CredentialsError::Profile(profile))
}

/// The lines `name = value` below `[profile]`.
fn of_profile(text: &str, profile: &str) -> Option<Credentials> {
    let lines = text.lines().map(str::trim);
    let lines = lines.skip_while(|line| section(line) != Some(profile)).skip(1);
    let lines = lines.take_while(|line| section(line).is_none());
    let pairs: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once('=')).collect();
    let value = |wanted: &str| {
        let found = pairs.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    Some(Credentials { id: value(KEY_ID)?, secret: value(SECRET)?, token: value(TOKEN) })
}

fn section(line: &str) -> Option<&str> {
    Some(line.strip_prefix('[')?.strip_suffix(']')?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::Folder;

    fn given(pairs: &[(&str, &str)]) -> Result<(String, String, Option<String>), String> {
        let environment = |wanted: &str| {
            let found = pairs.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        let read = read(environment).map_err(|error| error.to_string());
        read.map(|credentials| (credentials.id, credentials.secret, credentials.token))
    }

    #[test]
    fn they_stand_in_the_environment() {
        let key = (KEY_ID, "id");
        assert_eq!(
            given(&[key, (SECRET, "secret")]),
            Ok(("id".to_owned(), "secret".to_owned(), None))
        );
        let with_token = given(&[key, (SECRET, "secret"), (TOKEN, "token")]);
        assert_eq!(with_token.unwrap().2.as_deref(), Some("token"));
        let none = Err(CredentialsError::None.to_string());
        for missing in [&[][..], &[key], &[key, (SECRET, "")]] {
            assert_eq!(given(missing), none);
        }
    }

    #[test]
    fn or_in_a_file_that_nobody_else_may_read() {
        let folder = Folder::new("credentials");
        let path = folder.path().join("credentials");
        private::make_file(
            &path,
            "[default]\naws_access_key_id = a\naws_secret_access_key = b\n\n\
             [relay]\naws_access_key_id=c\naws_secret_access_key=d=\naws_session_token = e\n\
             [half]\naws_access_key_id = f\n",
        )
        .unwrap();
        let file = (FILE, path.to_str().unwrap());
        assert_eq!(given(&[file]), Ok(("a".to_owned(), "b".to_owned(), None)));
        let relay = given(&[file, (PROFILE, "relay")]);
        assert_eq!(relay, Ok(("c".to_owned(), "d=".to_owned(), Some("e".to_owned()))));
        for profile in ["half", "none"] {
            let error = given(&[file, (PROFILE, profile)]).unwrap_err();
            assert!(error.contains(profile) && !error.contains('f'.to_string().repeat(2).as_str()));
        }
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .unwrap();
        assert!(given(&[file]).unwrap_err().contains("644"));
    }
}
