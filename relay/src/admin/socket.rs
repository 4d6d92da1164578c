//! Where an operator's orders come in: a socket of mode 0600 in a folder of mode
//! 0700, and behind it a look at who has connected.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

use crate::startup::DataLock;

const FILE: &str = "admin.sock";
const ROOT: u32 = 0;

/// Why there is no socket. The environment's fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SocketError {
    /// The system says no.
    #[error("cannot make the socket {path}: {source}", path = path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something else has its name.
    #[error("{path} is there and is not a socket", path = path.display())]
    Occupied {
        /// What.
        path: PathBuf,
    },
}

impl SocketError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::InvalidInput => Some(
                "the path of a socket is 107 bytes at most; choose a shorter --data".to_owned(),
            ),
            Self::Occupied { .. } => Some("move it away".to_owned()),
            Self::Io { .. } => None,
        }
    }
}

/// The socket of a data folder.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// A socket that is listened on; its file goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Makes it. Whoever holds the lock of the folder may take the place of a
    /// socket that is there: its relay is dead. In a runtime only.
    pub(crate) fn open(folder: &Path, _lock: &DataLock) -> Result<Self, SocketError> {
        let path = path(folder);
        let io_error = |source| SocketError::Io { path: path.clone(), source };
        match fs::symlink_metadata(&path) {
            Ok(found) if found.file_type().is_socket() => {
                fs::remove_file(&path).map_err(io_error)?;
            }
            Ok(_) => return Err(SocketError::Occupied { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(error)),
        }
        let listener = UnixListener::bind(&path).map_err(io_error)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(io_error)?;
        Ok(Self { listener, path })
    }

    /// The next connection of somebody who may give orders.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let user = stream.peer_cred()?.uid();
            if [rustix::process::geteuid().as_raw(), ROOT].contains(&user) {
                return Ok(stream);
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that stays is replaced by the next relay.
        let _ = fs::remove_file(&self.path);
    }
}
