//! Verifies a release's images before anything of it is written, pulled or run: with the keys that the release was published
//! with and the signatures that came along. No network, no clock. The images are pulled by the digests that are verified here.

use distr_domain::agent::{ErrorCategory, PinnedImage, RunInstruction, Trust};
use distr_signature::{Claim, PublicKey, verify};

use crate::fault::Trouble;

pub fn check(run: &RunInstruction) -> Result<(), Trouble> {
    let Some(Trust { keys }) = &run.trust else { return Ok(()) };
    let keys: Result<Vec<PublicKey>, _> = keys.iter().map(PublicKey::parse).collect();
    let keys = keys.map_err(|error| Trouble::bad(ErrorCategory::Entitlement, format!("the release trusts {error}")))?;
    run.images.iter().try_for_each(|image| check_image(image, &keys))
}

fn check_image(image: &PinnedImage, keys: &[PublicKey]) -> Result<(), Trouble> {
    let claims: Vec<Claim> = image.signature.iter().filter_map(Claim::read).collect();
    match verify(&image.digest, &claims, keys) {
        Ok((key, _)) => {
            tracing::info!(image = image.repository, digest = %image.digest, key = %key.name, "signature verified");
            Ok(())
        }
        Err(reason) => {
            let PinnedImage { service, repository, digest, .. } = image;
            let text = format!("service {service}: image {repository}@{digest} may not run here: {reason}");
            Err(Trouble::bad(ErrorCategory::Entitlement, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::trust::{SignedLayer, TrustedKey};

    use super::*;
    use crate::fault::Blame;
    use crate::fixture::run_instruction;

    const SIGNED: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";

    /// As cosign 3 signed it.
    fn release(digest: &str, key: &str, signed: bool) -> RunInstruction {
        let signature = SignedLayer {
            media_type: "application/vnd.dev.sigstore.bundle.v0.3+json".to_owned(),
            signature: None,
            content: include_str!("../../signature/tests/cosign/bundle.json").to_owned(),
        };
        let image = PinnedImage {
            service: "web".to_owned(),
            repository: "acme/web".to_owned(),
            digest: digest.parse().unwrap(),
            signature: signed.then_some(signature),
        };
        let key = TrustedKey { name: "ci".parse().unwrap(), pem: key.to_owned() };
        RunInstruction { images: vec![image], trust: Some(Trust { keys: vec![key] }), ..run_instruction() }
    }

    #[test]
    fn only_what_a_trusted_key_signed_may_run() {
        let key = include_str!("../../signature/tests/cosign/key.pub");
        check(&release(SIGNED, key, true)).unwrap();
        let other = format!("sha256:{}", "0".repeat(64));
        let foreign = include_str!("../../signature/tests/cosign/ed25519.pub");
        for (release, reason) in [
            (release(SIGNED, key, false), "it is not signed"),
            (release(SIGNED, foreign, true), "it is signed by an unknown key, and by none of \"ci\""),
            (release(&other, key, true), "is of another image, sha256:f817"),
            (release(SIGNED, "no key", true), "the release trusts key \"ci\" is not a PEM file"),
        ] {
            let trouble = check(&release).unwrap_err();
            assert!(trouble.text.contains(reason), "{}", trouble.text);
            assert_eq!((trouble.category, trouble.blame), (ErrorCategory::Entitlement, Blame::Generation));
        }
    }

    #[test]
    fn a_release_without_a_policy_needs_no_signature() {
        let release = RunInstruction { trust: None, ..release(SIGNED, "", false) };
        check(&release).unwrap();
    }
}
