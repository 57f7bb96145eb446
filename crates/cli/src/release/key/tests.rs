use distr_signature::{ReleaseStatement, bundle, pre_authentication, verify_release};

use super::*;

const COSIGN: &str = include_str!("keys/cosign.key");

fn plain(pem: &str) -> Result<PrivateKey> {
    PrivateKey::of_pem(pem, || bail!("no password is asked for"))
}

/// Signs a release with it, and verifies it with the public half.
fn signs_for(key: &PrivateKey, public: &str) {
    let key_of = TrustedKey { name: "ci".parse().unwrap(), pem: public.to_owned() };
    let public = [PublicKey::parse(&key_of).unwrap()];
    let names = ("acme".parse().unwrap(), "hello".parse().unwrap(), "1.0.0".parse().unwrap());
    let digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
    let services = [("web".to_owned(), "acme/web".to_owned(), digest)];
    let statement = ReleaseStatement::new((&names.0, &names.1, &names.2), "services: {}", services);
    let json = statement.to_json();
    let signature = key.sign(&pre_authentication(distr_signature::IN_TOTO, json.as_bytes())).unwrap();
    let layer = bundle(json.as_bytes(), key.public().unwrap().id(), &signature);
    assert!(verify_release(&statement, &[layer], &public).is_ok());
    assert_eq!(key.public().unwrap().id(), public[0].id());
}

#[test]
fn keys_of_openssl_sign() {
    for (private, public) in [
        (include_str!("keys/ed25519.pem"), include_str!("keys/ed25519.pub")),
        (include_str!("keys/p256.pem"), include_str!("keys/p256.pub")),
        (include_str!("keys/p384.pem"), include_str!("keys/p384.pub")),
    ] {
        signs_for(&plain(private).unwrap(), public);
    }
}

#[test]
fn a_key_of_cosign_signs_with_its_password_alone() {
    let key = PrivateKey::of_pem(COSIGN, || Ok("correct horse".to_owned())).unwrap();
    signs_for(&key, include_str!("keys/cosign.pub"));
    let refused = PrivateKey::of_pem(COSIGN, || Ok("wrong".to_owned())).err().unwrap();
    assert_eq!(refused.to_string(), "the password does not open it");
}

#[test]
fn what_does_not_sign_says_what_to_do() {
    let said = |pem: &str| format!("{:#}", plain(pem).err().unwrap());
    assert!(said(include_str!("keys/sec1.pem")).contains("openssl pkcs8 -topk8 -nocrypt"));
    assert!(said(include_str!("keys/ed25519.pub")).contains("it is a public key"));
    assert!(said("nonsense").contains("begins with -----BEGIN"));
    assert!(said("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").contains("not supported"));
    let greedy = format!(
        "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----",
        STANDARD.encode(
            r#"{"kdf":{"name":"scrypt","params":{"N":1073741824,"r":8,"p":1},"salt":""},
                "cipher":{"name":"nacl/secretbox","nonce":""},"ciphertext":""}"#
        )
    );
    let refused = PrivateKey::of_pem(&greedy, || Ok(String::new())).err().unwrap();
    assert!(refused.to_string().contains("its encryption is not known"));
}
