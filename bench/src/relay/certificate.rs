//! The key and certificate that the other servers show, in files as they want them.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use msg_protocol::address::Pin;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};

/// An ECDSA key on P-256 and a certificate that it has signed itself.
pub(crate) struct Certificate {
    /// The certificate, PEM.
    pub(crate) chain: PathBuf,
    /// The private key, PEM, for its owner alone.
    pub(crate) key: PathBuf,
    /// What clients trust.
    pub(crate) pin: Pin,
}

impl Certificate {
    /// Writes both files into a folder.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = CertificateParams::new(vec!["localhost".into()]).map_err(io::Error::other)?;
        let chain = params.self_signed(&key).map_err(io::Error::other)?;
        let pin = Pin::of(&key.subject_public_key_info());
        let files = Self { chain: folder.join("chain.pem"), key: folder.join("key.pem"), pin };
        fs::write(&files.chain, chain.pem())?;
        fs::write(&files.key, key.serialize_pem())?;
        fs::set_permissions(&files.key, Permissions::from_mode(0o600))?;
        Ok(files)
    }
}
