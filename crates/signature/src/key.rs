//! Public keys, as PEM files have them.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::names::Slug;
use distr_domain::trust::TrustedKey;

/// A key that may verify.
pub struct PublicKey {
    pub name: Slug,
    id: String,
    key: ParsedPublicKey,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidKey {
    #[error("key \"{0}\" is not a PEM file that begins with -----BEGIN PUBLIC KEY-----")]
    NotPem(Slug),
    #[error("key \"{0}\" is a private key; give its public half")]
    Private(Slug),
    #[error(
        "key \"{0}\" is of a kind that is not supported; use ECDSA P-256 or P-384, Ed25519, or RSA of 2048 bits or more"
    )]
    Unsupported(Slug),
}

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

impl PublicKey {
    pub fn parse(trusted: &TrustedKey) -> Result<Self, InvalidKey> {
        let name = &trusted.name;
        if trusted.pem.contains("PRIVATE KEY-----") {
            return Err(InvalidKey::Private(name.clone()));
        }
        let not_pem = || InvalidKey::NotPem(name.clone());
        let body =
            trusted.pem.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or_else(not_pem)?;
        let base64: String = body.split_whitespace().collect();
        let der = STANDARD.decode(base64).map_err(|_| not_pem())?;
        let unsupported = || InvalidKey::Unsupported(name.clone());
        let key = ParsedPublicKey::new(algorithm(&der).ok_or_else(unsupported)?, &der).map_err(|_| unsupported())?;
        let id = STANDARD.encode(digest::digest(&digest::SHA256, &der));
        Ok(Self { name: name.clone(), id, key })
    }

    /// The SHA-256 of the key's DER in base64: what sigstore bundles name it by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The first 16 hexadecimal digits of the same: short enough for people, and no name.
    pub fn short_id(&self) -> String {
        hex::encode(STANDARD.decode(&self.id).unwrap_or_default()).chars().take(16).collect()
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

/// The id of a key; nothing if it is one that is not supported any more.
pub fn key_id(trusted: &TrustedKey) -> Option<String> {
    PublicKey::parse(trusted).ok().map(|key| key.id)
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.name, self.id)
    }
}

/// By the algorithm identifier that a SubjectPublicKeyInfo begins with (RFC 5480, RFC 8410, RFC 4055).
fn algorithm(der: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
    const P256: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    const P384: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22];
    const OF_ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];
    const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    // the outer and the inner sequence have a header of two to four bytes each
    let starts = |identifier: &[u8]| (4..=8).any(|at| der.get(at..).is_some_and(|rest| rest.starts_with(identifier)));
    let known: [(&[u8], &'static dyn VerificationAlgorithm); 4] = [
        (P256, &ECDSA_P256_SHA256_ASN1),
        (P384, &ECDSA_P384_SHA384_ASN1),
        (OF_ED25519, &ED25519),
        (RSA, &RSA_PKCS1_2048_8192_SHA256),
    ];
    known.into_iter().find(|(identifier, _)| starts(identifier)).map(|(_, algorithm)| algorithm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pem: &str) -> Result<PublicKey, InvalidKey> {
        PublicKey::parse(&TrustedKey { name: "ci".parse().unwrap(), pem: pem.to_owned() })
    }

    #[test]
    fn keys_of_each_supported_kind_are_read() {
        for pem in [
            include_str!("../tests/cosign/key.pub"),
            include_str!("../tests/cosign/ed25519.pub"),
            include_str!("../tests/cosign/rsa.pub"),
        ] {
            parse(pem).unwrap();
        }
        let cosign = parse(include_str!("../tests/cosign/key.pub")).unwrap();
        assert_eq!(cosign.id(), "ggJbEkP+xQNlCIBz2UfwIhpQceaMCMqjMFJ/wIc1N9M=");
        assert_eq!(cosign.short_id(), "82025b1243fec503");
    }

    #[test]
    fn what_is_no_public_key_is_named() {
        let name = || "ci".parse().unwrap();
        assert_eq!(parse("").unwrap_err(), InvalidKey::NotPem(name()));
        assert_eq!(parse(&format!("{BEGIN}\n!\n{END}")).unwrap_err(), InvalidKey::NotPem(name()));
        assert_eq!(parse(&format!("{BEGIN}\nAAAA\n{END}")).unwrap_err(), InvalidKey::Unsupported(name()));
        let private = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----";
        assert_eq!(parse(private).unwrap_err(), InvalidKey::Private(name()));
    }
}
