//! Private keys that sign releases: PKCS #8 as PEM, and what `cosign generate-key-pair` writes. The password comes from the
//! environment or from who is asked for it, never from an argument.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::XSalsa20Poly1305;
use crypto_secretbox::aead::{Aead, KeyInit};
use distr_domain::trust::TrustedKey;
use distr_signature::PublicKey;
use serde::Deserialize;

use crate::input;

/// The second is what cosign reads.
const PASSWORDS: [&str; 2] = ["DISTR_SIGNING_PASSWORD", "COSIGN_PASSWORD"];
/// What a key may ask for is bounded: 2 GiB.
const MAX_N: u32 = 1 << 20;
const MAX_R_AND_P: u32 = 16;

pub(super) enum PrivateKey {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
}

/// `ENCRYPTED SIGSTORE PRIVATE KEY`: PKCS #8 in a NaCl secretbox, under a key that scrypt derives from the password.
#[derive(Deserialize)]
struct Encrypted {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u32,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

impl PrivateKey {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let pem = input::text(path)?;
        Self::of_pem(&pem, password).with_context(|| format!("key {}", path.display()))
    }

    fn of_pem(pem: &str, password: impl FnOnce() -> Result<String>) -> Result<Self> {
        let (label, der) = decode(pem)?;
        match label {
            "PRIVATE KEY" => Self::of_pkcs8(&der),
            "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => {
                Self::of_pkcs8(&decrypt(&der, &password()?)?)
            }
            "PUBLIC KEY" => bail!("it is a public key; a private key signs"),
            other => bail!("it is \"{other}\"; turn it into PKCS #8 with: openssl pkcs8 -topk8 -nocrypt -in KEY"),
        }
    }

    fn of_pkcs8(der: &[u8]) -> Result<Self> {
        if let Ok(key) = Ed25519KeyPair::from_pkcs8(der) {
            return Ok(Self::Ed25519(key));
        }
        let curves = [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING];
        let key = curves.into_iter().find_map(|curve| EcdsaKeyPair::from_pkcs8(curve, der).ok());
        key.map(Self::Ecdsa).context("its kind is not supported; use Ed25519, or ECDSA P-256 or P-384")
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Self::Ecdsa(key) => {
                let signature =
                    key.sign(&SystemRandom::new(), message).map_err(|_| anyhow!("the key does not sign"))?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    /// As those know it who verify with it; its id is what sigstore bundles and hosts name it by.
    pub(super) fn public(&self) -> Result<PublicKey> {
        let der: Result<PublicKeyX509Der<'_>, _> = match self {
            Self::Ed25519(key) => key.public_key().as_der(),
            Self::Ecdsa(key) => key.public_key().as_der(),
        };
        let der = der.map_err(|_| anyhow!("the public half of the key cannot be told"))?;
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref()));
        Ok(PublicKey::parse(&TrustedKey { name: "own".parse()?, pem })?)
    }
}

/// Label and content of the first PEM block.
fn decode(pem: &str) -> Result<(&str, Vec<u8>)> {
    let not_pem = "it is not a PEM file that begins with -----BEGIN";
    let (label, rest) =
        pem.trim().strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----")).context(not_pem)?;
    let (body, _) = rest.split_once("-----END ").context(not_pem)?;
    let base64: String = body.split_whitespace().collect();
    Ok((label, STANDARD.decode(base64).context(not_pem)?))
}

fn decrypt(json: &[u8], password: &str) -> Result<Vec<u8>> {
    let Encrypted { kdf, cipher, ciphertext } = serde_json::from_slice(json).context("its encryption is not known")?;
    let Params { n, r, p } = kdf.params;
    let is_known = kdf.name == "scrypt"
        && cipher.name == "nacl/secretbox"
        && n.is_power_of_two()
        && n <= MAX_N
        && r <= MAX_R_AND_P
        && p <= MAX_R_AND_P;
    if !is_known {
        bail!("its encryption is not known: {} with {}", kdf.name, cipher.name);
    }
    let decoded = |text: &str| STANDARD.decode(text).context("it is damaged");
    let params = scrypt::Params::new(n.ilog2() as u8, r, p).map_err(|_| anyhow!("its encryption is not known"))?;
    let mut key = [0; 32];
    scrypt::scrypt(password.as_bytes(), &decoded(&kdf.salt)?, &params, &mut key)
        .map_err(|_| anyhow!("its encryption is not known"))?;
    let nonce: [u8; 24] = decoded(&cipher.nonce)?.try_into().map_err(|_| anyhow!("it is damaged"))?;
    let secretbox = XSalsa20Poly1305::new((&key).into());
    let opened = secretbox.decrypt((&nonce).into(), decoded(&ciphertext)?.as_slice());
    opened.map_err(|_| anyhow!("the password does not open it"))
}

fn password() -> Result<String> {
    match PASSWORDS.iter().find_map(|name| std::env::var(name).ok()) {
        Some(password) => Ok(password),
        None => input::secret("password of the signing key"),
    }
}

#[cfg(test)]
mod tests;
