//! The hub's own TLS: versions 1.2 and 1.3, HTTP/2 and HTTP/1.1, a certificate that is read again when its files change.
//! Files that do not fit stop the start with a sentence; later the certificate that fitted stays, and the log says why.

use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use metrics::gauge;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use x509_cert::der::Decode;

/// Between two looks at the files.
const EVERY: Duration = Duration::from_secs(5);

/// Where the certificate and its key are, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}, which {setting} names", path.display())]
    Read { path: PathBuf, setting: &'static str, source: std::io::Error },
    #[error("{} has no certificate in PEM format that can be read", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} has no private key in PEM format that can be read", .0.display())]
    NoKey(PathBuf),
    #[error("the key in {} is not the one of the certificate in {}", key.display(), certificate.display())]
    NotAPair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

/// The bytes of both files.
type Contents = (Vec<u8>, Vec<u8>);

/// Takes connections with the newest certificate that fitted.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    config: Arc<ServerConfig>,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Current {
    certificate: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certificate.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone())
    }
}

impl Tls {
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let certificate = RwLock::new(Arc::new(parse(&files, &read(&files)?)?));
        let current = Arc::new(Current { certificate });
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&versions);
        let builder = builder.expect("the provider has both versions").with_no_client_auth();
        let mut config = builder.with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { files, config: Arc::new(config), current })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.config.clone().into()
    }

    /// Looks at the files for as long as the hub runs. Two files do not change at once: what does not fit is told when it is
    /// still there at the next look.
    pub async fn watch(self) {
        let (mut served, mut broken): (Option<Contents>, Option<(String, u64)>) = (None, None);
        let mut every = tokio::time::interval(EVERY);
        loop {
            every.tick().await;
            let looked = read(&self.files).and_then(|contents| match served.as_ref() == Some(&contents) {
                true => Ok(None),
                false => parse(&self.files, &contents).map(|certificate| Some((certificate, contents))),
            });
            match looked {
                Ok(None) => broken = None,
                Ok(Some((certificate, contents))) => {
                    self.serve(certificate);
                    if served.replace(contents).is_some() {
                        tracing::info!(certificate = %self.files.certificate.display(), "serves a new certificate");
                    }
                    broken = None;
                }
                Err(error) => {
                    let text = error.to_string();
                    let looks = broken.filter(|(before, _)| *before == text).map_or(1, |(_, looks)| looks + 1);
                    if looks == 2 {
                        tracing::error!(error = &error as &dyn std::error::Error, "keeps the certificate that it has");
                    }
                    broken = Some((text, looks));
                }
            }
            gauge!("distr_tls_certificate_broken").set(if broken.is_some() { 1.0 } else { 0.0 });
        }
    }

    fn serve(&self, certificate: CertifiedKey) {
        if let Some(ends) = certificate.cert.first().and_then(ends_at) {
            gauge!("distr_tls_certificate_expires_timestamp_seconds").set(ends as f64);
        }
        *self.current.certificate.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Arc::new(certificate);
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn read(files: &TlsFiles) -> Result<Contents, TlsError> {
    let read = |path: &PathBuf, setting| {
        std::fs::read(path).map_err(|source| TlsError::Read { path: path.clone(), setting, source })
    };
    Ok((read(&files.certificate, "DISTR_TLS_CERT")?, read(&files.key, "DISTR_TLS_KEY")?))
}

fn parse(files: &TlsFiles, (certificate, key): &Contents) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or_else(|| TlsError::NoCertificate(files.certificate.clone()))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey(files.key.clone()))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|source| TlsError::NotAPair {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    })
}

/// The second after which the certificate is no longer valid.
fn ends_at(certificate: &CertificateDer<'_>) -> Option<i64> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    i64::try_from(certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs()).ok()
}
