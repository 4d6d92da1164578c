//! The handshake from both ends, and the files of key and certificate.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use rustls::{
    AlertDescription, ClientConfig, ClientConnection, NamedGroup, ProtocolVersion,
    ServerConnection, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::*;
use crate::test_folder::Folder;

/// Trusts one key, as a client with a pin does.
#[derive(Debug)]
struct Pinned(Pin, Arc<CryptoProvider>);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let parsed = rustls::server::ParsedCertificate::try_from(certificate)?;
        if Pin::of(&parsed.subject_public_key_info()) != self.0 {
            return Err(rustls::CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::HandshakeNotComplete)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.1.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

struct Ends {
    client: ClientConnection,
    server: ServerConnection,
}

/// A handshake in memory; gives both ends, or what either made of the other.
fn handshake(tls: &Tls, pin: Pin, alpn: &[&[u8]]) -> Result<Ends, rustls::Error> {
    let provider = files::provider();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(pin, provider)))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(&tls.subscribe().borrow())).unwrap();
    for _ in 0..8 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut input = bytes.as_slice();
        while !input.is_empty() {
            server.read_tls(&mut input).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut input = bytes.as_slice();
        while !input.is_empty() {
            client.read_tls(&mut input).unwrap();
            client.process_new_packets()?;
        }
    }
    Ok(Ends { client, server })
}

fn own(folder: &Folder) -> Source {
    Source::Own(folder.path().to_owned(), vec!["localhost".into(), "127.0.0.1".into()])
}

fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

/// The pin as other tools compute it.
fn pin_by_openssl(certificate: &Path) -> Vec<u8> {
    let key = openssl(&["x509", "-pubkey", "-noout"], &fs::read(certificate).unwrap());
    let key = openssl(&["pkey", "-pubin", "-outform", "der"], &key);
    openssl(&["dgst", "-sha256", "-binary"], &key)
}

/// A key and a certificate as an operator brings them.
fn provided(folder: &Folder, name: &str, algorithm: &[&str]) -> TlsFiles {
    let [key, certificate] =
        ["key", "crt"].map(|kind| folder.path().join(format!("{name}.{kind}")));
    let mut arguments = vec!["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=relay.example"];
    arguments.extend(["-addext", "subjectAltName=DNS:relay.example", "-newkey"]);
    arguments.extend(algorithm);
    let [key_text, certificate_text] = [&key, &certificate].map(|path| path.to_str().unwrap());
    arguments.extend(["-keyout", key_text, "-out", certificate_text]);
    let made = Command::new("openssl").args(arguments).stderr(Stdio::null()).status();
    assert!(made.expect("openssl is installed").success());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    TlsFiles { certificate, key }
}

