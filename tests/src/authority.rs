//! A certificate authority of a test's own, and certificates for this machine.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// PEM files of a certificate and its key.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate") }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// For `localhost`, the addresses of this machine, and `hub.test`, which no name server knows, as `<name>.pem` and `<name>.key`.
    pub fn issue(&self, folder: &Path, name: &str) -> Pair {
        let names = ["localhost", "hub.test", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let pair = Pair { certificate: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}.key")) };
        std::fs::write(&pair.certificate, certificate.pem()).expect("own directory");
        std::fs::write(&pair.key, key.serialize_pem()).expect("own directory");
        pair
    }
}

impl Pair {
    pub fn environment(&self) -> [(&'static str, &str); 2] {
        [
            ("DISTR_TLS_CERT", self.certificate.to_str().expect("a path in UTF-8")),
            ("DISTR_TLS_KEY", self.key.to_str().expect("a path in UTF-8")),
        ]
    }
}
