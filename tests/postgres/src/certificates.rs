//! What a server shows who wants TLS: an authority made for it, and a certificate
//! of that authority for `localhost` and `127.0.0.1`.

use std::{fs, net::Ipv4Addr, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};

/// The password of the role of applications, where the server asks for one.
pub const PASSWORD: &str = "correct horse battery staple";

/// The texts of the files, PEM.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority: what clients trust.
    pub authority: String,
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Certificates {
    /// An authority and a certificate that nobody else has.
    pub fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.distinguished_name.push(DnType::CommonName, "authority of a test");
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let mut server = CertificateParams::new(vec!["localhost".into()]).unwrap();
        server.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
        server.distinguished_name.push(DnType::CommonName, "localhost");
        let key = KeyPair::generate().unwrap();
        let chain = server.signed_by(&key, &authority).unwrap().pem();
        Self { authority: authority.pem(), chain, key: key.serialize_pem() }
    }

    /// Writes what a server reads into its folder, and the authority beside it.
    pub(crate) fn write(&self, folder: &Path) {
        for (name, text) in
            [("authority.pem", &self.authority), ("chain.pem", &self.chain), ("key.pem", &self.key)]
        {
            fs::write(folder.join(name), text).unwrap();
        }
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}
