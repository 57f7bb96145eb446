//! TLS to the server: whom to trust, by rustls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::watched::Watched;

pub type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Watched>>::Stream;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read the certificates of sslrootcert in {}", path.display())]
    File { path: PathBuf, source: pem::Error },
    #[error("sslrootcert names {}, which has no certificate that can be trusted", path.display())]
    Empty { path: PathBuf },
    #[error("this machine trusts no certificate at all; install ca-certificates, or name a file with sslrootcert")]
    NoSystemRoots,
}

/// Whose certificate is taken.
pub(crate) enum Trust<'a> {
    Anybody,
    System,
    File(&'a Path),
}

#[derive(Debug, Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    pub(crate) fn new(trust: Trust<'_>) -> Result<Self, TlsError> {
        let roots = match trust {
            Trust::Anybody => return Ok(Self::unchecked()),
            Trust::System => system_roots()?,
            Trust::File(path) => roots_of(path)?,
        };
        Ok(Self { config: Arc::new(builder().with_root_certificates(roots).with_no_client_auth()) })
    }

    pub(crate) fn unchecked() -> Self {
        let anybody = Arc::new(Anybody(provider()));
        let config = builder().dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth();
        Self { config: Arc::new(config) }
    }

    pub(crate) fn connector(&self) -> MakeRustlsConnect {
        MakeRustlsConnect::new(ClientConfig::clone(&self.config))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    builder.expect("the provider knows the safe versions")
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NoSystemRoots) } else { Ok(roots) }
}

fn roots_of(path: &Path) -> Result<RootCertStore, TlsError> {
    let unreadable = |source| TlsError::File { path: path.to_owned(), source };
    let certificates = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(unreadable)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() { Err(TlsError::Empty { path: path.to_owned() }) } else { Ok(roots) }
}

/// Encrypts without asking with whom, as libpq's `prefer` and `require` do.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
