//! What rustls is told: as little state for a link as it can have.

use std::sync::Arc;

use msg_protocol::version::ALPN;
use rustls::{
    ServerConfig,
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::TLS13,
};

use super::{TlsError, files::provider};

/// The configuration for links that are shown that key.
pub(super) fn config(key: CertifiedKey) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(OnlyForAlpn(Arc::new(key))));
    config.alpn_protocols = vec![ALPN.to_vec()];
    // Links live long: a resumption would save little, and what it needs would be
    // kept for each, here as a session or at the client as a ticket that ties
    // one link to the next. Without tickets there is no early data either, which
    // could be replayed.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// Shows the certificate to whoever names a protocol. A client that names
/// another one is refused by rustls, with the alert for it; one that names none
/// would be let through.
#[derive(Debug)]
struct OnlyForAlpn(Arc<CertifiedKey>);

impl ResolvesServerCert for OnlyForAlpn {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        hello.alpn().map(|_| Arc::clone(&self.0))
    }
}
