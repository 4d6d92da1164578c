//! Debian's PostgreSQL: the newest version that is installed, and the user that it
//! runs as, for it refuses to run as root.

use std::{
    fmt, fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_basebackup"];

/// The programs of one version.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

/// Who servers run as, where that is somebody else.
#[derive(Debug, Clone, Copy)]
struct User {
    user: u32,
    group: u32,
}

/// PostgreSQL is not there, or may not run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absent {
    /// No version is installed.
    Programs,
    /// Its package's user is missing, and root may not run it.
    User,
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Programs => "PostgreSQL is not installed (no initdb in /usr/lib/postgresql)",
            Self::User => "PostgreSQL does not run as root, and there is no user `postgres`",
        };
        write!(f, "{what}; `cargo xtask test` installs it, or: apt-get install postgresql")
    }
}

impl std::error::Error for Absent {}

/// Whether PostgreSQL can be started here. The first time that it cannot, this says
/// so, and what is left out.
pub fn are_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| match Programs::find() {
        Ok(_) => true,
        Err(absent) => {
            eprintln!("skipped, with every test that needs it: {absent}");
            false
        }
    })
}

impl Programs {
    /// Those of the newest version.
    pub fn find() -> Result<Self, Absent> {
        let folder = newest(Path::new(VERSIONS)).ok_or(Absent::Programs)?;
        if !rustix::process::getuid().is_root() {
            return Ok(Self { folder, user: None });
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let user = user(&users).ok_or(Absent::User)?;
        Ok(Self { folder, user: Some(user) })
    }

    /// One of them, about to be run in that folder as the right user, with neither
    /// input nor a terminal's signals.
    pub(crate) fn command(&self, name: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.current_dir(folder).stdin(Stdio::null()).process_group(0);
        // The user's own settings of clients are not for these.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        if let Some(User { user, group }) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Makes servers the owner of a file or folder.
    pub(crate) fn hand_over(&self, path: &Path) {
        if let Some(User { user, group }) = self.user {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = fs::read_dir(versions).ok()?.flatten().map(|entry| entry.path());
    let numbered = folders.filter_map(|path| Some((version(&path)?, path.join("bin"))));
    let whole = numbered.filter(|(_, bin)| NEEDED.iter().all(|name| bin.join(name).is_file()));
    whole.max().map(|(_, bin)| bin)
}

fn user(users: &str) -> Option<User> {
    let fields = users.lines().find_map(|line| line.strip_prefix("postgres:"))?;
    let mut numbers = fields.split(':').skip(1).map_while(|text| text.parse().ok());
    Some(User { user: numbers.next()?, group: numbers.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_taken_by_its_number() {
        let versions = tempfile::tempdir().unwrap();
        for (version, programs) in [("9", &NEEDED[..]), ("15", &NEEDED), ("17", &NEEDED[..1])] {
            let bin = versions.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            for name in programs {
                fs::write(bin.join(name), "").unwrap();
            }
        }
        assert_eq!(newest(versions.path()), Some(versions.path().join("15/bin")));
        assert_eq!(newest(&versions.path().join("none")), None);
    }

    #[test]
    fn the_user_is_the_packages() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres:x:104:110:,,,:/var:/bin/bash\n";
        assert!(matches!(user(users), Some(User { user: 104, group: 110 })));
        assert!(user("postgresql:x:1:1::/:/bin/sh").is_none());
    }
}
