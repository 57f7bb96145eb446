//! The values that a release must not hold: they lie in a Secret that its chart refers to by name, so that they are in no values, no manifest and
//! none of Helm's revisions. The name follows from the content: a new value is a new name, and pods restart once; an equal one changes nothing, and
//! what goes back finds the old content under the old name.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_agent::secret::Secret;
use serde_json::{Value, json};

use crate::helm::Release;
use crate::labels::{DEPLOYMENT_LABEL, VALUES_LABEL};
use crate::revision::Payload;

/// Characters of a name that tell one content from another: fifty bits.
const TELLING: usize = 10;
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The Secret of a release's values. `key` is the agent's own, so that nobody who sees a name can try which value it is of.
pub fn secret(release: &Release, deployment: &str, values: &BTreeMap<String, Secret>, key: &[u8]) -> Value {
    let data: BTreeMap<&String, String> =
        values.iter().map(|(name, value)| (name, STANDARD.encode(value.expose()))).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "immutable": true,
        "metadata": {
            "name": name(release, values, key),
            "namespace": release.namespace,
            "labels": {DEPLOYMENT_LABEL: deployment, VALUES_LABEL: "true"},
        },
        "data": data,
    })
}

fn name(release: &Release, values: &BTreeMap<String, Secret>, key: &[u8]) -> String {
    let mut content = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in values.iter().flat_map(|(name, value)| [name.as_str(), value.expose()]) {
        // with its length, so that no two contents are written alike
        content.update(&(part.len() as u64).to_be_bytes());
        content.update(part.as_bytes());
    }
    let tag = content.sign();
    let letters = tag.as_ref().iter().take(TELLING).map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    format!("{}-distr-{}", release.name, letters.collect::<String>())
}

/// Those of these Secrets that no revision names any more, which Helm still keeps, nor the release that is about to be.
pub fn unused(secrets: &[Value], revisions: &[Payload], present: &str) -> BTreeSet<String> {
    let names = secrets.iter().filter_map(|secret| secret["metadata"]["name"].as_str());
    let is_unused = |name: &&str| *name != present && !revisions.iter().any(|revision| revision.names(name));
    names.filter(is_unused).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Release {
        Release { name: "shop".to_owned(), namespace: "acme".to_owned() }
    }

    fn of(values: &[(&str, &str)], key: &[u8]) -> Value {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
        secret(&release(), "0d6f1c2e", &values, key)
    }

    fn name_of(values: &[(&str, &str)]) -> String {
        of(values, b"key")["metadata"]["name"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_secret_cannot_change_and_is_the_deployments() {
        let secret = of(&[("DB_PASSWORD", "hunter2")], b"key");
        assert_eq!(secret["immutable"], true);
        assert_eq!(secret["data"]["DB_PASSWORD"], STANDARD.encode("hunter2"));
        assert_eq!(secret["metadata"]["labels"][DEPLOYMENT_LABEL], "0d6f1c2e");
    }

    #[test]
    fn a_name_tells_contents_apart_and_nothing_about_them() {
        let name = name_of(&[("A", "1"), ("B", "2")]);
        assert!(name.starts_with("shop-distr-") && name.len() == "shop-distr-".len() + TELLING, "{name}");
        assert_eq!(name, name_of(&[("B", "2"), ("A", "1")]));
        for other in
            [vec![("A", "1")], vec![("A", "1"), ("B", "3")], vec![("A", "1B"), ("", "2")], vec![("A1", ""), ("B", "2")]]
        {
            assert_ne!(name, name_of(&other), "{other:?}");
        }
        assert_ne!(of(&[("A", "1")], b"one")["metadata"]["name"], of(&[("A", "1")], b"two")["metadata"]["name"]);
    }

    #[test]
    fn what_no_revision_names_is_unused() {
        let secrets = [name_of(&[("A", "1")]), name_of(&[("A", "2")]), name_of(&[("A", "3")])];
        let objects: Vec<Value> = secrets.iter().map(|name| json!({"metadata": {"name": name}})).collect();
        let revision = Payload::of_values(&json!({"database": {"existing": [secrets[0]]}}));
        assert_eq!(unused(&objects, &[revision], &secrets[2]), BTreeSet::from([secrets[1].clone()]));
    }
}
