//! Both ends of TLS in one process, the server's with keys of the test's making.

use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls::{ClientConnection, ServerConfig, ServerConnection, pki_types::PrivateKeyDer};

use super::*;

/// A server whose certificate is of one key and whose private key may be another.
fn server(shown: &KeyPair, held: &KeyPair) -> Arc<ServerConfig> {
    let params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let certificate = params.self_signed(shown).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(held.serialize_der().into());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let certified = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    Arc::new(config)
}

fn pin(key: &KeyPair) -> Pin {
    Pin::of(&key.subject_public_key_info())
}

/// Whether the client ends the handshake content.
fn handshake(pin: Pin, server: Arc<ServerConfig>) -> Result<(), Error> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(trusting(pin, &[]), name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    while client.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn the_pinned_key_is_trusted() {
    let key = KeyPair::generate().unwrap();
    handshake(pin(&key), server(&key, &key)).unwrap();
}

#[test]
fn another_key_is_refused() {
    let (pinned, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let refusal = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
    assert_eq!(handshake(pin(&pinned), server(&other, &other)), Err(refusal));
}

#[test]
fn a_copied_certificate_without_its_key_is_refused() {
    let (pinned, thief) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let refusal = Error::InvalidCertificate(CertificateError::BadSignature);
    assert_eq!(handshake(pin(&pinned), server(&pinned, &thief)), Err(refusal));
}
