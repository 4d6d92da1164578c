//! TLS 1.3 as a client: whom to trust, and what a failed handshake means.
//!
//! A pin names one key. Its certificate's names and dates say nothing then, but
//! the handshake's signature is checked all the same: who shows the certificate
//! must hold the key. SPEC §"Addresses and links".

use std::{io, sync::Arc};

use msg_protocol::{address::Pin, version::ALPN};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
    version::TLS13,
};
use tokio::{net::TcpStream, task::spawn_blocking};
use tokio_rustls::client::TlsStream;

use super::{DialError, Distrust, Roots, TlsFault};

/// What a relay without a pin is checked by, ready for use.
#[derive(Debug)]
pub(super) struct Authorities(Arc<ClientConfig>);

impl Authorities {
    /// Reads them. A system that has none knows no relay without a pin.
    pub(super) async fn read(roots: Roots) -> Result<Self, DialError> {
        let read = move || match roots {
            Roots::System => rustls_native_certs::load_native_certs().certs,
            Roots::Given(certificates) => certificates,
        };
        let certificates = spawn_blocking(read).await.map_err(|_| TlsFault::Local)?;
        let mut store = RootCertStore::empty();
        // Some systems keep certificates that are no authorities.
        store.add_parsable_certificates(certificates);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider));
        let trust = Trust::Authorities(builder.build().ok());
        Ok(Self(config(trust, provider)?))
    }

    /// TLS that trusts whom they vouch for.
    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}

/// TLS that trusts exactly one key.
pub(super) fn pinned(pin: Pin) -> Result<Arc<ClientConfig>, TlsFault> {
    config(Trust::Pin(pin), Arc::new(aws_lc_rs::default_provider()))
}

fn config(trust: Trust, provider: Arc<CryptoProvider>) -> Result<Arc<ClientConfig>, TlsFault> {
    let verifier = Verifier { trust, provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(|_| TlsFault::Local)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Trust {
    /// That key.
    Pin(Pin),
    /// Whom they vouch for; `None` if there are none.
    Authorities(Option<Arc<WebPkiServerVerifier>>),
}

/// A verdict on its way through rustls.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Refused(DialError);

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = ParsedCertificate::try_from(end_entity)?;
        let presented = Pin::of(&presented.subject_public_key_info());
        match &self.trust {
            Trust::Pin(expected) if *expected == presented => Ok(ServerCertVerified::assertion()),
            Trust::Pin(expected) => {
                Err(refuse(DialError::PinMismatch { expected: *expected, presented }))
            }
            Trust::Authorities(None) => {
                Err(refuse(DialError::Unknown { pin: presented, why: Distrust::NoAuthorities }))
            }
            Trust::Authorities(Some(verifier)) => verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| {
                    refuse(DialError::Unknown { pin: presented, why: distrust(&error) })
                }),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn refuse(error: DialError) -> Error {
    CertificateError::Other(OtherError(Arc::new(Refused(error)))).into()
}

const fn distrust(error: &Error) -> Distrust {
    use CertificateError as Certificate;
    let Error::InvalidCertificate(error) = error else { return Distrust::Invalid };
    match error {
        // A bad signature is one of somebody who has taken an authority's name.
        Certificate::UnknownIssuer | Certificate::BadSignature => Distrust::Issuer,
        Certificate::Expired | Certificate::ExpiredContext { .. } => Distrust::Expired,
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => Distrust::NotYet,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => Distrust::Host,
        Certificate::Revoked => Distrust::Revoked,
        _ => Distrust::Invalid,
    }
}

/// A relay that answers no protocol could be anything.
pub(super) fn check_protocol(stream: &TlsStream<TcpStream>) -> Result<(), TlsFault> {
    let (_, connection) = stream.get_ref();
    if connection.alpn_protocol() == Some(ALPN) { Ok(()) } else { Err(TlsFault::Protocol) }
}

/// What a failed handshake means. None of the relay's own words are kept.
pub(super) fn fault(error: &io::Error) -> DialError {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => TlsFault::Ended,
            kind => TlsFault::Network(kind),
        }
        .into();
    };
    if let Error::InvalidCertificate(CertificateError::Other(OtherError(verdict))) = error
        && let Some(Refused(verdict)) = verdict.downcast_ref()
    {
        return *verdict;
    }
    match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            TlsFault::Version
        }
        Error::AlertReceived(AlertDescription::NoApplicationProtocol)
        | Error::NoApplicationProtocol => TlsFault::Protocol,
        Error::AlertReceived(alert) => TlsFault::Alert((*alert).into()),
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => TlsFault::NotTls,
        Error::FailedToGetRandomBytes | Error::FailedToGetCurrentTime => TlsFault::Local,
        _ => TlsFault::Invalid,
    }
    .into()
}
