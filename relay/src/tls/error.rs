//! Why there is no TLS: the operator's fault or the environment's.

use std::path::PathBuf;

use crate::private::PrivateError;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TlsError {
    /// A file cannot be had, or others can get at it.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// A file holds no PEM of that kind.
    #[error("{path} holds no {expected} in PEM", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// A certificate that is none, or of a kind that nobody takes any more.
    #[error("the certificate in {path} cannot be used: {source}", path = path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// A key that is none, or of a kind that nobody takes any more.
    #[error("the key in {path} cannot be used: {source}", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The certificate is another key's.
    #[error(
        "the certificate in {certificate} is not for the key in {key}",
        certificate = certificate.display(),
        key = key.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The relay's own certificate is there without its key.
    #[error(
        "{certificate} is there, and its key {key} is not",
        certificate = certificate.display(),
        key = key.display()
    )]
    KeyGone {
        /// The certificate's file.
        certificate: PathBuf,
        /// Where the key should be.
        key: PathBuf,
    },
    /// A key or a certificate could not be made.
    #[error("cannot make a TLS key and certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// TLS does not take what it was given.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

impl TlsError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Private(error) => error.hint(),
            Self::Mismatch { .. } => {
                Some("the relay's own certificate comes first in its file".to_owned())
            }
            Self::KeyGone { certificate, .. } => Some(format!(
                "bring the key back from a backup; with {} removed as well a new key is made, and \
                 links with the old pin lead nowhere",
                certificate.display()
            )),
            _ => None,
        }
    }
}
