//! The images that a release locked, and how a chart may name them.

use std::collections::BTreeMap;

use distr_domain::oci::Digest;

/// An image that rendering found when the release was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedImage {
    /// as the chart names it
    pub reference: String,
    /// where it lies in the hub's registry; nothing if it is of another
    pub repository: Option<String>,
    pub digest: Digest,
}

/// From each spelling of a locked image to the reference that runs. `registry` is where the agent's pods pull from: a chart that
/// is told so names the image there.
pub fn pins(images: &[LockedImage], registry: &str) -> BTreeMap<String, String> {
    let mut pins = BTreeMap::new();
    for image in images {
        let LockedImage { reference, repository, digest } = image;
        match repository {
            Some(repository) => {
                let pinned = format!("{registry}/{repository}@{digest}");
                let rest = reference.split_once(repository.as_str()).map(|(_, rest)| rest).unwrap_or_default();
                pins.insert(format!("{registry}/{repository}{rest}"), pinned.clone());
                pins.insert(reference.clone(), pinned);
            }
            None => {
                let named = reference.split_once('@').map_or(reference.as_str(), |(named, _)| named);
                pins.insert(reference.clone(), format!("{named}@{digest}"));
            }
        }
    }
    pins
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";

    fn locked(reference: &str, repository: Option<&str>) -> LockedImage {
        let digest = DIGEST.parse().unwrap();
        LockedImage { reference: reference.to_owned(), repository: repository.map(str::to_owned), digest }
    }

    #[test]
    fn an_image_of_the_hub_runs_from_the_registry_that_the_pods_reach() {
        let pins = pins(&[locked("hub.example/acme/web:1.4", Some("acme/web"))], "mirror.local:5000");
        let pinned = format!("mirror.local:5000/acme/web@{DIGEST}");
        for spelling in ["hub.example/acme/web:1.4", "mirror.local:5000/acme/web:1.4"] {
            assert_eq!(pins[spelling], pinned);
        }
        assert!(!pins.contains_key("hub.example/acme/web:1.5"));
    }

    #[test]
    fn an_image_of_another_registry_keeps_its_name() {
        let pins = pins(&[locked("postgres:17", None), locked(&format!("redis@{DIGEST}"), None)], "hub.example");
        assert_eq!(pins["postgres:17"], format!("postgres:17@{DIGEST}"));
        assert_eq!(pins[&format!("redis@{DIGEST}")], format!("redis@{DIGEST}"));
    }
}