#[test]
fn a_link_is_tls_1_3_with_a_post_quantum_key_exchange_and_no_tickets() {
    let folder = Folder::new("tls-link");
    let tls = Tls::open(&own(&folder)).unwrap();
    let Ends { client, server } = handshake(&tls, tls.pin(), &[b"msg/1"]).unwrap();
    assert!(!client.is_handshaking() && !server.is_handshaking());
    assert_eq!(server.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(server.alpn_protocol(), Some(&b"msg/1"[..]));
    let group = server.negotiated_key_exchange_group().map(rustls::crypto::SupportedKxGroup::name);
    assert_eq!(group, Some(NamedGroup::X25519MLKEM768));
    assert_eq!(client.tls13_tickets_received(), 0);
}

#[test]
fn who_names_no_protocol_or_another_is_refused() {
    let folder = Folder::new("tls-alpn");
    let tls = Tls::open(&own(&folder)).unwrap();
    assert!(handshake(&tls, tls.pin(), &[]).is_err());
    let error = handshake(&tls, tls.pin(), &[b"h2"]).err();
    assert_eq!(error, Some(rustls::Error::NoApplicationProtocol));
    let alert = AlertDescription::NoApplicationProtocol;
    assert_ne!(error, Some(rustls::Error::AlertReceived(alert)), "the relay is who refuses");
}

#[test]
fn another_pin_is_not_trusted() {
    let folder = Folder::new("tls-pin");
    let tls = Tls::open(&own(&folder)).unwrap();
    assert!(handshake(&tls, Pin::new([7; 32]), &[b"msg/1"]).is_err());
}

#[test]
fn own_key_and_certificate_are_made_once() {
    let folder = Folder::new("tls-own");
    let pin = Tls::open(&own(&folder)).unwrap().pin();
    assert_eq!(Tls::open(&own(&folder)).unwrap().pin(), pin);
    for name in ["tls-key.pem", "tls-cert.pem"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }

    // A crash between the two leaves the key, which stays what it was.
    fs::remove_file(folder.path().join("tls-cert.pem")).unwrap();
    assert_eq!(Tls::open(&own(&folder)).unwrap().pin(), pin);

    // A lost key is not replaced behind the operator's back.
    fs::remove_file(folder.path().join("tls-key.pem")).unwrap();
    let error = Tls::open(&own(&folder)).unwrap_err();
    assert!(matches!(error, TlsError::KeyGone { .. }), "{error}");
    assert!(!folder.path().join("tls-key.pem").exists());
}

#[test]
fn the_pin_is_what_openssl_says() {
    let folder = Folder::new("tls-openssl");
    let tls = Tls::open(&own(&folder)).unwrap();
    let expected = pin_by_openssl(&folder.path().join("tls-cert.pem"));
    assert_eq!(tls.pin().as_bytes().as_slice(), expected);

    let algorithms: [&[&str]; 3] =
        [&["rsa:2048"], &["ed25519"], &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]];
    for (name, algorithm) in ["rsa", "ed25519", "p384"].into_iter().zip(algorithms) {
        let files = provided(&folder, name, algorithm);
        let tls = Tls::open(&Source::Files(files.clone())).unwrap();
        assert_eq!(tls.pin().as_bytes().as_slice(), pin_by_openssl(&files.certificate), "{name}");
        handshake(&tls, tls.pin(), &[b"msg/1"]).unwrap();
    }
}

#[test]
fn a_key_and_another_keys_certificate_are_refused() {
    let folder = Folder::new("tls-mismatch");
    let [a, b] = ["a", "b"].map(|name| provided(&folder, name, &["ed25519"]));
    let mixed = TlsFiles { certificate: a.certificate.clone(), key: b.key };
    let error = Tls::open(&Source::Files(mixed)).unwrap_err();
    assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");

    let swapped = TlsFiles { certificate: a.key, key: a.certificate };
    fs::set_permissions(&swapped.key, fs::Permissions::from_mode(0o600)).unwrap();
    let error = Tls::open(&Source::Files(swapped)).unwrap_err();
    assert!(matches!(error, TlsError::Pem { .. }), "{error}");
}

#[test]
fn a_renewed_certificate_is_shown_to_new_links_and_a_broken_one_to_nobody() -> io::Result<()> {
    let folder = Folder::new("tls-reload");
    let [files, renewed] = ["now", "next"].map(|name| provided(&folder, name, &["ed25519"]));
    let source = Source::Files(files.clone());
    let tls = Tls::open(&source).unwrap();
    let first = tls.pin();
    let Ends { mut client, mut server } = handshake(&tls, first, &[b"msg/1"]).unwrap();

    fs::write(&files.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n")?;
    assert!(tls.reload(&source).is_err());
    assert_eq!(tls.pin(), first);
    handshake(&tls, first, &[b"msg/1"]).unwrap();

    fs::copy(&renewed.certificate, &files.certificate)?;
    assert!(matches!(tls.reload(&source), Err(TlsError::Mismatch { .. })));
    fs::copy(&renewed.key, &files.key)?;
    tls.reload(&source).unwrap();
    let second = tls.pin();
    assert_ne!(second, first);
    handshake(&tls, second, &[b"msg/1"]).unwrap();
    assert!(handshake(&tls, first, &[b"msg/1"]).is_err());

    // The link from before goes on.
    client.writer().write_all(b"still here")?;
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes)?;
    server.read_tls(&mut bytes.as_slice())?;
    assert_eq!(server.process_new_packets().unwrap().plaintext_bytes_to_read(), 10);
    Ok(())
}
