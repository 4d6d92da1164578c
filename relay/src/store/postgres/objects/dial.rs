//! A stream to the server of a bucket: TLS by the system's authorities, or, on
//! this machine, none.

use std::{io, sync::Arc};

use hyper::Uri;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::stream::Stream;

/// How the server is reached.
#[derive(Clone)]
pub(super) struct Dial {
    /// `None` where nothing leaves this machine.
    tls: Option<TlsConnector>,
}

impl Dial {
    /// With TLS, unless `is_plain`.
    pub(super) fn new(is_plain: bool) -> Result<Self, String> {
        if is_plain {
            return Ok(Self { tls: None });
        }
        let mut roots = RootCertStore::empty();
        // Some systems keep certificates that are no authorities.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err("this system has no certificate authorities".to_owned());
        }
        Self::trusting(roots)
    }

    fn trusting(roots: RootCertStore) -> Result<Self, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Some(TlsConnector::from(Arc::new(config))) })
    }

    /// A new stream to where a request goes.
    pub(super) async fn dial(&self, uri: &Uri) -> io::Result<Stream> {
        let nowhere = || io::Error::from(io::ErrorKind::InvalidInput);
        let host = uri.host().ok_or_else(nowhere)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let tcp = TcpStream::connect((host, port)).await?;
        tcp.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Plain(tcp)),
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).map_err(|_| nowhere())?;
                Ok(Stream::Tls(Box::new(tls.connect(name, tcp).await?)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    fn certified() -> (RootCertStore, Arc<ServerConfig>) {
        let names = vec!["localhost".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        (roots, Arc::new(config))
    }

    #[tokio::test]
    async fn only_who_is_certified_is_spoken_to() {
        let (roots, config) = certified();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await;
            }
        });
        let dialled = async |roots, host: &str| {
            let uri = format!("https://{host}:{port}/").parse().unwrap();
            Dial::trusting(roots).unwrap().dial(&uri).await
        };
        assert!(matches!(dialled(roots.clone(), "localhost").await, Ok(Stream::Tls(_))));
        assert!(dialled(roots, "127.0.0.1").await.is_err(), "certified for another name");
        assert!(dialled(certified().0, "localhost").await.is_err(), "certified by somebody else");
    }
}
