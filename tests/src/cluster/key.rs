//! The key and the certificate that all relays of a cluster show.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rcgen::{CertificateParams, KeyPair};

/// Those in a folder, made there the first time: where the certificate and the key are.
pub(super) fn open_or_make(folder: &Path) -> (PathBuf, PathBuf) {
    let (chain, key) = (folder.join("tls.pem"), folder.join("tls.key"));
    if key.exists() {
        return (chain, key);
    }
    let pair = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let certificate = params.self_signed(&pair).unwrap();
    fs::write(&chain, certificate.pem()).unwrap();
    fs::write(&key, pair.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    (chain, key)
}
