//! The peer: Debian's `docker-registry` on the file system, with Debian's settings: descriptors of blobs cached in memory, no
//! Redis. Two things are other than they come: it takes tokens (the specification's "Token Authentication
//! Implementation") of an issuer that is this bench, and it writes no line for each request, as the hub does not.

use std::fs::File;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{BOTH_REPOSITORIES, Who};
use crate::clock::now;
use crate::site::free_address;
use crate::wire::Connection;

const ISSUER: &str = "bench";
const SERVICE: &str = "bench";
const LIFE_SECONDS: i64 = 300;
const READY_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    process: Child,
    issuer: Issuer,
    _folder: TempDir,
}

/// Signs what the registry verifies. RSA: of what it takes, the quickest to verify.
struct Issuer {
    key: EncodingKey,
    name_of_key: String,
    certificate: String,
}

impl Peer {
    pub(super) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
        let issuer = Issuer::make()?;
        std::fs::write(folder.path().join("issuer.pem"), &issuer.certificate)?;
        let address = free_address()?;
        let path = folder.path().join("config.yml");
        std::fs::write(&path, config(address, folder.path()))?;
        let log = folder.path().join("log");
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .context("cannot start docker-registry; script/bench installs it")?;
        let mut peer = Self { address, process, issuer, _folder: folder };
        let began = Instant::now();
        while !answers(address).await {
            let ended = peer.process.try_wait()?.is_some();
            if ended || began.elapsed() > READY_WITHIN {
                bail!("docker-registry does not answer:\n{}", std::fs::read_to_string(&log).unwrap_or_default());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(peer)
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn token(&self, who: Who) -> Result<String> {
        let (subject, actions) = match who {
            Who::Vendor => ("vendor".to_owned(), vec!["pull", "push"]),
            Who::Customer(number) => (format!("customer-{number:02}"), vec!["pull"]),
        };
        let second = now().timestamp();
        let claims = json!({
            "iss": ISSUER,
            "sub": subject,
            "aud": SERVICE,
            "iat": second,
            "nbf": second - 1,
            "exp": second + LIFE_SECONDS,
            "jti": uuid::Uuid::now_v7().to_string(),
            "access": [{ "type": "repository", "name": BOTH_REPOSITORIES, "actions": actions }],
        });
        let header = Header { kid: Some(self.issuer.name_of_key.clone()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, &claims, &self.issuer.key).context("cannot sign a token")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Issuer {
    fn make() -> Result<Self> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).context("cannot make a key")?;
        let certificate = CertificateParams::default().self_signed(&pair).context("cannot make a certificate")?;
        Ok(Self {
            key: EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).context("the key cannot sign")?,
            name_of_key: name_of_key(&pair.subject_public_key_info()),
            certificate: certificate.pem(),
        })
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("name_of_key", &self.name_of_key).finish_non_exhaustive()
    }
}

fn config(address: SocketAddr, folder: &std::path::Path) -> String {
    let folder = folder.display();
    format!(
        "version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: {folder}/data
  delete:
    enabled: true
http:
  addr: {address}
  headers:
    X-Content-Type-Options: [nosniff]
auth:
  token:
    realm: http://{address}/token
    service: {SERVICE}
    issuer: {ISSUER}
    rootcertbundle: {folder}/issuer.pem
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"
    )
}

/// It is there when it asks for a token.
async fn answers(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    connection.get("/v2/").await.is_ok_and(|answer| answer.status == 401)
}

/// The first 240 bits of the hash of a public key, in base 32 (RFC 4648), in groups of four.
fn name_of_key(public_key: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let hash = digest(&SHA256, public_key);
    let groups = hash.as_ref()[..30].chunks(5).flat_map(|five| {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let digits: Vec<u8> = (0..8).rev().map(|place| DIGITS[(bits >> (5 * place) & 31) as usize]).collect();
        [String::from_utf8_lossy(&digits[..4]).into_owned(), String::from_utf8_lossy(&digits[4..]).into_owned()]
    });
    groups.collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_twelve_groups_of_four() {
        let name = name_of_key(b"a key");
        assert_eq!(name.split(':').map(str::len).collect::<Vec<_>>(), [4; 12]);
        assert_ne!(name, name_of_key(b"another"));
    }
}
