//! Binds what runs to what was released: every service of the resolved model runs an image that the release pins, or one of
//! another registry whose digest is part of its name. With keys to trust, the release's own images alone, since each of
//! them was verified.

use std::collections::BTreeSet;

use distr_agent::fault::Failure;
use distr_agent::signed::Verified;
use distr_domain::agent::{ErrorCategory, RunInstruction};
use distr_domain::image::{ImageName, is_alias, names_this_machine};
use serde_json::Value;

/// `own` are the names of the hub's registry, first the one that images are pulled from. Says all that is wrong at once.
pub fn check(model: &Value, run: &RunInstruction, signed: &Verified, own: &[&str]) -> Result<(), Failure> {
    let faults = faults(model, run, signed, own);
    match faults.is_empty() {
        true => Ok(()),
        false if signed.is_required() => Err(Failure::bad(ErrorCategory::Entitlement, faults.join("; "))),
        false => Err(Failure::bad(ErrorCategory::Config, faults.join("; "))),
    }
}

/// A sentence for each service that does not run what was released.
pub(crate) fn faults(model: &Value, run: &RunInstruction, signed: &Verified, own: &[&str]) -> Vec<String> {
    let registry = own.first().copied().unwrap_or_default();
    let pinned: BTreeSet<String> =
        run.images.iter().map(|image| format!("{registry}/{}@{}", image.repository, image.digest)).collect();
    let services = model.get("services").and_then(Value::as_object).into_iter().flatten();
    let of_service = |(name, service): (&String, &Value)| {
        let image = service.get("image").and_then(Value::as_str);
        let fault = match image {
            _ if service.get("build").is_some() => Some("it would be built here; its image must be pushed".to_owned()),
            Some(image) if pinned.contains(image) => None,
            Some(image) => foreign(image, own, signed).map(|why| format!("image {image}: {why}")),
            None => Some("it has no image, and nothing is built here".to_owned()),
        };
        fault.map(|fault| format!("service {name}: {fault}"))
    };
    services.filter_map(of_service).collect()
}

/// Why an image that the release does not pin may not run.
fn foreign(image: &str, own: &[&str], signed: &Verified) -> Option<String> {
    let name = match ImageName::parse(image) {
        Ok(name) => name,
        Err(invalid) => return Some(invalid.to_string()),
    };
    let is_own = |own: &&&str| {
        name.registry == **own
            || is_alias(name.registry, own) && (!names_this_machine(name.registry) || names_this_machine(own))
    };
    if let Some(own) = own.iter().find(is_own) {
        return Some(format!("the release does not pin it, and it is of the hub's registry {own}"));
    }
    let Some(digest) = name.digest else {
        return Some("it has no digest, so that what it is may change; the vendor must add @sha256:…".to_owned());
    };
    let unsigned = signed.is_required() && signed.key_of(&digest).is_none();
    unsigned
        .then(|| "no key that the release trusts signed it; the vendor must sign it, or push it to the hub".to_owned())
}

#[cfg(test)]
mod tests {
    use distr_agent::fixture::run_instruction;
    use distr_agent::host_trust::HostTrust;
    use distr_domain::agent::{PinnedImage, Trust};
    use distr_domain::trust::{SignedParts, TrustedKey};
    use serde_json::json;

    use super::*;

    const DIGEST: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";
    const OWN: [&str; 2] = ["hub.example:8080", "hub.internal"];

    fn checked(image: &str) -> Result<(), String> {
        let pinned = PinnedImage {
            service: "web".to_owned(),
            repository: "acme/web".to_owned(),
            digest: DIGEST.parse().unwrap(),
            signature: None,
        };
        let run = RunInstruction { images: vec![pinned], ..run_instruction() };
        let model = json!({"services": {"side": {"image": image}}});
        check(&model, &run, &Verified::default(), &OWN).map_err(|trouble| trouble.text)
    }

    /// Of a release that pins nothing and trusts a key that signed nothing.
    fn signed() -> Verified {
        let key = TrustedKey {
            name: "ci".parse().unwrap(),
            pem: include_str!("../../signature/tests/cosign/key.pub").to_owned(),
        };
        let trust = Some(Trust { keys: vec![key], requires: SignedParts::Images });
        let run = RunInstruction { trust, ..run_instruction() };
        distr_agent::signed::check(&HostTrust::default(), &"shop".parse().unwrap(), &run).unwrap()
    }

    #[test]
    fn what_the_release_pins_runs_in_whatever_service() {
        checked(&format!("hub.example:8080/acme/web@{DIGEST}")).unwrap();
        checked(&format!("postgres:17@{DIGEST}")).unwrap();
    }

    #[test]
    fn whatever_else_is_refused_by_name() {
        let digest = DIGEST.replace('f', "0");
        for (image, reason) in [
            ("hub.example:8080/acme/web:1".to_owned(), "the release does not pin it"),
            (format!("hub.example:8080/acme/web@{digest}"), "the release does not pin it"),
            (format!("HUB.example/acme/evil@{DIGEST}"), "the release does not pin it"),
            (format!("hub.internal:443/acme/evil@{DIGEST}"), "the release does not pin it"),
            ("postgres:17".to_owned(), "it has no digest"),
            ("postgres:17@sha256:".to_owned(), "its digest is not"),
            ("${SIDE}".to_owned(), "it holds a variable"),
            ("".to_owned(), "it is not a reference"),
        ] {
            let refused = checked(&image).unwrap_err();
            assert!(refused.starts_with("service side: ") && refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn with_keys_to_trust_an_image_of_another_registry_needs_a_signature() {
        let model = json!({"services": {"side": {"image": format!("postgres:17@{DIGEST}")}}});
        let refused = check(&model, &run_instruction(), &signed(), &OWN).unwrap_err();
        assert_eq!(refused.category, ErrorCategory::Entitlement);
        assert!(refused.text.contains("no key that the release trusts signed it"), "{}", refused.text);
    }

    #[test]
    fn names_of_this_machine_are_the_registry_if_it_is_here() {
        let model = json!({"services": {"evil": {"image": format!("localhost:8080/acme/evil@{DIGEST}")}}});
        assert!(check(&model, &run_instruction(), &Verified::default(), &["127.0.0.1:8080"]).is_err());
        // elsewhere the host's policy decides
        check(&model, &run_instruction(), &Verified::default(), &["hub.example"]).unwrap();
    }

    #[test]
    fn all_faults_are_said_at_once() {
        let model = json!({"services": {"a": {"image": "x"}, "b": {}, "c": {"image": "x", "build": {}}}});
        let text = check(&model, &run_instruction(), &Verified::default(), &OWN).unwrap_err().text;
        assert!(["service a: ", "service b: ", "service c: "].iter().all(|service| text.contains(service)), "{text}");
    }
}
