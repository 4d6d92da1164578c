//! A key and its certificate, out of PEM files.

use std::{path::Path, sync::Arc};

use msg_protocol::address::Pin;
use rustls::{
    CertificateError, Error, InconsistentKeys,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::ParsedCertificate,
    sign::CertifiedKey,
};

use super::TlsError;
use crate::{config::TlsFiles, private};

/// A key with the certificate that goes with it, and its pin.
pub(super) struct Identity {
    pub(super) key: CertifiedKey,
    pub(super) pin: Pin,
}

impl Identity {
    /// The operator's.
    pub(super) fn provided(files: &TlsFiles) -> Result<Self, TlsError> {
        let certificate = private::read_provided(&files.certificate, false)?;
        let key = private::read_provided(&files.key, true)?;
        Self::from_pem(&certificate, &key, files)
    }

    /// From the texts of those files.
    pub(super) fn from_pem(
        certificate: &str,
        key: &str,
        files: &TlsFiles,
    ) -> Result<Self, TlsError> {
        let chain = chain(certificate, &files.certificate)?;
        let pin = pin(&chain, &files.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| TlsError::Pem { path: files.key.clone(), expected: "private key" })?;
        let key =
            CertifiedKey::from_der(chain, key, &provider()).map_err(|source| match source {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                    certificate: files.certificate.clone(),
                    key: files.key.clone(),
                },
                source => TlsError::Key { path: files.key.clone(), source },
            })?;
        Ok(Self { key, pin })
    }
}

/// The primitives of TLS.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn chain(pem: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = || TlsError::Pem { path: path.to_owned(), expected: "certificate" };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(none)
}

/// The pin of a chain's first certificate.
fn pin(chain: &[CertificateDer<'_>], path: &Path) -> Result<Pin, TlsError> {
    let unusable = |source| TlsError::Certificate { path: path.to_owned(), source };
    let first = chain.first().ok_or(CertificateError::BadEncoding.into()).map_err(unusable)?;
    let parsed = ParsedCertificate::try_from(first).map_err(unusable)?;
    Ok(Pin::of(&parsed.subject_public_key_info()))
}
