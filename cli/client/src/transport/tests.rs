//! Relays that may be trusted and relays that may not, over real TLS on loopback.

mod socks;
mod trust;

use std::net::Ipv4Addr;

use msg_protocol::version::ALPN;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData as _,
    date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, server};

use super::*;

/// A certificate and a key, not of each other unless they were made so.
pub(crate) struct Shown {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    pub(crate) pin: Pin,
}

/// The validity of a certificate, in years.
type Years = (i32, i32);

const ALWAYS: Years = (2020, 4096);

fn params(host: &str, years: Years) -> CertificateParams {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

fn shown(certificate: CertificateDer<'static>, key: &KeyPair) -> Shown {
    Shown { certificate, key: key.serialize_der(), pin: Pin::of(&key.subject_public_key_info()) }
}

impl Shown {
    /// A certificate that nobody vouches for, for another host and out of date.
    pub(crate) fn by_itself() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params("elsewhere.example", (2020, 2021)).self_signed(&key).unwrap();
        shown(certificate.der().clone(), &key)
    }

    fn config(&self, protocols: &[&[u8]]) -> ServerConfig {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let key = aws_lc_rs::default_provider().key_provider.load_private_key(key).unwrap();
        let certified = CertifiedKey::new(vec![self.certificate.clone()], key);
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&TLS13])
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    }
}

/// Signs certificates.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        Self::named("authority")
    }

    fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn vouch(&self, host: &str, years: Years) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = params(host, years).signed_by(&key, &self.issuer).unwrap();
        shown(certificate.der().clone(), &key)
    }

    /// A dialer that knows this authority alone.
    fn dialer(&self) -> Dialer {
        dialer(None, Roots::Given(vec![self.certificate.clone()]))
    }
}

fn dialer(proxy: Option<Proxy>, roots: Roots) -> Dialer {
    Dialer::new(DialSettings { proxy, roots, ..DialSettings::default() })
}

/// A port on loopback.
pub(crate) struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Server {
    pub(crate) async fn new(shown: &Shown) -> Self {
        Self::with(shown.config(&[ALPN])).await
    }

    async fn with(config: ServerConfig) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// The address under that name.
    pub(crate) fn address(&self, host: &str) -> RelayAddress {
        RelayAddress::new(host.parse().unwrap(), self.port()).unwrap()
    }

    pub(crate) async fn accept(&self) -> std::io::Result<server::TlsStream<TcpStream>> {
        let (tcp, _) = self.listener.accept().await?;
        self.acceptor.accept(tcp).await
    }

    /// Dials the server while it accepts.
    async fn meet(
        &self,
        dialer: &Dialer,
        host: &str,
        pin: Option<Pin>,
    ) -> Result<TlsStream<TcpStream>, DialError> {
        let address = self.address(host);
        let (dialled, _) = tokio::join!(dialer.secured(&address, pin, ""), self.accept());
        dialled
    }
}
