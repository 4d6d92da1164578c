//! The relay's own key and certificate: made once, in the data folder.
//!
//! The key is what links pin, so it is never made anew while anything of the old
//! one is there. ECDSA on P-256 is what every client of TLS 1.3 takes (RFC 8446,
//! §9.1).

use std::path::{Path, PathBuf};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};

use super::{TlsError, files::Identity};
use crate::{config::TlsFiles, private};

const KEY: &str = "tls-key.pem";
const CERTIFICATE: &str = "tls-cert.pem";

/// Reads key and certificate, and makes what is not there. A crash in between
/// leaves a key, which the certificate is then made for.
pub(super) fn open_or_make(folder: &Path, names: &[String]) -> Result<Identity, TlsError> {
    let files = TlsFiles { certificate: folder.join(CERTIFICATE), key: folder.join(KEY) };
    let certificate = private::read(&files.certificate)?;
    let key = match (private::read(&files.key)?, &certificate) {
        (Some(key), _) => key,
        (None, None) => make_key(&files.key)?,
        (None, Some(_)) => {
            return Err(TlsError::KeyGone { certificate: files.certificate, key: files.key });
        }
    };
    let certificate = match certificate {
        Some(certificate) => certificate,
        None => make_certificate(&key, &files.certificate, names)?,
    };
    Identity::from_pem(&certificate, &key, &files)
}

/// Where key and certificate lie.
pub(super) fn files(folder: &Path) -> [PathBuf; 2] {
    [KEY, CERTIFICATE].map(|name| folder.join(name))
}

fn make_key(path: &Path) -> Result<String, TlsError> {
    let pem = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?.serialize_pem();
    private::make_file(path, &pem)?;
    Ok(pem)
}

fn make_certificate(key: &str, path: &Path, names: &[String]) -> Result<String, TlsError> {
    let mut params = CertificateParams::new(names)?;
    // Fixed dates: they say nothing about when the relay was set up, hold for
    // clients whose clocks are wrong, and never run out.
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "msg-relay");
    let pem = params.self_signed(&KeyPair::from_pem(key)?)?.pem();
    private::make_file(path, &pem)?;
    Ok(pem)
}

/// Removes key and certificate; gives what is gone. The key goes last: as long as it
/// is there, the certificate can be made again.
pub(super) fn remove(folder: &Path) -> Result<Vec<PathBuf>, TlsError> {
    let mut gone = Vec::new();
    for path in [folder.join(CERTIFICATE), folder.join(KEY)] {
        if private::remove_file(&path)? {
            gone.push(path);
        }
    }
    Ok(gone)
}
